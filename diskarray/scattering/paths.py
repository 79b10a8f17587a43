"""Ways to sum the nodes on many lines of sight: all at once, or one node at a time in blocks of lines."""

__all__ = ["Sampling", "blocks", "path_for", "streaming", "vectorized"]

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np

from ..backend.accumulate import accumulate
from ..backend.loops import fastest_block, in_blocks, on_nonzero

_IN_CACHE = 16384  # entries of one array; a few dozen such arrays stay near a processor core
_SMALL_BLOCK = 1500  # entries (segments x lines) of a block where memory matters more than time


@dataclasses.dataclass(frozen=True)
class Sampling:
    """What is summed along lines of sight, as functions of the lines.

    Parameters
    ----------
    number : int
        Segments of each line, S.
    turned : callable
        ``turned(*lines)``: the lines, shape (M,) each, as what follows wants them.
    segments : callable
        ``segments(*turned)``: starts and lengths of the segments, and what else places their nodes, shape (S, M) each.
    point : callable
        ``point(node, *segment)``: l of a node and dl / dnode over the length (None where it is 1).
    placed : callable
        ``placed(*turned)``: the arrays, shape (M,), that the integrand needs of the lines.
    integrand : callable
        ``integrand(numbers, *placed, l)``, elementwise.
    numbers : tree
        Of the numbers, the same for all lines, that the integrand depends on.
    """

    number: int
    turned: Callable
    segments: Callable
    point: Callable
    placed: Callable
    integrand: Callable
    numbers: Any


def path_for(quadrature, n_nodes, n_lines):
    """ "vectorized", "streaming" or "blocks", from the settings or else from the number of nodes on all lines."""
    if quadrature.path != "automatic":
        return quadrature.path
    return "vectorized" if n_nodes * n_lines <= _IN_CACHE else "blocks"


def vectorized(sampling, lines, nodes, weights, *, count=None, xp=np):
    """The integral with every node of every line held at once.

    Parameters
    ----------
    sampling : Sampling
    lines : tuple of arrays, shape (M,)
    nodes, weights : arrays, shape (K,)
        For each segment.
    count : 0-d array of an integer type, optional
        How many of the nodes have weights, where compiled code finds that out only while it runs.
    xp : module
        Array namespace.

    Returns
    -------
    array, shape (M,)
    """
    lines = sampling.turned(*lines)
    segments = sampling.segments(*lines)
    l, stretch = sampling.point(nodes[None, :, None], *(a[:, None, :] for a in segments))
    factor = xp.abs(segments[1])[:, None, :] * weights[None, :, None]
    factor = factor if stretch is None else factor * stretch
    whole = tuple(xp.broadcast_to(a[None, None, :], l.shape) for a in sampling.placed(*lines))

    def term(factor, *arrays):
        return factor * sampling.integrand(sampling.numbers, *arrays)

    return xp.sum(on_nonzero(term, factor, (*whole, l), xp=xp), axis=(0, 1))


def blocks(sampling, lines, nodes, weights, *, entries=None, count=None, xp=np):
    """The integral in blocks of lines, one node of every segment at a time; arguments and result as ``vectorized``.

    A block has ``entries`` segments; by default the number that is fastest.
    """
    entries = entries or fastest_block(xp=xp)

    def one_block(*lines):
        lines = sampling.turned(*lines)
        segments = sampling.segments(*lines)
        whole = tuple(xp.broadcast_to(a[None, :], segments[0].shape) for a in sampling.placed(*lines))

        def sum_over_nodes(size, *arrays):
            def term(node, weight, *arrays_and_numbers):
                *arrays, numbers = arrays_and_numbers
                segment, line = arrays[: len(segments)], arrays[len(segments) :]
                l, stretch = sampling.point(node, *segment)
                value = weight * sampling.integrand(numbers, *line, l)
                return value if stretch is None else value * stretch

            return size * accumulate(term, (nodes, weights), arrays, sampling.numbers, count=count, xp=xp)

        return xp.sum(on_nonzero(sum_over_nodes, xp.abs(segments[1]), (*segments, *whole), xp=xp), axis=0)

    return in_blocks(one_block, lines, max(entries // sampling.number, 1), xp=xp)


def streaming(*arguments, count=None, xp=np):
    """The integral in small blocks of lines; arguments and result as ``vectorized``."""
    return blocks(*arguments, entries=_SMALL_BLOCK, count=count, xp=xp)
