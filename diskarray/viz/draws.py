"""The draws of a sampled posterior as figures show them, and what is counted of them."""

__all__ = ["Draws", "autocorrelation", "draws_of", "grouped_chains", "rank_counts"]

import dataclasses

import numpy as np

from ..diagnostics.convergence import unwrapped
from ..errors import ParameterError, nearest
from .labels import labels_of

_MOST_CHAINS = 8


@dataclasses.dataclass(frozen=True, eq=False)
class Draws:
    """Some of the parameters of a sampled posterior.

    Attributes
    ----------
    names, units, labels : tuple of str
        Paths, units, and what axes are labelled with.
    values : array, shape (chains, draws, k)
        Periodic angles are counted from opposite their circular mean, so that no seam runs through them.
    periods : tuple
        Of periodic angles, else None.
    best : array, shape (k,)
        The posterior's maximum; NaN for linear parameters.
    """

    names: tuple
    units: tuple
    labels: tuple
    values: np.ndarray
    periods: tuple
    best: np.ndarray

    @property
    def flat(self):
        """All draws one after the other, shape (m, k)."""
        return self.values.reshape(-1, len(self.names))

    def near(self, values):
        """Values by name as an array, periodic ones moved by whole periods to the draws; NaN for those not given."""
        found = np.array([float(values.get(name, np.nan)) for name in self.names])
        middles = np.median(self.flat, axis=0)
        for k, period in enumerate(self.periods):
            if period is not None and np.isfinite(found[k]):
                found[k] += period * np.round((middles[k] - found[k]) / period)
        return found


def draws_of(result, names=None):
    """The draws of some parameters.

    Parameters
    ----------
    result : SampleResult
    names : sequence of str, optional
        Paths, or their last parts where only one ends so; default all, the linear ones included.

    Returns
    -------
    Draws

    Raises
    ------
    ParameterError
        For a name that the result does not have.
    """
    known = (*result.names, *result.linear_names)
    priors = (*result.priors, *((None,) * len(result.linear_names)))
    wanted = known if names is None else tuple(_path(name, known) for name in names)
    places = [known.index(name) for name in wanted]
    everything = np.concatenate([result.samples, result.linear_samples], axis=-1)
    units = (*result.units, *result.linear_units)
    periods = tuple(getattr(priors[k], "period", None) if hasattr(priors[k], "wrapped") else None for k in places)
    columns = [
        everything[..., k] if period is None else unwrapped(everything[..., k], period)
        for k, period in zip(places, periods, strict=True)
    ]
    labels = labels_of(known, units)
    draws = Draws(
        names=wanted,
        units=tuple(units[k] for k in places),
        labels=tuple(labels[k] for k in places),
        values=np.stack(columns, axis=-1),
        periods=periods,
        best=np.full(len(places), np.nan),
    )
    return dataclasses.replace(draws, best=draws.near(dict(zip(result.names, result.vector, strict=True))))


def grouped_chains(values, most=_MOST_CHAINS):
    """Chains put together into at most so many, neighbors with each other: shape (c, n, ...) -> (g, m, ...).

    The walkers of an ensemble are too many to be told apart, and each too short. Those that do not fill a group are
    left out.
    """
    chains = values.shape[0]
    if chains <= most:
        return values
    size = -(-chains // most)
    groups = chains // size
    return values[: groups * size].reshape(groups, size * values.shape[1], *values.shape[2:])


def rank_counts(draws, bins=20):
    """How the draws of every chain rank among those of all: one histogram per chain, flat where the chains agree.

    Parameters
    ----------
    draws : array, shape (chains, n)
    bins : int

    Returns
    -------
    array of int, shape (chains, bins)
        Vehtari et al. (2021). Equal draws share their mean rank.
    """
    draws = np.asarray(draws, dtype=float)
    _, place, counts = np.unique(draws, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - counts / 2)[place.reshape(-1)].reshape(draws.shape)
    cells = np.minimum((ranks * bins / draws.size).astype(int), bins - 1)
    return np.array([np.bincount(chain, minlength=bins) for chain in cells])


def autocorrelation(draws, longest=None):
    """Autocorrelation of every chain at the lags 0, 1, ... about its own mean; NaN for one that never moves.

    Parameters
    ----------
    draws : array, shape (chains, n)
    longest : int, optional
        Last lag; default half of a chain.

    Returns
    -------
    array, shape (chains, longest + 1)
    """
    draws = np.asarray(draws, dtype=float)
    n = draws.shape[1]
    longest = min(n // 2 if longest is None else int(longest), n - 1)
    centered = draws - np.mean(draws, axis=1, keepdims=True)
    spectrum = np.fft.rfft(centered, n=2 * n, axis=1)
    covariance = np.fft.irfft(np.abs(spectrum) ** 2, n=2 * n, axis=1)[:, : longest + 1]
    moved = np.ptp(draws, axis=1) > 0
    return np.where(moved[:, None], covariance / np.where(moved, covariance[:, 0], 1.0)[:, None], np.nan)


def _path(name, known):
    if name in known:
        return name
    ends = [path for path in known if path.endswith(f".{name}")]
    if len(ends) == 1:
        return ends[0]
    if ends:
        raise ParameterError(f"{name!r} is the end of several parameters: {', '.join(ends)}")
    raise ParameterError(f"the result has no parameter {name!r}: {nearest(name, known)}")
