"""The few array operations that NumPy, JAX and the array-API standard spell differently."""

__all__ = [
    "floating",
    "frozen",
    "gamma_function",
    "given",
    "log_normal_cdf",
    "next_fast_length",
    "normal_quantile",
    "safe_input",
    "segment_mean",
    "value_where",
]

import numpy as np

from ..errors import DataError, UnitError
from .namespace import is_jax_array, is_jax_namespace, is_numpy_namespace
from .quantity import carries_unit


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
        If the values are not real numbers, or carry a mask, or a unit (UnitError), that would be lost.
    """
    numpy_like = isinstance(value, (np.ndarray, np.generic)) or not hasattr(value, "__array_namespace__")
    if is_jax_array(value) or not numpy_like:
        return value
    if carries_unit(value):
        raise UnitError(f"give plain numbers: the unit of a {type(value).__name__} would be lost")
    if isinstance(value, np.ma.MaskedArray):
        raise DataError(f"give plain numbers: the mask of a {type(value).__name__} would be lost")
    try:
        array = np.asarray(value)
    except (TypeError, ValueError) as error:
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


def log_normal_cdf(value, *, xp=np):
    """Logarithm of the standard normal distribution function, accurate far below zero too."""
    if is_jax_namespace(xp):
        from jax.scipy.special import log_ndtr

        return log_ndtr(value)
    from scipy.special import log_ndtr

    return xp.asarray(log_ndtr(np.asarray(value)))


def gamma_function(value, *, xp=np):
    """The gamma function of a positive number."""
    if is_jax_namespace(xp):
        from jax.scipy.special import gammaln

        return xp.exp(gammaln(value))
    from scipy.special import gamma

    return xp.asarray(gamma(np.asarray(value)))


def safe_input(value, allowed, substitute, *, xp=np):
    """What to hand to a function that must not see a value that is not allowed.

    NumPy gets the value itself, so that the function can raise. Compiled code cannot raise; it gets ``substitute()``,
    and what it computes there has to be discarded.
    """
    return value if is_numpy_namespace(xp) else xp.where(allowed, value, xp.asarray(substitute()))


def value_where(condition, function, otherwise, *, xp=np):
    """``function()`` where a single condition holds, else the number ``otherwise``.

    NumPy calls the function only if the condition holds; compiled code computes both and chooses.
    """
    if is_numpy_namespace(xp):
        return function() if condition else otherwise
    return xp.where(condition, function(), xp.asarray(otherwise))


def given(value, *, xp=np):
    """The same value, which derivatives treat as a constant."""
    if not is_jax_namespace(xp):
        return value
    from jax.lax import stop_gradient

    return stop_gradient(value)
