"""How far draws can be trusted: R-hat, effective sample sizes, Monte Carlo errors, autocorrelation time, BFMI.

R-hat and effective sample sizes are the rank-normalized, split-chain ones of Vehtari et al. (2021, Bayesian Analysis
16, 667); numbers that cannot be established - NaN among the draws, a chain that never moves, a single chain, fewer than
four draws - are NaN here, and a NaN passes no gate.
"""

__all__ = [
    "autocorrelation_time",
    "bfmi",
    "ess_bulk",
    "ess_mean",
    "ess_tail",
    "mcse_mean",
    "mcse_sd",
    "rhat",
    "unwrapped",
]

import functools
import math

import numpy as np

_FEWEST_DRAWS = 4
_TAILS = (0.05, 0.95)


def _established(chains):
    """Decorator: NaN unless draws are finite, four or more in ``chains`` chains or more, and the figure is finite."""

    def decorate(figure):
        @functools.wraps(figure)
        def guarded(draws, *args, **kwargs):
            draws = np.asarray(draws, dtype=float)
            if draws.ndim != 2 or draws.shape[0] < chains or draws.shape[1] < _FEWEST_DRAWS:
                return math.nan
            if not (np.all(np.isfinite(draws)) and np.ptp(draws) > 0):
                return math.nan
            with np.errstate(all="ignore"):
                value = float(figure(draws, *args, **kwargs))
            return value if math.isfinite(value) and value != 0 else math.nan  # 0: a square underflowed

        return guarded

    return decorate


@_established(chains=2)
def rhat(draws):
    """Rank-normalized split R-hat, the larger of that of the draws and that of their distances from the median.

    Parameters
    ----------
    draws : array, shape (chains, draws)
        Draws of one quantity.

    Returns
    -------
    float
        1 where the chains agree; NaN for fewer than two chains, four draws, or draws that are not finite.
    """
    halves = _split(draws)
    distances = np.abs(halves - np.median(halves))
    return np.maximum(_plain_rhat(_normal_scores(halves)), _plain_rhat(_normal_scores(distances)))


@_established(chains=1)
def ess_bulk(draws):
    """Effective number of independent draws for the bulk of a distribution, shape (chains, draws) -> float."""
    return _ess(_normal_scores(_split(draws)))


@_established(chains=1)
def ess_tail(draws):
    """Effective number of independent draws for the 5 % and 95 % quantiles, the smaller one."""
    return np.min([_ess(_split((draws <= np.quantile(draws, q)).astype(float))) for q in _TAILS])


@_established(chains=1)
def ess_mean(draws):
    """Effective number of independent draws for the mean."""
    return _ess(_split(draws))


@_established(chains=1)
def mcse_mean(draws):
    """Monte Carlo standard error of the mean."""
    return np.std(draws, ddof=1) / np.sqrt(ess_mean(draws))


@_established(chains=1)
def mcse_sd(draws):
    """Monte Carlo standard error of the standard deviation, from the effective number of squared deviations."""
    squares = (draws - np.mean(draws)) ** 2
    variance = np.mean(squares)
    return np.sqrt((np.mean(squares**2) - variance**2) / ess_mean(squares) / variance / 4)


@_established(chains=1)
def autocorrelation_time(draws, window=5.0):
    """Integrated autocorrelation time in steps, averaged over chains (Goodman & Weare 2010; Sokal 1997).

    Parameters
    ----------
    draws : array, shape (chains, draws)
    window : float
        The sum over lags stops at this many autocorrelation times.

    Returns
    -------
    float
        An underestimate when a chain is shorter than some 50 times it; NaN when a chain never moves.
    """
    covariance = _autocovariance(draws)
    if not np.all(np.ptp(draws, axis=1) > 0):
        return math.nan
    times = 2 * np.cumsum(np.mean(covariance / covariance[:, :1], axis=0)) - 1
    beyond = np.arange(times.size) >= window * times
    return times[np.argmax(beyond)] if np.any(beyond) else times[-1]


def bfmi(energy):
    """Bayesian fraction of missing information (Betancourt 2016) of every chain, shape (chains, draws) -> (chains,).

    Below about 0.3 the momenta explore the energies too slowly.
    """
    return np.array([_bfmi(chain[None]) for chain in np.asarray(energy, dtype=float)])


@_established(chains=1)
def _bfmi(chain):
    return np.mean(np.diff(chain) ** 2) / np.var(chain, ddof=1)


def unwrapped(draws, period):
    """Periodic draws around their circular mean, so that no seam runs through them; differs by whole periods."""
    draws = np.asarray(draws, dtype=float)
    finite = draws[np.isfinite(draws)]
    phase = np.exp(2j * np.pi * finite / period)
    center = np.angle(np.sum(phase)) * period / (2 * np.pi) if finite.size else 0.0
    with np.errstate(invalid="ignore"):
        return center + (draws - center + period / 2) % period - period / 2


def _split(draws):
    """Every chain as two, its first and its last half."""
    half = draws.shape[1] // 2
    return np.concatenate([draws[:, :half], draws[:, -half:]])


def _normal_scores(draws):
    """Normal quantiles of the ranks among all draws; equal draws share their mean rank (Blom 1958)."""
    from scipy.special import ndtri

    _, place, counts = np.unique(draws, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[place.reshape(-1)]
    return ndtri((ranks - 0.375) / (draws.size + 0.25)).reshape(draws.shape)


def _plain_rhat(draws):
    """Ratio of the pooled to the mean within-chain standard deviation; NaN where no chain moves."""
    n = draws.shape[1]
    within = np.mean(np.var(draws, axis=1, ddof=1))
    between = n * np.var(np.mean(draws, axis=1), ddof=1)
    return np.sqrt((between / within + n - 1) / n)


def _autocovariance(draws):
    """Autocovariance of every chain at every lag, divided by the number of draws."""
    from scipy.fft import next_fast_len

    n = draws.shape[1]
    size = next_fast_len(2 * n, real=True)
    spectrum = np.fft.rfft(draws - np.mean(draws, axis=1, keepdims=True), n=size, axis=1)
    return np.fft.irfft(np.abs(spectrum) ** 2, n=size, axis=1)[:, :n] / n


def _ess(draws):
    """Effective sample size from autocorrelations, summed as far as Geyer's initial monotone sequence goes."""
    chains, n = draws.shape
    if not np.ptp(draws) > 0:
        return math.nan
    covariance = np.mean(_autocovariance(draws), axis=0)
    within = covariance[0] * n / (n - 1)
    total = covariance[0] + (np.var(np.mean(draws, axis=1), ddof=1) if chains > 1 else 0.0)
    correlation = 1 - (within - covariance) / total
    correlation[0] = 1.0
    kept, last, even = _initial_positive(correlation)
    _make_monotone(kept, last)
    if even > 0:
        kept[last + 1] = even
    time = 2 * np.sum(kept[: last + 1]) - 1 + np.sum(kept[last + 1 : last + 2])
    size = chains * n
    return size / max(time, 1 / math.log10(size))


def _initial_positive(correlation):
    """The lags before the first pair whose sum is negative, where they end, and the first lag of the last pair seen."""
    n = correlation.size
    kept = np.zeros(n)
    kept[:2] = correlation[:2]
    lag, even, odd = 1, correlation[0], correlation[1]
    while lag < n - 3 and even + odd > 0:
        even, odd = correlation[lag + 1], correlation[lag + 2]
        if even + odd >= 0:
            kept[lag + 1], kept[lag + 2] = even, odd
        lag += 2
    return kept, lag - 2, even


def _make_monotone(kept, last):
    """Let no pair of lags exceed the pair before it."""
    for lag in range(1, last - 1, 2):
        before = kept[lag - 1] + kept[lag]
        if kept[lag + 1] + kept[lag + 2] > before:
            kept[lag + 1] = kept[lag + 2] = before / 2
