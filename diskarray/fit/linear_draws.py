"""Draws of linear parameters from their Gaussian within its bounds, one for each set of the other parameters."""

__all__ = ["draws_within"]

import numpy as np

from .box_probability import given_first, log_first_density, nodes_along_first

_CHUNK = 1000
_STEPS = np.linspace(0.0, 1.0, 40, endpoint=False)


def draws_within(means, covariances, places, lower, upper, random):
    """One draw for every row.

    Parameters
    ----------
    means, covariances : arrays, shapes (m, k) and (m, k, k)
        Of the Gaussians without bounds; a variance of 0 leaves an amplitude at its mean.
    places : array of int
        The bounded amplitudes, two at most.
    lower, upper : arrays, shape (k,)
    random : numpy.random.Generator

    Returns
    -------
    array, shape (m, k)
    """
    draws = np.array(means)
    others = np.setdiff1d(np.arange(means.shape[1]), places)
    if len(places):
        block = covariances[:, places][:, :, places]
        draws[:, places] = _bounded(means[:, places], block, lower[places], upper[places], random)
        across = covariances[:, others][:, :, places]
        gain = across @ _inverse(block)
        draws[:, others] += np.einsum("mij,mj->mi", gain, draws[:, places] - means[:, places])
        rest = covariances[:, others][:, :, others] - gain @ np.swapaxes(across, 1, 2)
    else:
        rest = covariances
    normal = random.standard_normal((len(means), others.size))
    draws[:, others] += np.einsum("mij,mj->mi", _root(rest), normal)
    return draws


def _bounded(means, covariances, lower, upper, random):
    u = random.uniform(size=means.shape)
    if means.shape[1] == 1:
        sigma = np.sqrt(covariances[:, 0, 0])
        return _truncated(u[:, 0], means[:, 0], sigma, lower[0], upper[0])[:, None]
    chunks = [slice(k, k + _CHUNK) for k in range(0, len(means), _CHUNK)]
    return np.concatenate([_pairs(u[c], means[c], covariances[c], lower, upper) for c in chunks])


def _pairs(u, means, covariances, lower, upper):
    """The first amplitude from its own distribution, tabulated; the second given the first."""
    means, covariances = means.T, np.moveaxis(covariances, 0, -1)
    edges = nodes_along_first(means, covariances, lower, upper)
    points = edges[:-1, None] + _STEPS[None, :, None] * (edges[1:] - edges[:-1])[:, None]
    points = np.concatenate([points.reshape(-1, points.shape[-1]), edges[-1:]])
    density = log_first_density(points, means, covariances, lower, upper)
    density = np.exp(density - density.max(axis=0))
    steps = np.diff(points, axis=0)
    total = np.cumsum(0.5 * (density[1:] + density[:-1]) * steps, axis=0)
    wanted = u[:, 0] * total[-1]
    row, number = np.minimum(np.sum(total < wanted, axis=0), len(total) - 1), np.arange(len(u))
    before = np.where(row > 0, total[row - 1, number], 0.0)
    share = (wanted - before) / np.maximum(total[row, number] - before, 1e-300)
    first = points[row, number] + share * steps[row, number]
    center, _, sigma = given_first(first, means, covariances)
    return np.stack([first, _truncated(u[:, 1], center, sigma, lower[1], upper[1])], axis=-1)


def _truncated(u, mean, sigma, lower, upper):
    """Quantiles of a Gaussian within bounds."""
    from scipy.stats import truncnorm

    known = np.where(sigma > 0, sigma, 1.0)
    values = truncnorm.ppf(u, (lower - mean) / known, (upper - mean) / known)
    return np.where(sigma > 0, np.clip(mean + known * values, lower, upper), mean)


def _scaled(matrices):
    scale = np.sqrt(np.einsum("mii->mi", matrices))
    scale = np.where(scale > 0, scale, 1.0)
    return matrices / (scale[:, :, None] * scale[:, None, :]), scale


def _root(matrices):
    """Factors, ``root @ root.T`` is the matrix, made so that they do not depend on the signs of eigenvectors."""
    correlation, scale = _scaled(matrices)
    values, vectors = np.linalg.eigh(correlation)
    roots = np.sqrt(np.maximum(values, 0.0))
    return scale[:, :, None] * ((vectors * roots[:, None, :]) @ np.swapaxes(vectors, 1, 2))


def _inverse(matrices):
    correlation, scale = _scaled(matrices)
    return np.linalg.pinv(correlation, hermitian=True) / (scale[:, :, None] * scale[:, None, :])
