"""A polarization fraction from numbers at scattering angles."""

__all__ = ["TabulatedPolarization"]

from typing import Any, NamedTuple

import numpy as np

from ..backend.pytree import component, static
from ..parameters.parameter import parameter
from ..parameters.priors import Uniform
from .curves import cubic, knots_in_order, monotone_slopes, one_per_knot, scattering_angle


@component
class TabulatedPolarization:
    """A polarization fraction from a table: a monotone cubic through its values, over the scattering angle.

    By symmetry light scattered straight forward or backward is not polarized: between the table's ends and 0 and 180
    degrees the curve goes to zero. Negative values are polarized in the plane of scattering (the negative branch).

    Parameters
    ----------
    angles : tuple of float
        Scattering angles in degrees, increasing, between 0 and 180 (both excluded).
    """

    angles: tuple = static(default=(30.0, 60.0, 90.0, 120.0, 150.0))
    values: object = parameter(
        0.3, minimum=-1, maximum=1, prior=Uniform(0.0, 1.0), doc="polarization fraction at the angles"
    )

    def prepare_fields(self):
        object.__setattr__(self, "angles", knots_in_order("TabulatedPolarization", self.angles, open_ends=True))
        values = one_per_knot("TabulatedPolarization", "values", self.values, count=len(self.angles))
        object.__setattr__(self, "values", values)

    def fraction(self, cos_phi, *, xp=np):
        """Polarization fraction at the cosine of the scattering angle."""
        return self.prepared(xp=xp).fraction(cos_phi, xp=xp)

    def prepared(self, *, xp=np):
        """The polarization with its curve worked out, for ``fraction`` at many places in turn."""
        values, nothing = xp.asarray(self.values), xp.zeros(1)
        knots, values = xp.asarray((0.0, *self.angles, 180.0)), xp.concat([nothing, values, nothing])
        return _PolarizationCurve(cubic(knots, values, monotone_slopes(knots, values, xp=xp)))


class _PolarizationCurve(NamedTuple):
    """A polarization fraction from a curve over the angle in degrees."""

    curve: Any

    def fraction(self, cos_phi, *, xp=np):
        return self.curve.at(scattering_angle(cos_phi, xp=xp), xp=xp)
