"""The few array operations that NumPy, JAX and the array-API standard spell differently."""

__all__ = [
    "segment_mean", "frozen", "next_fast_length", "normal_quantile", "gamma_function", "accumulate",
    "sum_over_intervals",
]

import numpy as np

from .namespace import is_jax_array, is_jax_namespace, is_numpy_namespace


_BLOCK = 8192  # entries: a few dozen temporary arrays of this length fit a core's cache


def segment_mean(values, lengths, *, xp=np):
    """Means over consecutive runs of the first axis.

    Parameters
    ----------
    values : array, shape (sum(lengths), ...)
    lengths : numpy.ndarray of int, shape (N,)
        Length of every run, at least 1.
    xp : module
        Array namespace.

    Returns
    -------
    array, shape (N, ...)
    """
    starts = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    if is_numpy_namespace(xp):
        sums = np.add.reduceat(values, starts, axis=0)
    elif is_jax_namespace(xp):
        from jax.ops import segment_sum

        runs = np.repeat(np.arange(len(lengths)), lengths)
        sums = segment_sum(values, runs, num_segments=len(lengths), indices_are_sorted=True)
    else:
        sums = xp.stack([xp.sum(values[s : s + n, ...], axis=0) for s, n in zip(starts, lengths, strict=True)])
    shape = (-1,) + (1,) * (values.ndim - 1)
    return sums / xp.reshape(xp.asarray(lengths, dtype=values.dtype), shape)


def frozen(value):
    """A read-only float64 copy for NumPy-like input; a JAX or other array as it is."""
    if is_jax_array(value) or (hasattr(value, "__array_namespace__") and not isinstance(value, (np.ndarray, np.generic))):
        return value
    array = np.array(value, dtype=float)
    array.flags.writeable = False
    return array


def next_fast_length(length):
    """The smallest transform length at or above ``length`` that a real FFT does quickly."""
    from scipy.fft import next_fast_len

    return next_fast_len(int(length), real=True)


def normal_quantile(probability, *, xp=np):
    """Inverse of the standard normal distribution function."""
    if is_jax_namespace(xp):
        from jax.scipy.special import ndtri
    else:
        from scipy.special import ndtri
    return ndtri(probability)


def gamma_function(value, *, xp=np):
    """The gamma function of a positive number."""
    if is_jax_namespace(xp):
        from jax.scipy.special import gammaln

        return xp.exp(gammaln(value))
    from scipy.special import gamma

    return xp.asarray(gamma(np.asarray(value)))


def accumulate(function, rows, *, xp=np):
    """``sum_k function(*(row[k] for row in rows))``, one k at a time, never holding all terms.

    Under JAX it is a scan whose body is rematerialized, so that neither the value nor its gradient keeps the
    arrays of more than one step.

    Parameters
    ----------
    function : callable
        Maps one entry of every row to an array.
    rows : tuple of arrays, shape (K, ...)
    xp : module
        Array namespace.
    """
    if not is_jax_namespace(xp):
        return sum(function(*(row[k, ...] for row in rows)) for k in range(rows[0].shape[0]))
    import jax

    def body(total, entries):
        return total + function(*entries), None

    like = jax.eval_shape(function, *(row[0] for row in rows))
    return jax.lax.scan(jax.checkpoint(body), xp.zeros(like.shape, like.dtype), rows)[0]


def sum_over_intervals(function, lines, edges, *, xp=np):
    """Sum over consecutive intervals of a function that is zero on empty ones.

    NumPy leaves the empty intervals out and works through the others in blocks that stay in the processor's
    cache; compiled backends, whose shapes must not depend on values, evaluate all of them.

    Parameters
    ----------
    function : callable
        ``function(*lines, start, end)``, elementwise over arrays of one dimension.
    lines : tuple of arrays, shape (M,)
    edges : array, shape (P + 1, M)
        Not decreasing along the first axis.
    xp : module
        Array namespace.

    Returns
    -------
    array, shape (M,)
    """
    if not is_numpy_namespace(xp):
        return accumulate(lambda start, end: function(*lines, start, end), (edges[:-1, ...], edges[1:, ...]), xp=xp)
    interval, line = np.nonzero(edges[1:] > edges[:-1])
    values = np.empty(line.size)
    for first in range(0, line.size, _BLOCK):
        block = slice(first, first + _BLOCK)
        where, which = line[block], interval[block]
        values[block] = function(*(a[where] for a in lines), edges[which, where], edges[which + 1, where])
    return np.bincount(line, weights=values, minlength=edges.shape[1])
