"""A radial profile that takes any smooth shape: positive values at knots, joined by a spline in log-log."""

__all__ = ["FreeForm"]

import numpy as np

from ..backend.elementary import logarithm
from ..backend.namespace import namespace_of
from ..backend.pytree import component
from ..parameters.parameter import parameter
from ..parameters.priors import LogUniform, Uniform
from .curves import clamped_slopes, one_per_knot, piecewise_cubic

_DEFAULT_KNOTS = 5
_REACHED = 4.0  # the quadrature cuts at about radius exp(4 / outer_slope)


@component
class FreeForm:
    """Density of the mid-plane from its values at knots, equally spaced in log r from inner_radius to the far end.

    Between the knots ln n is a cubic spline in ln r; inside the first and outside the last knot it is a power law,
    joined with its slope. A value of 1 belongs to ``optical_depth``: in a fit, hold that one, or all images can be had
    in more than one way. Profiles that go up and down by factors from knot to knot want, close to edge-on,
    ``Quadrature(nodes="panels", order=16)``.
    """

    values: object = parameter(
        1.0, above=0, prior=LogUniform(1e-3, 1e3), doc="density at the knots; a single number stands for 5 equal ones"
    )
    inner_radius: float = parameter(
        40.0, unit="au", above=0, doc="radius of the first knot", prior=LogUniform(1.0, 1000.0)
    )
    width: float = parameter(
        80.0, unit="au", above=0, doc="distance from the first to the last knot", prior=LogUniform(1.0, 1000.0)
    )
    alpha_in: float = parameter(10.0, above=0, doc="slope inside the first knot", prior=LogUniform(0.5, 50.0))
    alpha_out: float = parameter(-5.0, below=0, doc="slope outside the last knot", prior=Uniform(-30.0, -0.5))

    def prepare_fields(self):
        values = one_per_knot("FreeForm", "values", self.values, fallback=_DEFAULT_KNOTS)
        object.__setattr__(self, "values", values)

    @property
    def radius(self):
        """Reference radius in au: the geometric mean of the first and the last knot."""
        return (self.inner_radius * (self.inner_radius + self.width)) ** 0.5

    @property
    def knots(self):
        """Radii of the knots in au, shape (n,), for plain numbers."""
        first = float(self.inner_radius)
        return np.geomspace(first, first + float(self.width), np.shape(self.values)[0])

    def midplane(self, r, *, xp=np):
        """Density at radius r in au."""
        logarithms, slopes, spacing = self._spline(xp)
        last = logarithms.shape[0] - 1
        x = logarithm(r * (1 / self.inner_radius), xp=xp) * (1 / spacing)
        inside = piecewise_cubic(x, xp.asarray(np.arange(last + 1.0)), logarithms, slopes, xp=xp)
        before, beyond = xp.minimum(x, xp.asarray(0.0)), xp.maximum(x - last, xp.asarray(0.0))
        return xp.exp(inside + spacing * (self.alpha_in * before + self.alpha_out * beyond))

    def hints(self):
        """For the quadrature."""
        xp = namespace_of(self.values, self.inner_radius, self.width, self.alpha_in, self.alpha_out)
        _, slopes, spacing = self._spline(xp)
        extent = xp.log(1 + xp.asarray(self.width) / self.inner_radius)
        return {
            "radius": self.inner_radius,
            "inner_slope": xp.max(xp.abs(slopes)) / spacing,
            "outer_slope": xp.minimum(_REACHED / extent, -xp.asarray(self.alpha_out)),
        }

    def _spline(self, xp):
        """Values and slopes of ln n at the knots, both per knot, and the knots' spacing in ln r."""
        logarithms = xp.log(xp.asarray(self.values))
        spacing = xp.log(1 + xp.asarray(self.width) / self.inner_radius) / (logarithms.shape[0] - 1)
        slopes = clamped_slopes(logarithms, self.alpha_in * spacing, self.alpha_out * spacing, xp=xp)
        return logarithms, slopes, spacing
