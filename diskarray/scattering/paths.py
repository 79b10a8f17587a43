"""Ways to sum the nodes on many lines of sight: all at once, or one node at a time in blocks of lines."""

__all__ = ["blocks", "path_for", "streaming", "vectorized"]

import numpy as np

from ..backend.loops import accumulate, in_blocks, on_nonzero

_IN_CACHE = 16384  # entries of one array; a few dozen such arrays stay near a processor core
_BLOCK = 16384  # entries (segments x lines) of a block
_SMALL_BLOCK = 1500  # ... where memory matters more than time


def path_for(quadrature, n_segments, n_lines):
    """ "vectorized", "streaming" or "blocks", from the settings or else from the number of nodes on all lines."""
    if quadrature.path != "automatic":
        return quadrature.path
    entries = n_segments * quadrature.nodes_and_weights[0].size * n_lines
    return "vectorized" if entries <= _IN_CACHE else "blocks"


def vectorized(segments, n_segments, prepared, integrand, lines, nodes, weights, *, xp=np):
    """The integral with every node of every line held at once.

    Parameters
    ----------
    segments : callable
        Maps lines, shape (M,) each, to starts and lengths of their segments, shape (S, M).
    n_segments : int
        S.
    prepared : callable
        Maps lines to the arrays, shape (M,), that the integrand needs of them.
    integrand : callable
        Elementwise: ``integrand(*prepared(*lines), l)``.
    lines : tuple of arrays, shape (M,)
    nodes, weights : arrays, shape (K,)
        On [0, 1], for each segment.
    xp : module
        Array namespace.

    Returns
    -------
    array, shape (M,)
    """
    starts, lengths = segments(*lines)
    shape = (*starts.shape[:1], nodes.shape[0], *starts.shape[1:])
    l = starts[:, None, :] + lengths[:, None, :] * nodes[None, :, None]
    factor = xp.broadcast_to(xp.abs(lengths)[:, None, :] * weights[None, :, None], shape)
    whole = tuple(xp.broadcast_to(a[None, None, :], shape) for a in prepared(*lines))

    def term(factor, *line):
        return factor * integrand(*line)

    return xp.sum(on_nonzero(term, factor, (*whole, l), xp=xp), axis=(0, 1))


def blocks(segments, n_segments, prepared, integrand, lines, nodes, weights, *, entries=_BLOCK, xp=np):
    """The integral in blocks of lines, one node of every segment at a time; arguments and result as ``vectorized``.

    A block has ``entries`` segments.
    """

    def one_block(*lines):
        starts, lengths = segments(*lines)
        whole = tuple(xp.broadcast_to(a[None, :], starts.shape) for a in prepared(*lines))

        def sum_over_nodes(size, *arrays):
            *line, start, length = arrays

            def term(node, weight):  # with the size in here, derivatives need not know the sum
                return weight * size * integrand(*line, start + length * node)

            return accumulate(term, (nodes, weights), xp=xp)

        return xp.sum(on_nonzero(sum_over_nodes, xp.abs(lengths), (*whole, starts, lengths), xp=xp), axis=0)

    return in_blocks(one_block, lines, max(entries // n_segments, 1), xp=xp)


def streaming(*arguments, xp=np):
    """The integral in small blocks of lines; arguments and result as ``vectorized``."""
    return blocks(*arguments, entries=_SMALL_BLOCK, xp=xp)
