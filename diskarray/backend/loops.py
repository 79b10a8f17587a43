"""Loops and branches that NumPy runs as Python and JAX as parts of its compiled code."""

__all__ = ["branch", "fastest_block", "in_blocks", "on_nonzero", "repeated", "sorted_rows"]

import numpy as np

from .namespace import concrete, is_jax_namespace, is_numpy_namespace

_BLOCK = 32768  # entries of compiled code's arrays in a block
_ALIGNED = 8  # doubles that a cache line holds: blocks that begin within one take compiled code twice as long
_NUMPY_BLOCK = 131072  # NumPy's calls cost more than leaving the nearest cache
_NEVER_TOUCHED = 4_000_000  # doubles; just below the 32 MiB up to which glibc learns from what is freed


def repeated(function, value, times, *, xp=np):
    """``function`` applied ``times`` times to ``value``; compiled code holds one copy of it."""
    if not is_jax_namespace(xp):
        for _ in range(times):
            value = function(value)
        return value
    import jax

    return jax.lax.fori_loop(0, times, lambda _, latest: function(latest), value)


def sorted_rows(rows, *, xp=np):
    """Every column of a few long rows in ascending order, shape (S, M).

    Compiled code compares whole rows, neighbors in turn, S times over (odd-even transposition sort): XLA's processor
    code sorts short columns one entry at a time, which takes ten times as long.
    """
    if not is_jax_namespace(xp):
        return xp.sort(rows, axis=0)
    number = rows.shape[0]
    if number % 2:
        rows = xp.concat([rows, xp.full_like(rows[:1], np.inf)])

    def twice(pair):
        even, odd = _in_order(*pair, xp)
        lower, upper = _in_order(odd[:-1], even[1:], xp)
        return xp.concat([even[:1], upper]), xp.concat([lower, odd[-1:]])

    pair = repeated(twice, (rows[0::2], rows[1::2]), -(-number // 2), xp=xp)
    return xp.reshape(xp.stack(pair, axis=1), rows.shape)[:number]


def _in_order(a, b, xp):
    swapped = a > b
    return xp.where(swapped, b, a), xp.where(swapped, a, b)


def on_nonzero(function, factor, arrays, *, xp=np):
    """``function(factor, *arrays)``, elementwise and zero where the factor is; NumPy leaves those entries out.

    Parameters
    ----------
    function : callable
        Elementwise over arrays of one shape.
    factor : array
    arrays : tuple of arrays of the shape of ``factor``
    xp : module
        Array namespace.
    """
    if not is_numpy_namespace(xp):
        return function(factor, *arrays)
    chosen = np.flatnonzero(factor)
    if chosen.size == factor.size:
        return function(factor, *arrays)
    values = np.zeros(factor.size)
    values[chosen] = function(*(a.ravel()[chosen] for a in (factor, *arrays)))
    return values.reshape(factor.shape)


def in_blocks(function, lines, length, *, xp=np):
    """``function(*lines)`` of arrays that it treats entry by entry, (M, ...) -> (M,), some ``length`` at a time.

    Every block's temporary arrays are dropped before the next. Under JAX the blocks are equal and begin with a cache
    line (the last one is filled up with entries of the first), and rematerialized, so that a gradient needs the memory
    of one block too.
    """
    size = lines[0].shape[0]
    number = -(-size // length)
    if is_numpy_namespace(xp):
        _keep_freed_memory()
    if number <= 1:
        return function(*lines)
    if not is_jax_namespace(xp):
        blocks = [slice(k * length, min((k + 1) * length, size)) for k in range(number)]
        return xp.concat([function(*(a[block] for a in lines)) for block in blocks])
    import jax

    even = min(-(-size // (number * _ALIGNED)) * _ALIGNED, size)
    number = -(-size // even)

    @jax.checkpoint  # all of it: else a gradient keeps the lines once more as they are cut into blocks
    def all_blocks(*lines):
        filled = tuple(
            xp.reshape(xp.concat([a, a[: number * even - size]]), (number, even, *a.shape[1:])) for a in lines
        )
        values = jax.lax.map(jax.checkpoint(lambda block: function(*block)), filled)
        return xp.reshape(values, (-1,))[:size]

    return all_blocks(*lines)


def _keep_freed_memory():
    """Have the C library keep the memory of freed arrays for the next ones.

    On Linux it otherwise hands most of it back to the system and fetches it anew, page by page, which takes twice as
    long as what is computed with it; once it has seen a large array freed it no longer does.
    """
    np.empty(_NEVER_TOUCHED)


def fastest_block(*, xp=np):
    """How many entries the arrays of a block should have so that the whole takes the least time (measured)."""
    return _NUMPY_BLOCK if is_numpy_namespace(xp) else _BLOCK


def branch(index, functions, *, xp=np):
    """``functions[index]()``: one of several ways to the same array, or of two by a condition.

    NumPy, and JAX where the number is known, run that one only. Compiled code holds all of them and chooses while it
    runs; under ``vmap`` it runs them all.
    """
    if concrete(index) or not is_jax_namespace(xp):
        return functions[int(index)]()
    import jax

    return jax.lax.switch(xp.astype(index, xp.int32), functions)
