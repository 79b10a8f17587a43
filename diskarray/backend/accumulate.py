"""Sums of many terms that are never held together, and that JAX differentiates by sums of the same kind."""

__all__ = ["accumulate", "chosen_rows"]

import numpy as np

from .namespace import concrete, is_jax_array, is_jax_namespace, is_traced
from .numbers import replaced


def accumulate(function, rows, arrays, numbers=(), *, count=None, xp=np):
    """``sum_k function(*(row[k] for row in rows), *arrays, numbers)``, one k at a time.

    Under JAX it is a scan. How fast an entry of the sum changes with the same entry of an array, or with a number, is a
    sum over k as well, and is added up beside the value: a gradient and a Jacobian take one such scan each, which keeps
    the arrays of one step, and numbers cost one sum over the entries each instead of one for every k.

    Parameters
    ----------
    function : callable
        Maps one entry of every row, the arrays and the numbers to an array, entry by entry.
    rows : tuple of arrays, shape (K, ...)
        Nodes and weights, say: nothing is differentiated by them.
    arrays : tuple of arrays, all of one shape; at least one
    numbers : tree
        Of single numbers, or of whatever else the function needs and is the same for every entry. Where what changes is
        an array in it, or a value in an object that JAX does not know, the sum is differentiated step by step instead.
    count : 0-d array of an integer type, optional
        How many of the rows are added up where compiled code finds that out only while it runs; the others must add
        nothing.
    xp : module
        Array namespace.

    Returns
    -------
    array of the shape of ``arrays``
    """
    if not is_jax_namespace(xp):
        size = rows[0].shape[0] if count is None else int(count)
        return sum(function(*(row[k, ...] for row in rows), *arrays, numbers) for k in range(size))
    import jax

    leaves, tree = jax.tree.flatten(numbers)
    places = [k for k, leaf in enumerate(leaves) if is_jax_array(leaf)]
    known = tuple(leaves[k] for k in places)

    def term(row, inputs):
        arrays_there, known_there = inputs[: len(arrays)], inputs[len(arrays) :]
        return function(*row, *arrays_there, jax.tree.unflatten(tree, replaced(leaves, places, known_there)))

    inputs = (*arrays, *known)
    traced = jax.make_jaxpr(term)(tuple(row[0] for row in rows), inputs)
    like = jax.ShapeDtypeStruct(arrays[0].shape, arrays[0].dtype)
    if any(is_traced(value) for value in traced.consts):
        return _all_rows(term, rows, inputs, like, xp)
    return _differentiable_sum(term, len(arrays), like, xp)(rows, count, inputs)


def chosen_rows(tables, index, *, xp=np):
    """The rows of one of several tables, to be accumulated.

    Parameters
    ----------
    tables : list of tuples of numpy.ndarray, shape (K,)
        K may differ from one table to another.
    index : int or 0-d array of an integer type
    xp : module
        Array namespace.

    Returns
    -------
    rows : arrays, shape (K,), as many as in a table
    count : 0-d array of an integer type, or None
        How many of the rows are the table's, where only compiled code knows which one it is; zeros follow them.
    """
    if concrete(index) or not is_jax_namespace(xp):
        return *(xp.asarray(row) for row in tables[int(index)]), None
    sizes = [table[0].size for table in tables]
    filled = np.zeros((len(tables), len(tables[0]), max(sizes)))
    for k, table in enumerate(tables):
        filled[k, :, : sizes[k]] = table
    return *xp.asarray(filled)[index], xp.asarray(sizes)[index]


def _all_rows(function, rows, inputs, like, xp):
    """The sum over the rows of ``function(row, inputs)``: arrays, or trees of arrays, like ``like``."""
    import jax

    def body(total, row):
        return jax.tree.map(xp.add, total, function(row, inputs)), None

    return jax.lax.scan(jax.checkpoint(body), _zeros(like, xp), rows)[0]


def _first_rows(function, rows, count, inputs, like, xp):
    """The same over the first ``count`` rows, if that is given.

    JAX finds no gradient of a loop whose length it does not know: derivatives go through all rows.
    """
    import jax

    if count is None:
        return _all_rows(function, rows, inputs, like, xp)

    @jax.custom_jvp
    def total(rows, count, inputs):
        def step(k, total):
            row = tuple(jax.lax.dynamic_index_in_dim(row, k, keepdims=False) for row in rows)
            return jax.tree.map(xp.add, total, function(row, inputs))

        return jax.lax.fori_loop(0, count, step, _zeros(like, xp))

    def derivative(arguments, changes):
        rows, _, inputs = arguments
        return jax.jvp(lambda inputs: _all_rows(function, rows, inputs, like, xp), (inputs,), (changes[2],))

    total.defjvp(derivative)
    return total(rows, count, inputs)


def _zeros(like, xp):
    import jax

    return jax.tree.map(lambda a: xp.zeros(a.shape, a.dtype), like)


def _differentiable_sum(term, n_arrays, like, xp):
    import jax

    @jax.custom_jvp
    def total(rows, count, inputs):
        return _first_rows(term, rows, count, inputs, like, xp)

    def derivative(arguments, changes):
        (rows, count, inputs), (*_, changes) = arguments, changes
        moving = [k for k, c in enumerate(changes) if not isinstance(c, jax.custom_derivatives.SymbolicZero)]
        moved, shifts = (tuple(values[k] for k in moving) for values in (inputs, changes))
        if any(k >= n_arrays and inputs[k].shape for k in moving):
            return jax.jvp(
                lambda *those: _all_rows(term, rows, replaced(inputs, moving, those), like, xp), moved, shifts
            )

        def value_and_slopes(row, inputs):
            return _per_entry(term, row, inputs, n_arrays, moving, xp)

        value, slopes = _first_rows(value_and_slopes, rows, count, inputs, (like, (like,) * len(moving)), xp)
        return value, sum(slope * shift for slope, shift in zip(slopes, shifts, strict=True))

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
        value, pull_back = jax.vjp(lambda *those: term(row, replaced(inputs, moving, those)), *moved)
        return value, pull_back(xp.ones_like(value))

    entries = (xp.reshape(a, (-1,) + (1,) * len(shape)) for a in inputs[:n_arrays])
    axes = (0,) * n_arrays + (None,) * (len(inputs) - n_arrays)
    found = jax.vmap(one_entry, in_axes=axes)(*entries, *inputs[n_arrays:])
    return jax.tree.map(lambda a: xp.reshape(a, shape), found)
