"""The few array operations that NumPy, JAX and the array-API standard spell differently."""

__all__ = [
    "accumulate",
    "floating",
    "frozen",
    "gamma_function",
    "in_blocks",
    "next_fast_length",
    "normal_quantile",
    "repeated",
    "safe_input",
    "segment_mean",
    "sum_over_intervals",
    "value_where",
]

import numpy as np

from ..errors import DataError
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
    """A read-only float64 copy for NumPy-like input; a JAX or other array as it is.

    Raises
    ------
    DataError
        If the values are not real numbers, or carry a unit or a mask that would be lost.
    """
    numpy_like = isinstance(value, (np.ndarray, np.generic)) or not hasattr(value, "__array_namespace__")
    if is_jax_array(value) or not numpy_like:
        return value
    if hasattr(value, "unit") or isinstance(value, np.ma.MaskedArray):
        raise DataError(f"give plain numbers: the unit or mask of a {type(value).__name__} would be lost")
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise DataError(f"not an array of numbers: {error}") from error
    if array.dtype.kind not in "biuf":
        raise DataError(f"not an array of real numbers: its type is {array.dtype}")
    array = np.array(array, dtype=float)
    array.flags.writeable = False
    return array


def floating(value, *, xp=np):
    """The value as an array of floating-point numbers; whole numbers are converted."""
    array = xp.asarray(value)
    return array if xp.isdtype(array.dtype, "real floating") else xp.astype(array, xp.zeros(()).dtype)


def next_fast_length(length):
    """The smallest transform length at or above ``length`` that a real FFT does quickly."""
    from scipy.fft import next_fast_len

    return next_fast_len(int(length), real=True)


def normal_quantile(probability, *, xp=np):
    """Inverse of the standard normal distribution function."""
    if is_jax_namespace(xp):
        from jax.scipy.special import ndtri

        return ndtri(probability)
    from scipy.special import ndtri

    return xp.asarray(ndtri(np.asarray(probability)))


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


def repeated(function, value, times, *, xp=np):
    """``function`` applied ``times`` times to ``value``; compiled code holds one copy of it."""
    if not is_jax_namespace(xp):
        for _ in range(times):
            value = function(value)
        return value
    import jax

    return jax.lax.fori_loop(0, times, lambda _, latest: function(latest), value)


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
    for block in _blocks(line.size):
        where, which = line[block], interval[block]
        values[block] = function(*(a[where] for a in lines), edges[which, where], edges[which + 1, where])
    return np.bincount(line, weights=values, minlength=edges.shape[1])


def in_blocks(function, lines, *, xp=np):
    """``function(*lines)`` of arrays that it treats entry by entry, shape (M,) -> (M,).

    NumPy takes blocks whose temporary arrays stay in the processor's cache; compiled code, which fuses its loops,
    takes all entries at once.
    """
    if not is_numpy_namespace(xp) or lines[0].size <= _BLOCK:
        return function(*lines)
    return np.concatenate([function(*(a[block] for a in lines)) for block in _blocks(lines[0].size)])


def _blocks(size):
    return [slice(first, first + _BLOCK) for first in range(0, size, _BLOCK)]


def safe_input(value, allowed, substitute, *, xp=np):
    """What to hand to a function that must not see a value that is not allowed.

    NumPy gets the value itself, so that the function can raise. Compiled code cannot raise; it gets ``substitute``,
    and what it computes there has to be discarded.
    """
    return value if is_numpy_namespace(xp) else xp.where(allowed, value, xp.asarray(substitute))


def value_where(condition, function, otherwise, *, xp=np):
    """``function()`` where a single condition holds, else the number ``otherwise``.

    NumPy calls the function only if the condition holds; compiled code computes both and chooses.
    """
    if is_numpy_namespace(xp):
        return function() if condition else otherwise
    return xp.where(condition, function(), xp.asarray(otherwise))
