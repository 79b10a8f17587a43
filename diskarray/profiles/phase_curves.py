"""Phase functions from numbers at scattering angles: a spline over the angles that a disk probes, and a table."""

__all__ = ["SplinePhaseFunction", "TabulatedPhaseFunction", "probed_angles"]

from typing import Any, NamedTuple

import numpy as np

from ..backend.pytree import component, static
from ..errors import ParameterError, ShapeError
from ..parameters.parameter import parameter
from ..parameters.priors import Isotropic, LogUniform, Uniform
from .curves import (
    cubic,
    knots_in_order,
    monotone_slopes,
    natural_slopes,
    one_per_knot,
    scattering_angle,
    sphere_weights,
)

_SPHERE = 4 * np.pi
_DEFAULT_KNOTS = 4
_NARROWEST = 1.0  # deg; a face-on disk probes 90 deg only
_BEYOND = (1.0, 2.0, 4.0, 8.0)  # knot spacings; a curve outside its knots is level after a few
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(16)


def probed_angles(inclination: Any, *, xp: Any = np) -> Any:
    """The smallest and the largest scattering angle in the mid-plane of a disk: 90 - i and 90 + i, in degrees."""
    half = 90.0 - xp.abs(90.0 - xp.asarray(inclination))
    return 90.0 - half, 90.0 + half


@component
class SplinePhaseFunction:
    """ln p as a natural cubic spline over the scattering angles that a disk of a given inclination probes.

    The knots are equally spaced from 90 - inclination to 90 + inclination degrees. The one at 90 degrees is fixed at
    p = 1 / (4 pi), and ``values`` are p relative to it at the others, in order of angle: half of them in front of 90
    degrees, half behind. Outside the knots ln p goes on with the slope it has at the last one and levels off over one
    knot spacing; nothing probes it there, it is an extrapolation.

    Parameters
    ----------
    normalized : bool
        Scale to 1 over the sphere, extrapolation included, instead of to p(90 deg) = 1 / (4 pi).
    """

    values: object = parameter(
        1.0,
        above=0,
        prior=LogUniform(0.01, 100.0),
        doc="p / p(90 deg) at the knots but the middle one; a single number stands for 4",
    )
    inclination: float = parameter(
        75.0,
        unit="deg",
        minimum=0,
        maximum=180,
        prior=Isotropic(0.0, 90.0),
        doc="of the disk; places the knots (held fixed in a fit, as a rule)",
    )
    normalized: bool = static(default=False)

    def prepare_fields(self):
        values = one_per_knot("SplinePhaseFunction", "values", self.values, fallback=_DEFAULT_KNOTS)
        if len(np.shape(values)) == 1 and np.shape(values)[0] % 2:
            raise ShapeError(
                "SplinePhaseFunction.values must be an even number of values, half of them at angles below 90 degrees "
                f"and half above (the knot at 90 degrees is fixed); got {np.shape(values)[0]}"
            )
        object.__setattr__(self, "values", values)

    @property
    def angles(self):
        """Scattering angles of the values in degrees, shape (n,), for plain numbers."""
        side = np.shape(self.values)[0] // 2
        spacing = float(self._spacing(np))
        return 90.0 + spacing * np.concatenate([np.arange(-side, 0.0), np.arange(1.0, side + 1)])

    def phase(self, cos_phi, *, xp=np):
        """Phase function per steradian at the cosine of the scattering angle."""
        return self.prepared(xp=xp).phase(cos_phi, xp=xp)

    def prepared(self, *, xp=np):
        """The phase function with its spline worked out, for ``phase`` at many places in turn."""
        curve = self._curve(xp)
        return _PhaseCurve(curve, self._over_the_sphere(curve, xp) if self.normalized else _SPHERE)

    def _spacing(self, xp):
        lowest, _ = probed_angles(self.inclination, xp=xp)
        return xp.maximum(90.0 - lowest, xp.asarray(_NARROWEST)) / (np.shape(self.values)[0] // 2)

    def _curve(self, xp):
        values = xp.log(xp.asarray(self.values))
        side = values.shape[0] // 2
        values = xp.concat([values[:side], xp.zeros_like(values[:1]), values[side:]])
        knots = xp.asarray(np.arange(-side, side + 1.0))
        return _Spline(cubic(knots, values, natural_slopes(values, xp=xp)), 1 / self._spacing(xp))

    def _over_the_sphere(self, curve, xp):
        """Integral of the curve over all directions."""
        side, spacing = np.shape(self.values)[0] // 2, self._spacing(xp)
        steps = xp.asarray(np.concatenate([[side + far for far in _BEYOND[::-1]], np.arange(side, -1.0, -1.0)]))
        distance = xp.minimum(spacing * steps, xp.asarray(90.0))
        edge = xp.asarray([90.0])
        edges = xp.concat([-edge, -distance, xp.flip(distance[:-1]), edge]) + 90.0
        length = edges[1:] - edges[:-1]
        angle = edges[:-1, None] + length[:, None] * xp.asarray((_NODES + 1) / 2)[None, :]
        solid = (2 * np.pi * np.pi / 180) * xp.sin(angle * (np.pi / 180)) * xp.asarray(_WEIGHTS / 2)[None, :]
        return xp.sum(length[:, None] * solid * curve.at(angle, xp=xp))


class _Spline(NamedTuple):
    """p / p(90 deg) at angles in degrees: a cubic of ln p over knots at whole numbers, which levels off beyond them."""

    logarithm: Any
    inverse_spacing: Any

    def at(self, angle, *, xp=np):
        slopes, side = self.logarithm.slopes, self.logarithm.knots.shape[0] // 2
        x = (angle - 90.0) * self.inverse_spacing
        before, behind = xp.minimum(x + side, xp.asarray(0.0)), xp.maximum(x - side, xp.asarray(0.0))
        ends = slopes[0] * xp.tanh(before) + slopes[-1] * xp.tanh(behind)
        return xp.exp(self.logarithm.at(x, xp=xp) + ends)


class _PhaseCurve(NamedTuple):
    """A phase function from a curve over the angle in degrees and what it is divided by."""

    curve: Any
    scale: Any

    def phase(self, cos_phi, *, xp=np):
        return self.curve.at(scattering_angle(cos_phi, xp=xp), xp=xp) / self.scale


@component
class TabulatedPhaseFunction:
    """A phase function from a table: a monotone cubic through its values, over the scattering angle.

    Outside the table it keeps the value at the table's end; this is an extrapolation.

    Parameters
    ----------
    angles : tuple of float
        Scattering angles in degrees, increasing, within 0 to 180.
    normalized : bool
        Scale to 1 over the sphere, extrapolation included; else to p(90 deg) = 1 / (4 pi), as suits a table over the
        probed angles only.
    """

    angles: tuple = static(default=(0.0, 30.0, 60.0, 90.0, 120.0, 150.0, 180.0))
    values: object = parameter(1.0, minimum=0, prior=Uniform(0.01, 1.0), doc="values at the angles, in any unit")
    normalized: bool = static(default=True)

    def prepare_fields(self):
        object.__setattr__(self, "angles", knots_in_order("TabulatedPhaseFunction", self.angles))
        values = one_per_knot("TabulatedPhaseFunction", "values", self.values, count=len(self.angles))
        object.__setattr__(self, "values", values)

    def check(self):
        if isinstance(self.values, np.ndarray) and not self._total(np) > 0:
            raise ParameterError(
                "TabulatedPhaseFunction.values are zero where they set the scale ("
                + ("everywhere" if self.normalized else "at 90 degrees; normalized=True scales by the whole table")
                + ")"
            )

    def phase(self, cos_phi, *, xp=np):
        """Phase function per steradian at the cosine of the scattering angle."""
        return self.prepared(xp=xp).phase(cos_phi, xp=xp)

    def prepared(self, *, xp=np):
        """The phase function with its curve worked out, for ``phase`` at many places in turn."""
        return _PhaseCurve(self._curve(xp), self.scale(xp=xp))

    def scale(self, *, xp=np):
        """What the table's values are divided by: their integral over the sphere, or 4 pi times the value at 90 deg."""
        total = self._total(xp)
        return xp.maximum(total, xp.asarray(float(xp.finfo(total.dtype).smallest_normal)))

    def _total(self, xp):
        if not self.normalized:
            return _SPHERE * self._curve(xp).at(xp.asarray([90.0]), xp=xp)[0]
        values = xp.asarray(self.values)
        slopes = monotone_slopes(xp.asarray(self.angles), values, xp=xp)
        of_values, of_slopes = sphere_weights(self.angles)
        return xp.sum(xp.asarray(of_values) * values) + xp.sum(xp.asarray(of_slopes) * slopes)

    def _curve(self, xp):
        knots, values = xp.asarray(self.angles), xp.asarray(self.values)
        return cubic(knots, values, monotone_slopes(knots, values, xp=xp))
