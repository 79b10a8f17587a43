"""Linear least squares of a fixed shape: Gram-Schmidt elimination that leaves out dependent columns, and bounds.

Everything is written without branches on numbers, for whole batches of problems, so that compiled code can map and
differentiate it. A column that the ones before it explain to rounding is left out: its coefficient is 0 and every
result stays finite, derivatives included.
"""

__all__ = ["MOST_SETS", "back_substituted", "bounded_minimum", "covariance_of", "n_sets", "orthogonalized"]

import itertools
import math

import numpy as np

MOST_SETS = 256
_DEPENDENT = 1e5  # roundings: a column that is not further than this from the span of the ones before it


def orthogonalized(columns, target, *, xp=np):
    """Modified Gram-Schmidt: ``columns = Q R`` and ``target = Q z + rest``.

    Parameters
    ----------
    columns : array, shape (..., m, k)
    target : array, shape (..., m)
    xp : module
        Array namespace.

    Returns
    -------
    R : array, shape (..., k, k)
        Upper triangular; the row of a column that was left out is that of the unit matrix.
    z : array, shape (..., k)
    rest : array, shape (..., m)
    kept : array of bool, shape (..., k)
    """
    k = columns.shape[-1]
    smallest = (_DEPENDENT * float(xp.finfo(columns.dtype).eps)) ** 2
    original = xp.sum(columns * columns, axis=-2)
    rows, z, kept, number = [], [], [], np.arange(k)
    for j in range(k):
        column = columns[..., :, j]
        squared = xp.sum(column * column, axis=-1)
        keep = squared > smallest * original[..., j]
        safe = xp.where(keep, squared, xp.asarray(1.0, dtype=columns.dtype))
        root = xp.sqrt(safe)
        unit = xp.where(keep, root / safe, xp.asarray(0.0, dtype=columns.dtype))[..., None] * column
        later = xp.asarray(number > j) * xp.matmul(unit[..., None, :], columns)[..., 0, :]
        rows.append(later + xp.asarray(number == j) * root[..., None])
        columns = columns - unit[..., :, None] * later[..., None, :]
        z.append(xp.sum(unit * target, axis=-1))
        target = target - unit * z[-1][..., None]
        kept.append(keep)
    return xp.stack(rows, axis=-2), xp.stack(z, axis=-1), target, xp.stack(kept, axis=-1)


def back_substituted(R, right, *, xp=np):
    """``R^-1 right`` for an upper triangular matrix, shapes (..., k, k) and (..., k, n)."""
    solved = []
    for j in reversed(range(R.shape[-1])):
        value = right[..., j, :]
        for later, row in zip(range(R.shape[-1] - 1, j, -1), solved, strict=True):
            value = value - R[..., j, later, None] * row
        solved.append(value / R[..., j, j, None])
    return xp.stack(solved[::-1], axis=-2)


def covariance_of(R, kept, *, xp=np):
    """``(R^T R)^-1``, zero for columns that were left out."""
    inverse = back_substituted(R, xp.asarray(np.eye(R.shape[-1])), xp=xp) * xp.where(kept, 1.0, 0.0)[..., None, :]
    return xp.matmul(inverse, xp.matrix_transpose(inverse))


def n_sets(lower, upper):
    """How many ways there are for parameters to be free or at one of their finite bounds."""
    return math.prod(1 + int(np.isfinite(lo)) + int(np.isfinite(hi)) for lo, hi in zip(lower, upper, strict=True))


def bounded_minimum(R, z, lower, upper, *, xp=np):
    """The x between bounds that minimizes ``|R x - z|^2``: the best of all sets of parameters held at a bound.

    Parameters
    ----------
    R, z : arrays, shapes (k, k) and (k,)
        R upper triangular.
    lower, upper : numpy.ndarray, shape (k,)
        Infinite where there is no bound; 0 lies between them.

    Returns
    -------
    array, shape (k,)
    """
    free, held = _sets(tuple(lower), tuple(upper))
    columns = R[None, :, :] * xp.asarray(free)[:, None, :]
    target = z[None, :] - xp.matmul(xp.asarray(held), R.T)
    triangle, right, rest, _ = orthogonalized(columns, target, xp=xp)
    x = back_substituted(triangle, right[..., None], xp=xp)[..., 0] + xp.asarray(held)
    inside = xp.all(xp.logical_and(x >= xp.asarray(lower), x <= xp.asarray(upper)), axis=-1)
    best = xp.argmin(xp.where(inside, xp.sum(rest * rest, axis=-1), xp.asarray(math.inf)))
    return xp.take(x, best, axis=0)


def _sets(lower, upper):
    """For every set of parameters at a bound: 1 for free ones, and the values of those held; fewest held first."""
    choices = [
        [(1.0, 0.0), *[(0.0, end) for end in ends if math.isfinite(end)]] for ends in zip(lower, upper, strict=True)
    ]
    sets = sorted(itertools.product(*choices), key=lambda one: -sum(free for free, _ in one))
    table = np.array(sets)
    return table[..., 0], table[..., 1]
