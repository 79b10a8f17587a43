"""The phase function that a fit found, over the scattering angles, with its credible band.

A disk shows its dust at scattering angles from 90 - i to 90 + i only; what a phase function says elsewhere is its
formula's extrapolation and is marked as such.
"""

__all__ = ["PhaseCurve", "phase_curve_from_covariance", "phase_curve_from_samples"]

import dataclasses

import numpy as np

from ..errors import ParameterError, ShapeError, nearest
from ..profiles.phase_curves import probed_angles

_MOST_TRIES = 20  # draws per sample wanted


@dataclasses.dataclass(frozen=True, eq=False)
class PhaseCurve:
    """A phase function with its credible band.

    Attributes
    ----------
    angles : array, shape (n,)
        Scattering angles in degrees.
    values : array, shape (n,)
        The median of the samples, or the curve at the best fit; per steradian, or relative to its value at
        ``relative_to`` degrees.
    lower, upper : array, shape (n,)
        The central band that holds the fraction ``level`` of the probability, angle by angle.
    probed : array of bool, shape (n,)
        True at angles that the disk shows; False where the curve is extrapolated.
    probed_range : (float, float)
        The smallest and the largest angle that it shows, in degrees, at the median inclination.
    level : float
    relative_to : float or None
        The angle in degrees at which every curve was scaled to 1.
    n_samples : int
    """

    angles: np.ndarray
    values: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    probed: np.ndarray
    probed_range: tuple
    level: float
    relative_to: float | None
    n_samples: int

    def __post_init__(self):
        for name in ("angles", "values", "lower", "upper", "probed"):
            array = np.array(getattr(self, name))
            array.flags.writeable = False
            object.__setattr__(self, name, array)

    @property
    def extrapolated(self):
        """True at angles that the disk does not show, shape (n,)."""
        return ~self.probed

    def __repr__(self):
        first, last = self.probed_range
        return (
            f"PhaseCurve({self.angles.size} angles, probed from {first:.1f} to {last:.1f} deg, "
            f"{100 * self.level:.0f} % band of {self.n_samples} samples)"
        )


def phase_curve_from_samples(space, samples, *, weights=None, disk=None, angles=None, level=0.6827, relative_to=None):
    """The phase function over the angles from samples of a posterior.

    Parameters
    ----------
    space : ParameterSpace
        What the elements of a sample mean.
    samples : array, shape (N, n)
        One vector per row.
    weights : array, shape (N,), optional
        Of the samples, such as those of nested sampling; default equal.
    disk : str, optional
        The disk's name in the scene; needed where there are several.
    angles : array, optional
        Scattering angles in degrees; default 0, 1, ... 180.
    level : float
        Probability within the band.
    relative_to : float, optional
        Scale every curve to 1 at this angle in degrees, as is needed to compare phase functions whose scale means
        different things. The band has no width there.

    Returns
    -------
    PhaseCurve

    Raises
    ------
    ShapeError
        If samples, weights and space do not fit together.
    ParameterError
        If there is no such disk, or an angle or the level is out of its range.
    """
    samples = np.asarray(samples, dtype=float)
    if samples.ndim != 2 or samples.shape[1] != space.size or not samples.shape[0]:
        raise ShapeError(
            f"samples need shape (N, {space.size}), one column per {list(space.names)}; got {samples.shape}"
        )
    weights = np.ones(len(samples)) if weights is None else np.asarray(weights, dtype=float)
    if weights.shape != samples.shape[:1] or not (np.all(weights >= 0) and 0 < np.sum(weights) < np.inf):
        raise ShapeError(
            f"weights need shape ({len(samples)},), none negative and a positive sum; got shape {weights.shape}"
        )
    counted = weights > 0
    return _summary(space, samples[counted], weights[counted], None, disk, angles, level, relative_to)


def phase_curve_from_covariance(
    space, vector, covariance, *, disk=None, angles=None, level=0.6827, relative_to=None, n_samples=1000, seed=0
):
    """The phase function over the angles from a best fit and its covariance.

    The band is that of vectors drawn from the Gaussian that the covariance describes, within the priors. Parameters
    without a variance (NaN: at a bound, or not constrained) stay at their best values.

    Parameters
    ----------
    space : ParameterSpace
        What the elements of the vector mean.
    vector : array, shape (n,)
        The best fit; ``values`` of the result are those of its phase function.
    covariance : array, shape (n, n)
    disk, angles, level, relative_to
        As for ``phase_curve_from_samples``.
    n_samples : int
        Number of vectors to draw.
    seed : int

    Returns
    -------
    PhaseCurve

    Raises
    ------
    ShapeError, ParameterError
        As ``phase_curve_from_samples``; also if hardly any drawn vector lies within the priors.
    """
    vector, covariance = np.asarray(vector, dtype=float), np.asarray(covariance, dtype=float)
    if vector.shape != (space.size,) or covariance.shape != (space.size, space.size):
        raise ShapeError(
            f"vector and covariance need shapes ({space.size},) and ({space.size}, {space.size}), "
            f"got {vector.shape} and {covariance.shape}"
        )
    samples = _drawn(space, vector, covariance, int(n_samples), np.random.default_rng(seed))
    return _summary(space, samples, np.ones(len(samples)), vector, disk, angles, level, relative_to)


def _drawn(space, vector, covariance, n_samples, random):
    """Vectors from a Gaussian, only those that the priors allow."""
    known = np.flatnonzero(np.isfinite(np.diag(covariance)))
    variance, directions = np.linalg.eigh(covariance[np.ix_(known, known)])
    tries = np.tile(vector, (_MOST_TRIES * n_samples, 1))
    steps = directions * np.sqrt(np.maximum(variance, 0.0))
    tries[:, known] += random.standard_normal((len(tries), known.size)) @ steps.T
    lower, upper = space.bounds
    allowed = tries[np.all((tries >= lower) & (tries <= upper), axis=1)]
    if len(allowed) < n_samples:
        raise ParameterError(
            f"only {len(allowed)} of {len(tries)} vectors drawn from the covariance lie within the priors: it does not "
            "describe this posterior, use phase_curve_from_samples with samples of it"
        )
    return allowed[:n_samples]


def _summary(space, samples, weights, best, disk, angles, level, relative_to):
    angles = np.arange(181.0) if angles is None else np.asarray(angles, dtype=float)
    if angles.ndim != 1 or not np.all((angles >= 0) & (angles <= 180)):
        raise ParameterError("angles must be a list of scattering angles from 0 to 180 degrees")
    if not 0 < level < 1:
        raise ParameterError(f"level is the probability within the band, between 0 and 1; got {level!r}")
    if relative_to is not None and not 0 <= relative_to <= 180:
        raise ParameterError(f"relative_to is a scattering angle from 0 to 180 degrees, got {relative_to!r}")
    disks = [_disk_of(space.to_model(sample), disk) for sample in samples]
    curves = np.array([_curve(one, angles, relative_to) for one in disks])
    tail = (1 - level) / 2
    lower, median, upper = _quantiles(curves, weights, (tail, 0.5, 1 - tail))
    inclinations = np.array([[float(one.inclination)] for one in disks])
    first, last = (float(a) for a in probed_angles(_quantiles(inclinations, weights, (0.5,))[0, 0]))
    if best is not None:
        median = _curve(_disk_of(space.to_model(best), disk), angles, relative_to)
    return PhaseCurve(
        angles=angles,
        values=median,
        lower=lower,
        upper=upper,
        probed=(angles >= first) & (angles <= last),
        probed_range=(first, last),
        level=float(level),
        relative_to=relative_to,
        n_samples=len(samples),
    )


def _disk_of(model, name):
    disks = getattr(model, "disks", None)
    if disks is None:
        return model
    if name is None and len(disks) == 1:
        return next(iter(disks.values()))
    if name not in disks:
        raise ParameterError(f"disk= must name one of the scene's disks, got {name!r}; {nearest(name, disks)}")
    return disks[name]


def _curve(disk, angles, relative_to):
    values = np.asarray(disk.phase_function.phase(np.cos(np.radians(angles))))
    if relative_to is None:
        return values
    return values / float(disk.phase_function.phase(np.cos(np.radians(np.asarray(relative_to)))))


def _quantiles(values, weights, fractions):
    """Weighted quantiles down the columns of values, shape (N, k) -> (len(fractions), k)."""
    found = np.empty((len(fractions), values.shape[1]))
    for k, column in enumerate(values.T):
        order = np.argsort(column, kind="stable")
        share = weights[order] / np.sum(weights)
        found[:, k] = np.interp(fractions, np.cumsum(share) - 0.5 * share, column[order])
    return found
