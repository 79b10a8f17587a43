"""Prior densities of single parameters: log density, support, and the map from the unit interval.

Every prior is a frozen object of plain numbers; its methods take an array namespace and are differentiable.
Outside the support the log density is -inf, never NaN.
"""

__all__ = ["Uniform", "LogUniform", "Normal", "TruncatedNormal", "Isotropic", "UniformAngle", "Linear", "PRIORS"]

import dataclasses
import math
from types import MappingProxyType

import numpy as np

from ..backend.operations import normal_quantile
from ..errors import ParameterError


def _finite(prior, *names):
    for name in names:
        try:
            value = float(getattr(prior, name))
        except (TypeError, ValueError):
            value = math.nan
        if not math.isfinite(value):
            raise ParameterError(f"{type(prior).__name__}.{name} must be a finite number, got {getattr(prior, name)!r}")
        object.__setattr__(prior, name, value)


def _ordered(prior):
    if not prior.lower < prior.upper:
        raise ParameterError(f"{prior!r}: lower must be below upper")


def _inside(prior, value, density, xp):
    """``density`` on the support, -inf outside."""
    inside = xp.logical_and(value >= prior.lower, value <= prior.upper)
    return xp.where(inside, xp.asarray(density), xp.asarray(-math.inf))


@dataclasses.dataclass(frozen=True)
class Uniform:
    """Constant density between ``lower`` and ``upper``."""

    lower: float
    upper: float

    def __post_init__(self):
        _finite(self, "lower", "upper")
        _ordered(self)

    def log_density(self, value, *, xp=np):
        """Logarithm of the normalized density at ``value``."""
        value = xp.asarray(value)
        return _inside(self, value, -math.log(self.upper - self.lower), xp)

    def from_unit(self, u, *, xp=np):
        """The value below which the fraction ``u`` of the probability lies."""
        return self.lower + xp.asarray(u) * (self.upper - self.lower)


@dataclasses.dataclass(frozen=True)
class LogUniform:
    """Constant density in the logarithm between ``lower`` and ``upper``, both above 0."""

    lower: float
    upper: float

    def __post_init__(self):
        _finite(self, "lower", "upper")
        _ordered(self)
        if self.lower <= 0:
            raise ParameterError(f"{self!r}: lower must be above 0")

    def log_density(self, value, *, xp=np):
        """Logarithm of the normalized density at ``value``."""
        value = xp.asarray(value)
        safe = xp.where(value > 0, value, xp.asarray(self.lower))
        return _inside(self, value, -xp.log(safe) - math.log(math.log(self.upper / self.lower)), xp)

    def from_unit(self, u, *, xp=np):
        """The value below which the fraction ``u`` of the probability lies."""
        return self.lower * xp.exp(xp.asarray(u) * math.log(self.upper / self.lower))


@dataclasses.dataclass(frozen=True)
class Normal:
    """Gaussian density; its support is the whole line."""

    mean: float
    sigma: float

    def __post_init__(self):
        _finite(self, "mean", "sigma")
        if self.sigma <= 0:
            raise ParameterError(f"{self!r}: sigma must be above 0")

    lower = property(lambda self: -math.inf)
    upper = property(lambda self: math.inf)

    def log_density(self, value, *, xp=np):
        """Logarithm of the normalized density at ``value``."""
        value = xp.asarray(value)
        finite = xp.isfinite(value)
        z = (xp.where(finite, value, xp.asarray(self.mean)) - self.mean) / self.sigma
        density = -0.5 * z * z - math.log(self.sigma * math.sqrt(2 * math.pi))
        return xp.where(finite, density, xp.asarray(-math.inf))

    def from_unit(self, u, *, xp=np):
        """The value below which the fraction ``u`` of the probability lies."""
        return self.mean + self.sigma * normal_quantile(xp.asarray(u), xp=xp)


@dataclasses.dataclass(frozen=True)
class TruncatedNormal:
    """Gaussian density cut at ``lower`` and ``upper`` and normalized in between."""

    mean: float
    sigma: float
    lower: float
    upper: float

    def __post_init__(self):
        _finite(self, "mean", "sigma", "lower", "upper")
        _ordered(self)
        if self.sigma <= 0:
            raise ParameterError(f"{self!r}: sigma must be above 0")
        if not self._mass > 0:
            raise ParameterError(f"{self!r}: no probability lies between lower and upper")

    @property
    def _side(self):
        """-1 where the whole support lies above the mean: seen in a mirror, its probabilities are not 1 - tiny."""
        return -1.0 if self.lower > self.mean else 1.0

    @property
    def _cumulative(self):
        """Normal distribution function at the two ends, as seen from ``_side``."""
        ends = sorted(self._side * (end - self.mean) / self.sigma for end in (self.lower, self.upper))
        return tuple(0.5 * math.erfc(-z / math.sqrt(2)) for z in ends)

    @property
    def _mass(self):
        first, last = self._cumulative
        return last - first

    def log_density(self, value, *, xp=np):
        """Logarithm of the normalized density at ``value``."""
        value = xp.asarray(value)
        z = (xp.clip(value, self.lower, self.upper) - self.mean) / self.sigma
        density = -0.5 * z * z - math.log(self.sigma * math.sqrt(2 * math.pi) * self._mass)
        return _inside(self, value, density, xp)

    def from_unit(self, u, *, xp=np):
        """The value below which the fraction ``u`` of the probability lies."""
        u = xp.asarray(u) if self._side > 0 else 1 - xp.asarray(u)
        z = self._side * normal_quantile(self._cumulative[0] + u * self._mass, xp=xp)
        return xp.clip(self.mean + self.sigma * z, self.lower, self.upper)


@dataclasses.dataclass(frozen=True)
class Isotropic:
    """Inclination in degrees of a randomly oriented disk: density proportional to sin i."""

    lower: float = 0.0
    upper: float = 180.0

    def __post_init__(self):
        _finite(self, "lower", "upper")
        _ordered(self)
        if self.lower < 0 or self.upper > 180:
            raise ParameterError(f"{self!r}: an inclination lies between 0 and 180 degrees")

    @property
    def _cosines(self):
        return math.cos(math.radians(self.lower)), math.cos(math.radians(self.upper))

    def log_density(self, value, *, xp=np):
        """Logarithm of the normalized density (per degree) at ``value``."""
        value = xp.asarray(value)
        first, last = self._cosines
        sine = xp.sin(xp.clip(value, 0.0, 180.0) * (math.pi / 180))
        positive = sine > 0
        density = xp.log(xp.where(positive, sine, xp.asarray(1.0))) + math.log(math.pi / 180 / (first - last))
        return _inside(self, value, xp.where(positive, density, xp.asarray(-math.inf)), xp)

    def from_unit(self, u, *, xp=np):
        """The value below which the fraction ``u`` of the probability lies."""
        first, last = self._cosines
        return xp.acos(xp.clip(first - xp.asarray(u) * (first - last), -1.0, 1.0)) * (180 / math.pi)


@dataclasses.dataclass(frozen=True)
class UniformAngle:
    """Constant density over an angle in degrees that wraps: ``upper`` - ``lower`` is one period (360, or 180).

    The density is the same for every value of the angle, so that an optimizer may cross the seam; values are
    brought back into [lower, upper) by ``wrapped``.
    """

    lower: float = 0.0
    upper: float = 360.0

    def __post_init__(self):
        _finite(self, "lower", "upper")
        _ordered(self)

    @property
    def period(self):
        """Degrees after which the angle repeats."""
        return self.upper - self.lower

    def log_density(self, value, *, xp=np):
        """Logarithm of the normalized density at ``value``."""
        finite = xp.isfinite(xp.asarray(value))
        return xp.where(finite, xp.asarray(-math.log(self.period)), xp.asarray(-math.inf))

    def from_unit(self, u, *, xp=np):
        """The value below which the fraction ``u`` of the probability lies."""
        return self.lower + xp.asarray(u) * self.period

    def wrapped(self, value, *, xp=np):
        """The same angle within [lower, upper)."""
        wrapped = self.lower + (xp.asarray(value) - self.lower) % self.period
        return xp.where(wrapped < self.upper, wrapped, xp.asarray(self.lower))  # rounding may give upper itself


@dataclasses.dataclass(frozen=True)
class Linear:
    """For a parameter that the image depends on linearly: solved for, and integrated over, instead of searched.

    It leaves the vector; a Posterior finds its best value for every set of the others. For an array parameter it holds
    for every element.

    Parameters
    ----------
    mean, sigma : float, optional
        Of a Gaussian prior, both or neither. Without, the prior is flat: normalized where both bounds are finite, else
        improper, with a density of 1 per unit of the parameter. Best values and posteriors of the other parameters are
        defined then, but evidences are not.
    minimum, maximum : float, optional
        Bounds; default the ends of the parameter's physical range. ``-math.inf`` and ``math.inf`` take them away,
        beyond the physical range too: an optical depth below zero is then a fluctuation of the noise.
    """

    mean: float | None = None
    sigma: float | None = None
    minimum: float | None = None
    maximum: float | None = None

    def __post_init__(self):
        if (self.mean is None) != (self.sigma is None):
            raise ParameterError(f"{self!r}: a Gaussian prior has a mean and a sigma, a flat one neither")
        if self.sigma is not None:
            _finite(self, "mean", "sigma")
            if self.sigma <= 0:
                raise ParameterError(f"{self!r}: sigma must be above 0")
        for name in ("minimum", "maximum"):
            value = getattr(self, name)
            if not (value is None or isinstance(value, (int, float, np.number))) or value != value:
                raise ParameterError(f"Linear.{name} must be a number, infinite or None, got {value!r}")
            object.__setattr__(self, name, None if value is None else float(value))

    @property
    def is_gaussian(self):
        """True with a mean and a sigma."""
        return self.sigma is not None

    def log_density(self, value, lower, upper, *, xp=np):
        """Logarithm of the density between two bounds, without looking whether ``value`` lies there.

        Parameters
        ----------
        value : 0-d array
        lower, upper : float
            The bounds in force, infinite where there are none.
        """
        if not self.is_gaussian:
            proper = math.isfinite(lower) and math.isfinite(upper)
            return xp.zeros_like(value) - (math.log(upper - lower) if proper else 0.0)
        z = (value - self.mean) / self.sigma
        return -0.5 * z * z - math.log(self.sigma * math.sqrt(2 * math.pi)) - self._log_mass(lower, upper)

    def _log_mass(self, lower, upper):
        """Logarithm of the Gaussian's probability between two bounds."""
        if math.isinf(lower) and math.isinf(upper):
            return 0.0
        from scipy.special import log_ndtr

        a, b = ((end - self.mean) / self.sigma for end in (lower, upper))
        if a > 0:
            a, b = -b, -a
        above, below = float(log_ndtr(b)), float(log_ndtr(a))
        share = -math.expm1(below - above) if math.isfinite(above) else 0.0
        return above + math.log(share) if share > 0 else -math.inf


PRIORS = MappingProxyType(
    {
        "uniform": Uniform,
        "log_uniform": LogUniform,
        "normal": Normal,
        "truncated_normal": TruncatedNormal,
        "isotropic": Isotropic,
        "uniform_angle": UniformAngle,
    }
)
