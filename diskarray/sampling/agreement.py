"""Draws from parts of the data as draws from their product, and the tests that say whether they may be taken for it.

For Gaussian parts the average weighted with the inverse covariances has exactly the product's distribution (Scott et
al. 2016, Int. J. Manag. Sci. Eng. Manag. 11, 78); for others it is an approximation. So every condition is tested, and
at the end the draws are held against the posterior of all data itself.
"""

__all__ = ["Weighting", "combined", "corrected", "gaussian_draws", "moments_of", "objections", "weighting"]

import dataclasses
import math

import numpy as np

from ..diagnostics.convergence import ess_bulk

_IMPROBABLE = 1e-3
_FREE = 0.5  # of the prior's standard deviation
_ROOM = 3.0  # standard deviations between a part's mean and a bound
_SHIFT = 0.25  # standard deviations by which the combination may move a mean
_PEAKED = 1.0
_WIDTHS = (0.8, 1.25)
_WEIGHT = 0.5


def moments_of(draws):
    """Mean, shape (n,), and covariance, shape (n, n), of draws, shape (chains, draws, n)."""
    flat = draws.reshape(-1, draws.shape[-1])
    return flat.mean(axis=0), np.atleast_2d(np.cov(flat.T))


def combined(parts):
    """Average of parts' draws weighted with their inverse covariances.

    Parameters
    ----------
    parts : sequence of arrays, shape (chains, draws, n)
        Periodic angles without a seam between parts.

    Returns
    -------
    array, shape (chains, draws, n)
    """
    weights = [np.linalg.inv(moments_of(part)[1]) for part in parts]
    total = sum(part @ weight for part, weight in zip(parts, weights, strict=True))
    return total @ np.linalg.inv(sum(weights))


def gaussian_draws(draws, random):
    """As many draws as given, of the Gaussian with their mean and covariance, shape (chains, draws, n)."""
    mean, covariance = moments_of(draws)
    return mean + random.normal(size=draws.shape) @ np.linalg.cholesky(covariance).T


def corrected(draws, log_probability, random):
    """Independent Metropolis chains that take Gaussian draws as proposals: which draw each step of a chain is at.

    Parameters
    ----------
    draws : array, shape (chains, draws, n)
        Of a Gaussian.
    log_probability : array, shape (chains, draws)
        What the chains are to follow.
    random : numpy.random.Generator

    Returns
    -------
    array of int, shape (chains, draws)
    """
    log_weight = log_probability - _log_gaussian(draws)
    thresholds = np.log(random.uniform(size=log_weight.shape))
    places = np.zeros(log_weight.shape, dtype=int)
    for chain in range(places.shape[0]):
        for k in range(1, places.shape[1]):
            last = places[chain, k - 1]
            taken = log_weight[chain, k] - log_weight[chain, last] > thresholds[chain, k]
            places[chain, k] = k if taken else last
    return places


def _log_gaussian(draws):
    """Log density, up to a constant, of draws under the Gaussian with their mean and covariance."""
    mean, covariance = moments_of(draws)
    offsets = draws.reshape(-1, draws.shape[-1]) - mean
    z = np.linalg.solve(np.linalg.cholesky(covariance), offsets.T)
    return -0.5 * np.sum(z**2, axis=0).reshape(draws.shape[:2])


def objections(names, parts, space):
    """Why parts must not be combined: sentences, none where nothing speaks against it.

    Parameters
    ----------
    names : sequence of str
        Of the parts.
    parts : sequence of arrays, shape (chains, draws, n)
    space : ParameterSpace
    """
    found = []
    for name, draws in zip(names, parts, strict=True):
        found += [f"{name} {text}" for text in _of_one(draws, space, len(parts))]
    return found or _disagreement(names, parts, space)


def _of_one(draws, space, count):
    mean, covariance = moments_of(draws)
    sigma = np.sqrt(np.diag(covariance))
    lower, upper = space.bounds
    for k, (parameter, prior) in enumerate(zip(space.names, space.priors, strict=True)):
        if not (np.isfinite(sigma[k]) and sigma[k] > 0):
            yield f"never moved in {parameter}"
        elif (math.isfinite(upper[k] - lower[k]) or hasattr(prior, "wrapped")) and sigma[k] > _FREE * _width(prior):
            yield f"does not constrain {parameter}: its error {sigma[k]:.3g} is like the prior's width"
        elif min(mean[k] - lower[k], upper[k] - mean[k]) < _ROOM * sigma[k]:
            yield f"ends at a bound of {parameter} ({mean[k]:.4g} +- {sigma[k]:.2g})"
        else:
            yield from _not_gaussian(draws[..., k], parameter, count)


def _width(prior):
    """Standard deviation of a prior."""
    return float(np.std(prior.from_unit((np.arange(2000) + 0.5) / 2000)))


def _not_gaussian(column, parameter, count):
    """Skewness moves the mean of the average away from the product's by half of it, times sqrt(S) - 1 / sqrt(S)."""
    size = ess_bulk(column)
    size = size if math.isfinite(size) else column.size
    z = (column - column.mean()) / column.std()
    skewness, peakedness = float(np.mean(z**3)), float(np.mean(z**4)) - 3
    shift = 0.5 * (math.sqrt(count) - 1 / math.sqrt(count))
    if shift * max(abs(skewness) - 3 * math.sqrt(6 / size), 0.0) > _SHIFT:
        yield f"is far from Gaussian in {parameter} (skewness {skewness:.2f})"
    elif abs(peakedness) - 3 * math.sqrt(24 / size) > _PEAKED:
        yield f"is far from Gaussian in {parameter} (excess kurtosis {peakedness:.2f})"


def _disagreement(names, parts, space):
    """Chi-squared of the parts' means around their weighted mean."""
    from scipy.special import gammaincc

    moments = [moments_of(part) for part in parts]
    weights = [np.linalg.inv(covariance) for _, covariance in moments]
    together = np.linalg.solve(sum(weights), sum(w @ m for w, (m, _) in zip(weights, moments, strict=True)))
    chi_squared = [float((m - together) @ w @ (m - together)) for w, (m, _) in zip(weights, moments, strict=True)]
    degrees = (len(parts) - 1) * together.size
    probability = float(gammaincc(degrees / 2, sum(chi_squared) / 2))
    if probability >= _IMPROBABLE:
        return []
    worst = int(np.argmax(chi_squared))
    pulls = (moments[worst][0] - together) / np.sqrt(np.diag(moments[worst][1]))
    k = int(np.argmax(np.abs(pulls)))
    return [
        f"the parts disagree (chi-squared {sum(chi_squared):.1f} for {degrees} degrees of freedom, probability "
        f"{probability:.1g}): {names[worst]} lies {pulls[k]:+.1f} of its errors away in {space.names[k]}"
    ]


@dataclasses.dataclass(frozen=True)
class Weighting:
    """Combined draws held against the posterior of all data, by importance weights.

    Attributes
    ----------
    share : float
        Effective share of the draws after weighting, 1 for the same distribution.
    shift : float
        Largest change of a mean by the weights, in standard deviations.
    narrowest, widest : float
        Smallest and largest ratio of a weighted standard deviation to that of the draws.
    uncertainty : float
        Standard error of ``shift``.
    """

    share: float
    shift: float
    narrowest: float
    widest: float
    uncertainty: float

    @property
    def objection(self):
        """Why the draws are not those of the posterior; "" if they are."""
        slack = 3 * self.uncertainty
        if not self.share >= _WEIGHT:
            return f"only {100 * self.share:.0f} % of the combined draws carry weight in the posterior of all data"
        if self.shift > _SHIFT + slack:
            return f"the posterior of all data has a mean {self.shift:.2f} standard deviations away"
        if self.narrowest < _WIDTHS[0] - slack or self.widest > _WIDTHS[1] + slack:
            return f"the posterior of all data has {self.narrowest:.2f} to {self.widest:.2f} times the widths"
        return ""

    def __str__(self):
        return (
            f"against the posterior of all data {100 * self.share:.0f} % of the draws carry weight, means move by at "
            f"most {self.shift:.2f} standard deviations, widths by factors {self.narrowest:.2f} to {self.widest:.2f}"
        )


def weighting(draws, log_probability):
    """Hold draws, shape (chains, draws, n), against the log probability of all data at them, shape (chains, draws)."""
    mean, covariance = moments_of(draws)
    flat = draws.reshape(-1, draws.shape[-1])
    offsets = flat - mean
    log_weight = (log_probability - _log_gaussian(draws)).reshape(-1)
    weight = np.exp(log_weight - np.max(log_weight))
    weight = weight / np.sum(weight)
    share = 1 / (weight.size * float(np.sum(weight**2)))
    sizes = [ess_bulk(draws[..., k]) for k in range(draws.shape[-1])]
    size = min((s for s in sizes if math.isfinite(s)), default=float(weight.size))
    moved = weight @ offsets
    ratio = np.sqrt(weight @ (offsets - moved) ** 2 / np.diag(covariance))
    return Weighting(
        share,
        float(np.max(np.abs(moved) / np.sqrt(np.diag(covariance)))),
        float(ratio.min()),
        float(ratio.max()),
        math.sqrt(max(1 / share - 1, 0.0) / size),
    )
