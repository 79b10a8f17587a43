"""Parameter covariance from the Jacobian of whitened residuals: (J^T J)^-1, for independent noise."""

__all__ = ["condition_of", "correlated_pairs", "covariance_from"]

import numpy as np

_SINGULAR = 1e-10
_FLAT = 1e-4  # sigma per coordinate: a parameter whose uncertainty is 10^4 prior widths is not constrained


def covariance_from(jacobian, usable):
    """Covariance of the usable parameters; NaN for the others.

    Parameters
    ----------
    jacobian : array, shape (N, n)
        Derivatives of the whitened residuals with respect to coordinates of order one.
    usable : array of bool, shape (n,)
        False for parameters held by a bound; the others are then conditional on them.

    Returns
    -------
    covariance : array, shape (n, n)
    unconstrained : array of bool, shape (n,)
        True for parameters that take part in a direction along which the residuals do not change.
    """
    n = jacobian.shape[1]
    covariance = np.full((n, n), np.nan)
    unconstrained = np.zeros(n, dtype=bool)
    index = np.flatnonzero(usable)
    scale = np.linalg.norm(jacobian[:, index], axis=0)
    unconstrained[index[scale < _FLAT]] = True
    index, scale = index[scale >= _FLAT], scale[scale >= _FLAT]
    if index.size == 0:
        return covariance, unconstrained
    _, singular, rows = np.linalg.svd(jacobian[:, index] / scale, full_matrices=False)
    lost = singular < _SINGULAR * singular[0]
    involved = np.any(np.abs(rows[lost]) > 1e-3, axis=0) if lost.any() else np.zeros(index.size, dtype=bool)
    unconstrained[index[involved]] = True
    kept = rows[~lost] / singular[~lost][:, None]
    block = (kept.T @ kept) / np.outer(scale, scale)
    block[involved, :] = np.nan
    block[:, involved] = np.nan
    covariance[np.ix_(index, index)] = block
    return covariance, unconstrained


def condition_of(jacobian, usable):
    """Condition number of the normal matrix of the usable parameters, its columns brought to unit length.

    It does not depend on units: 1 for parameters that have nothing to do with each other, infinite where one of them
    has no effect or two the same.
    """
    columns = jacobian[:, usable]
    length = np.linalg.norm(columns, axis=0)
    if not columns.shape[1]:
        return 1.0
    if np.any(length == 0):
        return float("inf")
    singular = np.linalg.svd(columns / length, compute_uv=False)
    return float((singular[0] / singular[-1]) ** 2) if singular[-1] > 0 else float("inf")


def correlated_pairs(names, covariance, limit=0.95):
    """Pairs of parameters with a correlation beyond ``limit``: tuples (name, name, correlation), strongest first."""
    sigma = np.sqrt(np.diag(covariance))
    with np.errstate(invalid="ignore"):
        correlation = covariance / np.outer(sigma, sigma)
        rows, columns = np.nonzero(np.triu(np.abs(correlation) > limit, 1))
    pairs = [(names[i], names[j], float(correlation[i, j])) for i, j in zip(rows, columns, strict=True)]
    return tuple(sorted(pairs, key=lambda pair: -abs(pair[2])))
