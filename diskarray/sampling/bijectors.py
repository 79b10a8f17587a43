"""One-to-one maps between the parameters of a space and coordinates without bounds, each with its exact Jacobian.

Samplers that follow gradients move in the coordinates, where no step can leave a prior's support or a physical range.
The density there is the density of the parameters times |d parameter / d coordinate|, so the map's logarithm of that
derivative is part of what they sample.
"""

__all__ = ["HalfLine", "Interval", "Line", "LogInterval", "Unconstrained", "bijector_for"]

import dataclasses
import math

import numpy as np

from ..backend.namespace import concrete
from ..errors import ParameterError, ShapeError
from ..parameters.priors import LogUniform

_LOGISTIC = math.pi / math.sqrt(3)  # standard deviation of a uniform density on an interval in its coordinate


def _log_sigmoid(z, xp):
    return -xp.logaddexp(xp.zeros_like(z), -z)


@dataclasses.dataclass(frozen=True)
class Line:
    """A parameter without bounds: x = origin + width z.

    A periodic angle is one too: its coordinate runs over all turns, the density repeats with the period, and the
    draws are brought back into the prior's interval. The kernels of Metropolis and Hamiltonian samplers do not change
    under a shift, so what they leave on the circle is the density there.
    """

    origin: float
    width: float
    spread = 1.0  # standard deviation of the prior in the coordinate

    def to_value(self, z, *, xp=np):
        """The parameter at a coordinate."""
        return self.origin + self.width * z

    def to_coordinate(self, x, *, xp=np):
        """The coordinate of a parameter."""
        return (x - self.origin) / self.width

    def log_derivative(self, z, *, xp=np):
        """Logarithm of |dx / dz|."""
        return math.log(self.width) + xp.zeros_like(z)


@dataclasses.dataclass(frozen=True)
class HalfLine:
    """A parameter bounded on one side: x = end + width exp(z), or x = end - width exp(z) for a negative ``width``."""

    end: float
    width: float
    spread = 1.0

    def to_value(self, z, *, xp=np):
        """The parameter at a coordinate."""
        return self.end + self.width * xp.exp(z)

    def to_coordinate(self, x, *, xp=np):
        """The coordinate of a parameter."""
        return xp.log((x - self.end) / self.width)

    def log_derivative(self, z, *, xp=np):
        """Logarithm of |dx / dz|."""
        return math.log(abs(self.width)) + z


@dataclasses.dataclass(frozen=True)
class Interval:
    """A parameter between two bounds: x = lower + (upper - lower) / (1 + exp(-z))."""

    lower: float
    upper: float
    spread = _LOGISTIC

    def to_value(self, z, *, xp=np):
        """The parameter at a coordinate."""
        width = self.upper - self.lower
        above = self.lower + width * xp.exp(_log_sigmoid(z, xp))
        below = self.upper - width * xp.exp(_log_sigmoid(-z, xp))
        return xp.where(z < 0, above, below)

    def to_coordinate(self, x, *, xp=np):
        """The coordinate of a parameter."""
        return xp.log((x - self.lower) / (self.upper - x))

    def log_derivative(self, z, *, xp=np):
        """Logarithm of |dx / dz|."""
        return math.log(self.upper - self.lower) + _log_sigmoid(z, xp) + _log_sigmoid(-z, xp)


@dataclasses.dataclass(frozen=True)
class LogInterval:
    """A parameter between two bounds above 0, its logarithm mapped as by ``Interval``."""

    lower: float
    upper: float
    spread = _LOGISTIC

    @property
    def _logarithm(self):
        return Interval(math.log(self.lower), math.log(self.upper))

    def to_value(self, z, *, xp=np):
        """The parameter at a coordinate."""
        return xp.exp(self._logarithm.to_value(z, xp=xp))

    def to_coordinate(self, x, *, xp=np):
        """The coordinate of a parameter."""
        return self._logarithm.to_coordinate(xp.log(x), xp=xp)

    def log_derivative(self, z, *, xp=np):
        """Logarithm of |dx / dz|."""
        logarithm = self._logarithm
        return logarithm.to_value(z, xp=xp) + logarithm.log_derivative(z, xp=xp)


def bijector_for(prior, lower, upper):
    """The map for a parameter with this prior that may lie between ``lower`` and ``upper`` (which may be infinite)."""
    if math.isfinite(lower) and math.isfinite(upper):
        return LogInterval(lower, upper) if isinstance(prior, LogUniform) else Interval(lower, upper)
    origin, width = _scale_of(prior)
    if math.isfinite(lower):
        return HalfLine(lower, width)
    if math.isfinite(upper):
        return HalfLine(upper, -width)
    return Line(origin, width)


def _scale_of(prior):
    """Origin and width that bring a parameter to order one; of a periodic angle one radian of its period."""
    if hasattr(prior, "wrapped"):
        return 0.5 * (prior.lower + prior.upper), prior.period / (2 * math.pi)
    return getattr(prior, "mean", 0.0), getattr(prior, "sigma", 1.0)


@dataclasses.dataclass(frozen=True)
class Unconstrained:
    """The coordinates of a parameter space.

    Attributes
    ----------
    names : tuple of str
    bijectors : tuple
        One per element of the vector.
    """

    names: tuple
    bijectors: tuple

    @classmethod
    def of(cls, space):
        """From a ParameterSpace."""
        lower, upper = (end.tolist() for end in space.bounds)
        maps = [bijector_for(p, lo, hi) for p, lo, hi in zip(space.priors, lower, upper, strict=True)]
        return cls(tuple(space.names), tuple(maps))

    @property
    def spread(self):
        """Standard deviations that flat priors have in the coordinates, shape (n,)."""
        return np.array([b.spread for b in self.bijectors])

    def to_vector(self, coordinates, *, xp=np):
        """The vector at coordinates, shape (n,) -> (n,); or many as columns, as in the other methods."""
        return self._each("to_value", coordinates, xp)

    def to_coordinates(self, vector, *, xp=np):
        """Coordinates of a vector, shape (n,) -> (n,).

        Raises
        ------
        ParameterError
            If an element lies on or outside a bound, where there is no finite coordinate.
        """
        if concrete(vector):
            self._check_inside(np.asarray(vector, dtype=float))
        return self._each("to_coordinate", vector, xp)

    def nearest(self, vector, farthest):
        """Coordinates of a vector, those that run towards a bound no farther from 0 than ``farthest``."""
        with np.errstate(divide="ignore"):
            z = self._each("to_coordinate", np.asarray(vector, dtype=float), np)
        runs = np.array([isinstance(b, (Interval, LogInterval)) for b in self.bijectors])
        falls = runs | np.array([isinstance(b, HalfLine) for b in self.bijectors])
        return np.clip(z, np.where(falls, -farthest, -np.inf), np.where(runs, farthest, np.inf))

    def log_derivatives(self, coordinates, *, xp=np):
        """Logarithms of |d vector / d coordinates|, elementwise."""
        return self._each("log_derivative", coordinates, xp)

    def log_jacobian(self, coordinates, *, xp=np):
        """Logarithm of the determinant of d vector / d coordinates."""
        return xp.sum(self.log_derivatives(coordinates, xp=xp), axis=0)

    def derivatives(self, coordinates):
        """d vector / d coordinates, elementwise."""
        signs = np.array([math.copysign(1.0, getattr(b, "width", 1.0)) for b in self.bijectors])
        return signs * np.exp(self.log_derivatives(np.asarray(coordinates, dtype=float)))

    def covariance(self, covariance, coordinates):
        """A covariance of the parameters as one of the coordinates, to first order."""
        derivative = self.derivatives(coordinates)
        return covariance / np.outer(derivative, derivative)

    def _each(self, method, values, xp):
        if values.shape[:1] != (len(self.bijectors),):
            raise ShapeError(f"one entry is needed for each of {list(self.names)}, got shape {values.shape}")
        return xp.stack([getattr(b, method)(values[k, ...], xp=xp) for k, b in enumerate(self.bijectors)])

    def _check_inside(self, vector):
        for name, bijector, value in zip(self.names, self.bijectors, vector, strict=True):
            with np.errstate(divide="ignore", invalid="ignore"):
                coordinate = bijector.to_coordinate(np.asarray(value))
            if not np.isfinite(coordinate):
                raise ParameterError(
                    f"{name} = {value:g} lies on or beyond a bound ({_range_text(bijector)}), where "
                    "it has no coordinate: move it inside"
                )


def _range_text(bijector):
    if isinstance(bijector, HalfLine):
        return f"{'above' if bijector.width > 0 else 'below'} {bijector.end:g}"
    return f"{bijector.lower:g} to {bijector.upper:g}" if hasattr(bijector, "lower") else "a finite number"
