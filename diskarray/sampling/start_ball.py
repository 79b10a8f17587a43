"""Where an ensemble of walkers begins: drawn from the Gaussian around a best fit, within the bounds.

A parameter whose error the best fit does not know (it ended at a bound, or is not constrained) is tried at ever smaller
steps to both sides, until the log probability falls by about 1/2; where it never does, its prior is drawn from.
"""

__all__ = ["around", "start_ball"]

import math

import numpy as np

from ..errors import SamplerError
from ..search.start import vector_of
from .warm_start import principal_axes

_HALVINGS = 40
_ROUNDS = 9
_DROP = 0.5
_ATTEMPTS = 20


def start_ball(posterior, start, walkers, random, evaluations, spread=1.0):
    """Positions of walkers and their log probabilities.

    Parameters
    ----------
    posterior : Posterior
    start : OptimizeResult or vector
    walkers : int
    random : numpy.random.Generator
    evaluations : Evaluations
    spread : float
        In standard deviations of the Gaussian around the start.

    Returns
    -------
    positions : array, shape (walkers, n)
    values : array, shape (walkers,)

    Raises
    ------
    SamplerError
        If walkers find no place that the posterior allows.
    """
    space, center = posterior.space, vector_of(start)
    n = space.size
    axes = principal_axes(getattr(start, "covariance", np.full((n, n), math.nan)))
    level = evaluations("start", center[None, :])[0]
    scale = _scales(space, center, level, ~np.any(axes != 0, axis=0), evaluations)
    free = scale >= 0.5 * _widths(space)

    def drawn(size):
        offsets = random.standard_normal((walkers, len(axes))) @ axes + random.standard_normal((walkers, n)) * scale
        rows = _folded(center + size * offsets, *space.bounds)
        if free.any():
            anywhere = np.stack([space.from_unit_cube(u) for u in random.uniform(size=(walkers, n))])
            rows = np.where(free, anywhere, rows)
        return around(space, center, rows)

    rows = drawn(spread)
    values = evaluations("first walkers", rows)
    for attempt in range(1, _ATTEMPTS + 1):
        bad = ~np.isfinite(values)
        if not bad.any():
            return rows, values
        again = drawn(spread * 0.7**attempt)
        rows = np.where(bad[:, None], again, rows)
        values = np.where(bad, evaluations("first walkers again", again), values)
    raise SamplerError(
        f"{int((~np.isfinite(values)).sum())} of {walkers} walkers find no place near the start where the posterior is "
        "not zero: look at the priors and at the physical ranges"
    )


def _scales(space, center, level, wanted, evaluations):
    """For every wanted parameter the step at which the log probability falls by about 1/2; 0 for the others."""
    index = np.flatnonzero(wanted)
    if not index.size:
        return np.zeros(space.size)
    widths = _widths(space)[index]
    smallest, largest = np.full(index.size, -float(_HALVINGS)), np.zeros(index.size)
    for _ in range(_ROUNDS):
        middle = 0.5 * (smallest + largest)
        steps = np.eye(space.size)[index] * (widths * 2.0**middle)[:, None]
        below, above = np.split(evaluations("scales", np.concatenate([center - steps, center + steps])), 2)
        fell = level - np.maximum(below, above) > _DROP
        smallest, largest = np.where(fell, smallest, middle), np.where(fell, middle, largest)
    scales = np.zeros(space.size)
    scales[index] = widths * 2.0 ** (0.5 * (smallest + largest))
    return scales


def around(space, center, rows):
    """Rows whose periodic angles lie within half a period of a center's."""
    columns = [
        p.period * ((rows[:, k] - c) / p.period - np.round((rows[:, k] - c) / p.period)) + c
        if hasattr(p, "wrapped")
        else rows[:, k]
        for k, (p, c) in enumerate(zip(space.priors, center, strict=True))
    ]
    return np.stack(columns, axis=-1)


def _widths(space):
    """The range of every parameter that holds nearly all of its prior."""
    ends = [space.from_unit_cube(np.full(space.size, u)) for u in (1e-3, 1 - 1e-3)]
    return ends[1] - ends[0]


def _folded(rows, lower, upper):
    """Rows mirrored at the bounds until they lie within them."""
    with np.errstate(invalid="ignore"):
        both = np.isfinite(lower) & np.isfinite(upper)
        low, width = np.where(both, lower, 0.0), np.where(both, upper - lower, 1.0)
        within = low + width - np.abs((rows - low) % (2 * width) - width)
    rows = np.where(both, within, rows)
    rows = np.where(~both & (rows < lower), 2 * lower - rows, rows)
    return np.where(~both & (rows > upper), 2 * upper - rows, rows)
