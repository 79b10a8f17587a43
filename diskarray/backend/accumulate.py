"""Sums of many terms that are never held together, and that JAX differentiates by sums of the same kind."""

__all__ = ["accumulate"]

import numpy as np

from .namespace import is_jax_namespace


def accumulate(function, rows, arrays, numbers=(), *, xp=np):
    """``sum_k function(*(row[k] for row in rows), *arrays, numbers)``, one k at a time.

    Under JAX it is a scan. How fast an entry of the sum changes with the same entry of an array, or with a number, is a
    sum over k as well, and is added up beside the value: a gradient and a Jacobian take one such scan each, which keeps
    the arrays of one step, and numbers cost one sum over the entries each instead of one for every k.

    Parameters
    ----------
    function : callable
        Maps one entry of every row, the arrays and the numbers to an array, entry by entry.
    rows : tuple of arrays, shape (K, ...)
    arrays : tuple of arrays, all of one shape; at least one
    numbers : tree
        Of single numbers, or of whatever else the function needs: what depends on arrays in it, or on values that JAX
        does not see, is differentiated step by step.
    xp : module
        Array namespace.

    Returns
    -------
    array of the shape of ``arrays``
    """
    if not is_jax_namespace(xp):
        return sum(function(*(row[k, ...] for row in rows), *arrays, numbers) for k in range(rows[0].shape[0]))
    import jax

    term, singles = _term_of_singles(function, numbers)
    seen = jax.make_jaxpr(term)(tuple(row[0] for row in rows), arrays, singles).consts
    if any(isinstance(value, jax.core.Tracer) for value in seen):
        return _scanned(lambda row: term(row, arrays, singles), rows, arrays[0], xp)
    return _differentiable_sum(term, xp)(rows, arrays, singles)


def _term_of_singles(function, numbers):
    """``term(row, arrays, singles)``, the function of the single numbers among ``numbers``, and those numbers."""
    import jax

    leaves, tree = jax.tree.flatten(numbers)
    places = [k for k, leaf in enumerate(leaves) if isinstance(leaf, jax.Array) and leaf.shape == ()]

    def term(row, arrays, singles):
        filled = list(leaves)
        for k, value in zip(places, singles, strict=True):
            filled[k] = value
        return function(*row, *arrays, jax.tree.unflatten(tree, filled))

    return term, tuple(leaves[k] for k in places)


def _scanned(function, rows, like, xp):
    """The sum over the rows of what the function makes of their entries: arrays, or trees of arrays, like ``like``."""
    import jax

    def body(total, entries):
        return jax.tree.map(xp.add, total, function(entries)), None

    return jax.lax.scan(jax.checkpoint(body), jax.tree.map(xp.zeros_like, like), rows)[0]


def _differentiable_sum(term, xp):
    import jax

    @jax.custom_jvp
    def total(rows, arrays, singles):
        return _scanned(lambda row: term(row, arrays, singles), rows, arrays[0], xp)

    def derivative(arguments, changes):
        rows, arrays, singles = arguments
        inputs, changes = (*arrays, *singles), (*changes[1], *changes[2])
        moving = [k for k, c in enumerate(changes) if not isinstance(c, jax.custom_derivatives.SymbolicZero)]

        def value_and_slopes(row):
            return _per_entry(lambda *ins: term(row, ins[: len(arrays)], ins[len(arrays) :]), inputs, moving, xp)

        value, slopes = _scanned(value_and_slopes, rows, (arrays[0], (arrays[0],) * len(moving)), xp)
        return value, sum(slope * changes[k] for slope, k in zip(slopes, moving, strict=True))

    total.defjvp(derivative, symbolic_zeros=True)
    return total


def _per_entry(function, inputs, moving, xp):
    """``function(*inputs)``, entry by entry, and a tuple of its derivatives with respect to the inputs in ``moving``.

    Inputs are arrays of one shape, the first among them, and single numbers, for which a derivative is an array too.
    """
    import jax

    shape = inputs[0].shape

    def one_entry(*inputs):
        def of_moving(*moved):
            filled = list(inputs)
            for k, value in zip(moving, moved, strict=True):
                filled[k] = value
            return function(*filled)

        value, pull_back = jax.vjp(of_moving, *(inputs[k] for k in moving))
        return value, pull_back(xp.ones_like(value))

    single = [value.shape == () for value in inputs]
    entries = (a if one else xp.reshape(a, (-1,) + (1,) * len(shape)) for a, one in zip(inputs, single, strict=True))
    found = jax.vmap(one_entry, in_axes=[None if one else 0 for one in single])(*entries)
    return jax.tree.map(lambda a: xp.reshape(a, shape), found)
