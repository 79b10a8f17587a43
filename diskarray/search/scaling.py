"""Optimizer coordinates: every free parameter as a number of order one.

A parameter with a LogUniform prior is searched in its logarithm, a bounded one in units of its prior's width, a
Gaussian one in units of sigma; so that steps and tolerances mean the same for all of them.
"""

__all__ = ["Scaling"]

import dataclasses
import math

import numpy as np

from ..parameters.priors import LogUniform

_OFF_BOUND = 1e-9


@dataclasses.dataclass(frozen=True, eq=False)
class Scaling:
    """The map between a parameter vector and optimizer coordinates.

    Attributes
    ----------
    logarithmic : array of bool, shape (n,)
    origin, width : arrays, shape (n,)
        Coordinates are (f(x) - origin) / width, with f the logarithm or the identity.
    lower, upper : arrays, shape (n,)
        Bounds in coordinates, a hair inside the true ones: the end of a physical range may be excluded from it, and
        rounding must not carry a vector beyond it.
    """

    logarithmic: np.ndarray
    origin: np.ndarray
    width: np.ndarray
    lower: np.ndarray
    upper: np.ndarray

    @classmethod
    def of(cls, space):
        """From a ParameterSpace."""
        lower, upper = space.bounds
        rows = [_origin_and_width(p, lo, hi) for p, lo, hi in zip(space.priors, lower, upper, strict=True)]
        logarithmic = np.array([isinstance(p, LogUniform) for p in space.priors])
        origin, width = np.array(rows).T
        scaling = cls(logarithmic, origin, width, lower, upper)
        return dataclasses.replace(
            scaling, lower=scaling.to_coordinates(lower) + _OFF_BOUND, upper=scaling.to_coordinates(upper) - _OFF_BOUND
        )

    def to_coordinates(self, vector):
        """Coordinates of a vector."""
        vector = np.asarray(vector, dtype=float)
        return (
            np.where(self.logarithmic, np.log(np.where(self.logarithmic, vector, 1.0)), vector) - self.origin
        ) / self.width

    def to_vector(self, coordinates):
        """The vector at coordinates."""
        value = self.origin + self.width * coordinates
        return np.where(self.logarithmic, np.exp(np.where(self.logarithmic, value, 0.0)), value)

    def derivative(self, coordinates):
        """d vector / d coordinates, elementwise."""
        return np.where(self.logarithmic, self.to_vector(coordinates) * self.width, self.width)

    def strictly_inside(self, coordinates, margin=1e-4):
        """Coordinates moved off the bounds by ``margin`` where they touch or cross them."""
        return np.clip(coordinates, self.lower + margin, self.upper - margin)


def _origin_and_width(prior, lower, upper):
    if isinstance(prior, LogUniform):
        return math.log(lower), math.log(upper / lower)
    if hasattr(prior, "wrapped"):
        return prior.lower, prior.period
    if math.isfinite(lower) and math.isfinite(upper):
        return lower, upper - lower
    return prior.mean, prior.sigma
