"""Radial profiles of the mid-plane in closed form: power laws, a Gaussian ring, a belt, and an inner edge for each."""

__all__ = ["FlatBelt", "GaussianRing", "InnerEdge", "RadialPowerLaws"]

from functools import partial
from typing import Any

import numpy as np

from ..backend.elementary import logarithm
from ..backend.namespace import namespace_of
from ..backend.pytree import component
from ..errors import ParameterError
from ..parameters.parameter import parameter
from ..parameters.priors import LogUniform, Uniform
from .density import joined_power_laws
from .parts import RadialProfile
from .protocols import obeys

_LARGEST = 80.0  # exp(80) is still a number in single precision
_GAUSSIAN_REACH = 3.4  # standard deviations that the quadrature looks at closely
_PAST_EDGE = 0.7  # half widths of an edge
_FLANK, _REACHED = 2.0, 4.0  # the quadrature cuts at radius exp(-2 / inner_slope) and about exp(4 / outer_slope)


def _edge(r, radius, softness, xp):
    """1/2 (1 + tanh(y)) with y = (radius / softness) ln(r / radius), as (a, b) that stand for exp(a) b.

    It rises from 0 inside the radius to 1 outside; for softness << radius it is a tanh in r of that half width.
    """
    twice = 2 * logarithm(r * (1 / radius), xp=xp) * radius / softness
    return xp.minimum(twice, xp.asarray(0.0)), 1 / (1 + xp.exp(-xp.abs(twice)))


@component
class RadialPowerLaws:
    """Two smoothly joined power laws: sqrt(2 / ((r/R)^(-2 alpha_in) + (r/R)^(-2 alpha_out))), 1 at R."""

    radius: float = parameter(77.0, unit="au", above=0, doc="reference radius R", prior=LogUniform(1.0, 1000.0))
    alpha_in: float = parameter(10.0, above=0, doc="inner slope", prior=LogUniform(0.5, 50.0))
    alpha_out: float = parameter(-5.0, below=0, doc="outer slope", prior=Uniform(-30.0, -0.5))

    def midplane(self, r, *, xp=np):
        """Density at radius r in au."""
        log_r = logarithm(r * (1 / self.radius), xp=xp)
        inner, outer = self.alpha_in * log_r, self.alpha_out * log_r
        return joined_power_laws(inner, outer, 0.0, xp=xp)

    def hints(self):
        """For the quadrature."""
        return {"radius": self.radius, "inner_slope": self.alpha_in, "outer_slope": -self.alpha_out}


@component
class GaussianRing:
    """A ring that is Gaussian in radius: exp(-(r - R)^2 / (2 width^2))."""

    radius: float = parameter(77.0, unit="au", above=0, doc="radius R of the crest", prior=LogUniform(1.0, 1000.0))
    width: float = parameter(
        6.0,
        unit="au",
        above=0,
        prior=LogUniform(0.1, 100.0),
        doc="standard deviation; the full width at half maximum is 2.355 times it",
    )

    def midplane(self, r, *, xp=np):
        """Density at radius r in au."""
        return xp.exp(-0.5 * xp.minimum(((r - self.radius) * (1 / self.width)) ** 2, xp.asarray(1400.0)))

    def hints(self):
        """For the quadrature."""
        xp = namespace_of(self.radius, self.width)
        relative = xp.asarray(self.width / self.radius)
        outwards = _GAUSSIAN_REACH * relative
        inwards = xp.minimum(outwards, xp.asarray(1.0))
        return {
            "radius": self.radius * xp.exp(-inwards),
            "inner_slope": 2.5 / relative,
            "outer_slope": _REACHED / (inwards + outwards),
        }


@component
class FlatBelt:
    """A belt between two soft edges, (r/R)^slope in between, with R in its middle.

    An edge at radius e is the factor 1/2 (1 +- tanh((e / softness) ln(r / e))), which is a tanh in r of that half width
    as long as the softness is small compared with e; half of the density is left at it. A sharp edge (softness below
    3 % of e) seen within a few degrees of edge-on wants ``Quadrature(nodes="panels", order=16)``.
    """

    inner_radius: float = parameter(
        60.0, unit="au", above=0, doc="radius of the inner edge", prior=LogUniform(1.0, 1000.0)
    )
    width: float = parameter(30.0, unit="au", above=0, doc="distance between the edges", prior=LogUniform(1.0, 1000.0))
    inner_softness: float = parameter(
        3.0, unit="au", above=0, doc="half width of the inner edge", prior=LogUniform(0.1, 30.0)
    )
    outer_softness: float = parameter(
        3.0, unit="au", above=0, doc="half width of the outer edge", prior=LogUniform(0.1, 30.0)
    )
    slope: float = parameter(0.0, doc="slope of the mid-plane density between the edges", prior=Uniform(-5.0, 5.0))

    @property
    def radius(self):
        """Reference radius R in au, in the middle of the belt."""
        return self.inner_radius + 0.5 * self.width

    def midplane(self, r, *, xp=np):
        """Density at radius r in au."""
        rise, inner = _edge(r, self.inner_radius, self.inner_softness, xp)
        fall, outer = _edge(r, self.inner_radius + self.width, -self.outer_softness, xp)
        exponent = rise + fall + self.slope * logarithm(r * (1 / self.radius), xp=xp)
        return xp.exp(xp.minimum(exponent, xp.asarray(_LARGEST))) * inner * outer

    def hints(self):
        """For the quadrature."""
        xp = namespace_of(self.inner_radius, self.width, self.inner_softness, self.outer_softness)
        outer_radius = self.inner_radius + self.width
        inner, outer = self.inner_radius / self.inner_softness, outer_radius / self.outer_softness
        return {
            "radius": self.inner_radius,
            "inner_slope": xp.maximum(xp.asarray(inner), xp.asarray(outer)),
            "outer_slope": _REACHED / (xp.log(xp.asarray(outer_radius / self.inner_radius)) + _PAST_EDGE / outer),
        }


@component
class InnerEdge:
    """Another radial profile with a soft inner edge: times 1/2 (1 + tanh((edge / softness) ln(r / edge))).

    Parameters
    ----------
    radial : RadialProfile
        The profile that the edge is cut into.
    """

    radial: Any = RadialPowerLaws()
    edge_radius: float = parameter(
        60.0, unit="au", above=0, doc="radius at which half of the density is left", prior=LogUniform(1.0, 1000.0)
    )
    softness: float = parameter(2.0, unit="au", above=0, doc="half width of the edge", prior=LogUniform(0.1, 30.0))

    def check(self):
        if not obeys(self.radial, RadialProfile):
            raise ParameterError(
                f"radial needs a .midplane(r, *, xp) method and a .radius, such as GaussianRing(); got {self.radial!r}"
            )

    @property
    def radius(self):
        """Reference radius in au, that of the profile without the edge."""
        return self.radial.radius

    def midplane(self, r, *, xp=np):
        """Density at radius r in au."""
        rise, inner = _edge(r, self.edge_radius, self.softness, xp)
        return self.radial.midplane(r, xp=xp) * xp.exp(rise) * inner

    @property
    def hints(self):
        """A function with hints for the quadrature; absent where the profile has none."""
        return partial(self._hints, self.radial.hints)

    def _hints(self, without_edge):
        found = without_edge()
        xp = namespace_of(*found.values(), self.edge_radius, self.softness)
        flank = found["radius"] * xp.exp(-_FLANK / xp.asarray(found["inner_slope"]))
        sharpness = self.edge_radius / self.softness
        return {
            "radius": xp.maximum(xp.asarray(self.edge_radius), flank),
            "inner_slope": xp.maximum(xp.asarray(found["inner_slope"]), xp.asarray(sharpness)),
            "outer_slope": found["outer_slope"],
        }
