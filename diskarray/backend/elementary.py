"""Elementary functions written so that compiled code, and what JAX derives from it, stays fast on processors.

Elsewhere they are the library's own. What each of them avoids was measured (docs/architecture.md).
"""

__all__ = ["logarithm", "power", "square_root", "with_slopes"]

from functools import lru_cache

import numpy as np

from .namespace import is_jax_namespace

_MANTISSA_BITS = np.uint64(52)
_MANTISSA = np.uint64(2**52 - 1)
_LOWEST = np.float64(np.sqrt(0.5)).view(np.uint64)  # mantissas are taken from here to twice this
_TO_LOWEST = np.float64(1.0).view(np.uint64) - _LOWEST
_LARGE = np.uint64(0x4330000000000000)  # the bits of 2^52, which as a float holds whole numbers in its mantissa
_BIAS = 2.0**52 + 1023
_SMALLEST_NORMAL, _LARGEST = np.finfo(float).tiny, np.finfo(float).max
# log((1 + s) / (1 - s)) = 2 s + s^3 P(s^2) for |s| < 0.172, the minimax polynomial of Sun's fdlibm (e_log.c)
_SERIES = (
    1.479819860511658591e-01,
    1.531383769920937332e-01,
    1.818357216161805012e-01,
    2.222219843214978396e-01,
    2.857142874366239149e-01,
    3.999999999940941908e-01,
    6.666666666666735130e-01,
)


def with_slopes(function, slopes):
    """An elementwise function whose derivatives JAX takes from formulas that share what the value needed.

    Parameters
    ----------
    function : callable
        ``function(*arrays, xp=np)``, an array and a tuple of what its slopes use again. Without such a tuple the
        function itself need not be differentiable; what is in it is differentiated for second derivatives.
    slopes : callable
        ``slopes(value, *again, *arrays, xp=np)``, its derivative with respect to each array, a tuple.

    Returns
    -------
    callable
        ``function(*arrays, xp=np)``, an array; with NumPy the function itself.
    """

    @lru_cache(maxsize=1)
    def differentiable():
        import jax

        xp, nothing = jax.numpy, jax.custom_derivatives.SymbolicZero
        rule = jax.custom_jvp(jax.jit(lambda *arrays: function(*arrays, xp=xp)[0], inline=True))

        def derivative(arrays, changes):
            value, again = function(*arrays, xp=xp)
            value = value if again else rule(*arrays)
            terms = zip(slopes(value, *again, *arrays, xp=xp), changes, strict=True)
            return value, sum(slope * change for slope, change in terms if not isinstance(change, nothing))

        rule.defjvp(derivative, symbolic_zeros=True)
        return rule

    def either(*arrays, xp=np):
        return differentiable()(*arrays) if is_jax_namespace(xp) else function(*arrays, xp=xp)[0]

    return either


def _root(value, *, xp=np):
    return xp.sqrt(value), ()


_differentiable_root = with_slopes(_root, lambda root, value, *, xp: (0.5 * root * (1 / value),))


def square_root(value, *, xp=np):
    """The square root; in compiled code its derivative is written so that it stays fast.

    XLA turns a division by a square root into a reciprocal square root, which its processor code evaluates several
    times more slowly than the root and the division. The derivative here is half the root over the value.
    """
    return _differentiable_root(value, xp=xp)


def _natural(value, *, xp=np):
    if not is_jax_namespace(xp) or value.dtype != np.float64:
        return xp.log(value), ()
    return _from_bits(value), ()


def _from_bits(value):
    """The logarithm from the bits of a double: JAX's own primitives, which take a third of the time to be traced."""
    from jax.lax import add, bitcast_convert_type, bitwise_and, bitwise_or, div, ge, le, mul, select, sub
    from jax.lax import shift_right_logical as shifted_right

    bits = add(bitcast_convert_type(value, np.uint64), _TO_LOWEST)
    exponent = sub(bitcast_convert_type(bitwise_or(shifted_right(bits, _MANTISSA_BITS), _LARGE), np.float64), _BIAS)
    mantissa = bitcast_convert_type(add(bitwise_and(bits, _MANTISSA), _LOWEST), np.float64)
    below, above = sub(mantissa, 1.0), add(mantissa, 1.0)
    square = div(mul(below, below), mul(above, above))
    series = add(mul(square, _SERIES[0]), _SERIES[1])
    for coefficient in _SERIES[2:]:
        series = add(mul(series, square), coefficient)
    usual = bitwise_and(ge(value, _SMALLEST_NORMAL), le(value, _LARGEST))
    rest = add(mul(below, 2.0), mul(below, mul(square, series)))
    numerator = add(mul(mul(exponent, np.log(2.0)), above), rest)
    return div(numerator, select(usual, above, mul(above, np.nan)))


_differentiable_logarithm = with_slopes(_natural, lambda _, value, *, xp: (1 / value,))


def logarithm(value, *, xp=np):
    """The natural logarithm of an array of positive normal numbers.

    XLA calls the C library once for every double-precision entry; written with operations that it vectorizes, as here,
    it takes a fifth of the time and is exact to 4 units in the last place. A division comes last, since XLA computes
    anew wherever it is used what ends in anything cheaper. Compiled code gives NaN for what is not positive, infinite,
    or too small to be normal.
    """
    return _differentiable_logarithm(value, xp=xp)


def power(base, exponent, *, xp=np):
    """``base ** exponent`` for a positive base, by way of ``logarithm``, for the same reason."""
    return xp.exp(exponent * logarithm(base, xp=xp))
