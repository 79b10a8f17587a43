"""Densities made of two parts that combine freely: a radial profile of the mid-plane and a vertical profile.

A part of one's own needs a method ``midplane(r, *, xp)`` and an attribute ``radius``, or the methods
``profile(Z, ratio, *, xp)`` and ``column(*, xp)``. With a method ``hints()`` in both parts the line-of-sight quadrature
knows where to look; without, it looks everywhere, at several times the cost.
"""

__all__ = ["Layered"]

from typing import Any

import numpy as np

from ..backend.elementary import square_root
from ..backend.pytree import component
from ..errors import ParameterError
from ..geometry.ellipse import kepler_ellipse, relative_radius
from ..parameters.parameter import parameter
from ..parameters.priors import Uniform, UniformAngle
from .parts import RadialProfile, VerticalProfile
from .protocols import Scales, obeys
from .radial import RadialPowerLaws
from .vertical import VerticalGaussian

_NEAREST = 1e-12  # au; keeps logarithms of the radius finite at the star


@component
class Layered:
    """A radial profile of the mid-plane times a vertical profile, constant along Kepler ellipses around the star.

    n(X, Y, Z) = radial(r) vertical(Z, r / R), with r the semi-major axis of the ellipse through (X, Y) and R the radial
    profile's reference radius.

    Parameters
    ----------
    radial : RadialProfile
        Density of the mid-plane.
    vertical : VerticalProfile
        How it falls off with height.
    """

    radial: Any = RadialPowerLaws()
    vertical: Any = VerticalGaussian()
    eccentricity: float = parameter(
        0.0, minimum=0, below=1, doc="eccentricity of all ellipses", prior=Uniform(0.0, 0.5)
    )
    argument_of_pericenter: float = parameter(
        0.0,
        unit="deg",
        doc="angle from the PA end of the major axis, through the near side, to the pericenter",
        prior=UniformAngle(-180.0, 180.0),
    )

    def check(self):
        if not obeys(self.radial, RadialProfile):
            raise ParameterError(
                f"radial needs a .midplane(r, *, xp) method and a .radius, such as GaussianRing(); got {self.radial!r}"
            )
        if not obeys(self.vertical, VerticalProfile):
            raise ParameterError(
                f"vertical needs .profile(Z, ratio, *, xp) and .column(*, xp) methods, such as VerticalGaussian(); "
                f"got {self.vertical!r}"
            )

    def density(self, X, Y, Z, *, xp=np):
        """Density at points (X, Y, Z) in au."""
        r = self._semi_major_axis(X, Y, xp)
        return self.radial.midplane(r, xp=xp) * self.vertical.profile(Z, r * (1 / self.radial.radius), xp=xp)

    def _semi_major_axis(self, X, Y, xp):
        """Of the ellipse through (X, Y): (r + e (X cos omega + Y sin omega)) / (1 - e^2)."""
        r = square_root(xp.maximum(X * X + Y * Y, xp.asarray(_NEAREST**2)), xp=xp)
        return relative_radius(X, Y, r, kepler_ellipse(1.0, self.eccentricity, self.argument_of_pericenter, xp=xp))

    def vertical_column(self, *, xp=np):
        """Integral over Z at the reference radius, in au, for a density of 1 in the mid-plane."""
        return self.vertical.column(xp=xp)

    @property
    def scales(self):
        """A function that says where the density varies; absent unless both parts give hints."""
        parts = (self.radial, self.vertical)
        if not all(hasattr(part, "hints") for part in parts):
            raise AttributeError("scales: the radial or the vertical profile gives no hints")
        return self._scales

    def _scales(self):
        where, heights = self.radial.hints(), self.vertical.hints()
        height = heights["scale_height"] * (where["radius"] / self.radial.radius) ** heights["flaring"]
        return Scales(
            **where,
            **heights | {"scale_height": height},
            eccentricity=self.eccentricity,
            argument_of_pericenter=self.argument_of_pericenter,
        )
