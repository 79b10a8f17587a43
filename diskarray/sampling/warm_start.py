"""The gate before a sampler: a start must be a place the posterior allows, and a best fit must be one.

Sampling begun at a bad start spends its time on getting away from it, or never does.
"""

__all__ = ["checked_start", "principal_axes"]

import math

import numpy as np

from ..errors import SamplerError
from ..search.start import start_vector

_SMALLEST_ROOM = 1e-3  # of a standard deviation, to the nearest bound


def checked_start(posterior, start, evaluations):
    """The start, if a sampler may begin there.

    Of an OptimizeResult it is asked that the search converged and that the posterior has its maximum near by: along
    every principal axis of its covariance the log probability one standard deviation to both sides tells, by the
    parabola through the three values, how much higher the maximum is. Altogether that may be no more than what draws
    from a Gaussian posterior of n parameters stay below their maximum (n/2, and three standard deviations of that).

    Parameters
    ----------
    posterior : Posterior
    start : OptimizeResult, Scene, vector or None
    evaluations : Evaluations

    Returns
    -------
    OptimizeResult, vector or None

    Raises
    ------
    ShapeError, ParameterError
        If it is no vector of this posterior, or outside the prior.
    SamplerError
        If the search did not converge, or ended far from the maximum.
    """
    if start is None:
        return None
    result = start if hasattr(start, "covariance") else None
    vector = start_vector(posterior.space, start)
    if result is not None and not result.succeeded:
        raise SamplerError(
            f"the start is not a best fit, its search ended as {result.status!r} ({result.message}): search on from "
            "there, or pass start=best.vector to begin there all the same"
        )
    level = evaluations("start", vector[None, :])[0]
    if not math.isfinite(level):
        raise SamplerError("the posterior is zero at the start: look at its prior and physical ranges")
    if result is not None:
        _check_maximum(posterior.space, result, level, evaluations)
    return vector if result is None else result


def _check_maximum(space, result, level, evaluations):
    axes = principal_axes(result.covariance)
    if not len(axes):
        return
    axes = axes * _room(space, result.vector, axes)[:, None]
    below, above = np.split(evaluations("start's surroundings", np.concatenate([-axes, axes]) + result.vector), 2)
    gains, steps = zip(*(_rise(level, *pair) for pair in zip(below, above, strict=True)), strict=True)
    limit = space.size / 2 + 3 * math.sqrt(space.size / 2)
    if sum(gains) > limit:
        move = np.array(steps) @ axes
        k = int(np.nanargmax(np.abs(move) / np.sqrt(np.diag(result.covariance))))
        raise SamplerError(
            f"the start is far from the posterior's maximum: the log probability rises by about {sum(gains):.3g} "
            f"(at most {limit:.3g} is accepted), mostly along {space.names[k]} (by {move[k]:+.3g}): search on from "
            "there, or from elsewhere"
        )


def principal_axes(covariance):
    """Principal axes of a covariance, one standard deviation long, shape (k, n); NaN rows and columns are left out.

    They are those of the correlation matrix, so that units do not matter.
    """
    known = _numbers(covariance)
    sigma = np.sqrt(np.diag(covariance)[known])
    block = covariance[np.ix_(known, known)] / np.outer(sigma, sigma)
    values, vectors = np.linalg.eigh(block)
    axes = np.zeros((values.size, covariance.shape[0]))
    axes[:, known] = (vectors * np.sqrt(np.maximum(values, 0.0))).T * sigma
    return axes[values > 0]


def _numbers(covariance):
    """Indices of the parameters whose variance is known."""
    variance = np.diag(covariance)
    return np.flatnonzero(np.isfinite(variance) & (variance > 0))


def _room(space, vector, axes):
    """Which fraction of every axis, both ways, stays off the bounds: 1 where there is room, 0 where there is none."""
    lower, upper = space.bounds
    distance = np.minimum(vector - lower, upper - vector)
    with np.errstate(divide="ignore", invalid="ignore"):
        room = np.where(axes != 0, 0.9 * distance / np.abs(axes), math.inf)
    room = np.clip(np.min(room, axis=1), 0.0, 1.0)
    return np.where(room < _SMALLEST_ROOM, 0.0, room)


def _rise(level, below, above):
    """How much higher the maximum of a parabola through three values is, and how many steps away."""
    if not (math.isfinite(below) and math.isfinite(above)):
        return 0.0, 0.0
    slope, curvature = 0.5 * (above - below), above + below - 2 * level
    highest = max(above - level, below - level, 0.0)
    if curvature < 0:
        return max(-0.5 * slope**2 / curvature, highest), -slope / curvature
    return highest, math.copysign(1.0, slope) if highest else 0.0
