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
        Of single numbers, or of whatever else the function needs and is the same for every entry. Where what changes is
        an array in it, or a value in an object that JAX does not know, the sum is differentiated step by step instead.
    xp : module
        Array namespace.

    Returns
    -------
    array of the shape of ``arrays``
    """
    if not is_jax_namespace(xp):
        return sum(function(*(row[k, ...] for row in rows), *arrays, numbers) for k in range(rows[0].shape[0]))
    import jax

    leaves, tree = jax.tree.flatten(numbers)
    places = [k for k, leaf in enumerate(leaves) if isinstance(leaf, jax.Array)]
    known = tuple(leaves[k] for k in places)

    def term(row, inputs):
        arrays_there, known_there = inputs[: len(arrays)], inputs[len(arrays) :]
        return function(*row, *arrays_there, jax.tree.unflatten(tree, _replaced(leaves, places, known_there)))

    inputs = (*arrays, *known)
    traced = jax.make_jaxpr(term)(tuple(row[0] for row in rows), inputs)
    if any(isinstance(value, jax.core.Tracer) for value in traced.consts):
        return _scanned(lambda row: term(row, inputs), rows, arrays[0], xp)
    return _differentiable_sum(term, len(arrays), xp)(rows, inputs)


def _replaced(values, places, others):
    """The values as a list, with the others in these places."""
    filled = list(values)
    for k, value in zip(places, others, strict=True):
        filled[k] = value
    return filled


def _scanned(function, rows, like, xp):
    """The sum over the rows of what the function makes of their entries: arrays, or trees of arrays, like ``like``."""
    import jax

    def body(total, entries):
        return jax.tree.map(xp.add, total, function(entries)), None

    return jax.lax.scan(jax.checkpoint(body), jax.tree.map(xp.zeros_like, like), rows)[0]


def _differentiable_sum(term, n_arrays, xp):
    import jax

    def step_by_step(rows, inputs):
        return _scanned(lambda row: term(row, inputs), rows, inputs[0], xp)

    def derivative(arguments, changes):
        (rows, inputs), (_, changes) = arguments, changes
        moving = [k for k, c in enumerate(changes) if not isinstance(c, jax.custom_derivatives.SymbolicZero)]
        shifts = tuple(changes[k] for k in moving)
        if any(k >= n_arrays and inputs[k].shape for k in moving):
            moved = tuple(inputs[k] for k in moving)
            return jax.jvp(lambda *those: step_by_step(rows, _replaced(inputs, moving, those)), moved, shifts)
        like = (inputs[0], (inputs[0],) * len(moving))
        value, slopes = _scanned(lambda row: _per_entry(term, row, inputs, n_arrays, moving, xp), rows, like, xp)
        return value, sum(slope * shift for slope, shift in zip(slopes, shifts, strict=True))

    total = jax.custom_jvp(step_by_step)
    total.defjvp(derivative, symbolic_zeros=True)
    return total


def _per_entry(term, row, inputs, n_arrays, moving, xp):
    """``term(row, inputs)``, and a tuple of how fast each entry changes with each of the inputs in ``moving``.

    The first ``n_arrays`` inputs are arrays of one shape, which enter entry by entry; of the others those that move are
    single numbers.
    """
    import jax

    shape = inputs[0].shape

    def one_entry(*inputs):
        moved = [inputs[k] for k in moving]
        value, pull_back = jax.vjp(lambda *those: term(row, _replaced(inputs, moving, those)), *moved)
        return value, pull_back(xp.ones_like(value))

    entries = (xp.reshape(a, (-1,) + (1,) * len(shape)) for a in inputs[:n_arrays])
    axes = (0,) * n_arrays + (None,) * (len(inputs) - n_arrays)
    found = jax.vmap(one_entry, in_axes=axes)(*entries, *inputs[n_arrays:])
    return jax.tree.map(lambda a: xp.reshape(a, shape), found)
