"""How a line of sight is sampled: the settings, and the choice they leave open."""

__all__ = ["Quadrature", "choice_index", "choices_for", "nodes_and_weights"]

import dataclasses
import math
from types import MappingProxyType

import numpy as np

from ..backend.accumulate import chosen_rows
from ..backend.namespace import concrete
from ..errors import ParameterError
from .layer import layer_nodes, layer_shape, nearly_gaussian

_NODES = ("automatic", "layer", "panels")
_PATHS = ("automatic", "vectorized", "streaming")
_LARGEST_ORDER = 64
_TOLERANCE = 1e-4
_LAYER_LIMITS = MappingProxyType({5: (4.5, 0.26), 14: (11.5, 0.4)})  # order: largest steepness (at 1e-4), and reach
_LAYER_ACCURACY = 3e-5  # what the layer's finite depth leaves at best


@dataclasses.dataclass(frozen=True)
class Quadrature:
    """How the integral over the line of sight is computed.

    Parameters
    ----------
    nodes : str
        "layer": nodes from the mid-plane outwards on both sides of it, for lines of sight that pass through the dust
        steeply. "panels": the line is cut wherever the density changes; right at every inclination, at several times
        the cost. "automatic": the cheapest that keeps to the tolerance; a Posterior measures which one that is over
        its prior, elsewhere it follows from the disk's shape.
    order : int, optional
        Nodes in each half layer or panel, 2 to 64. A layer whose vertical profile is a Gaussian needs no halves, but
        takes 7/5 of the order and one more on the whole. Default: by the tolerance. Needs nodes other than "automatic".
    tolerance : float, optional
        Largest error of an image, as a fraction of its peak. It is what the choice aims at for ordinary disks, not a
        bound for every disk. Default: 1e-4; in a Posterior, what the noise allows.
    path : str
        "vectorized": all nodes of all lines of sight at once. "streaming": one node at a time, in small blocks of
        lines, for the least memory. "automatic": vectorized where the whole fits a processor's cache, else one node
        at a time in blocks of the fastest size. All give the same values to rounding.
    halves : bool
        Sum each half of a layer by itself where the vertical profile is a Gaussian, too. Derivatives with respect to
        the vertical exponent need that at 2; a ParameterSpace in which the exponent is free sees to it.
    """

    nodes: str = "automatic"
    order: int | None = None
    tolerance: float | None = None
    path: str = "automatic"
    halves: bool = False

    def __post_init__(self):
        _one_of("nodes", self.nodes, _NODES)
        _one_of("path", self.path, _PATHS)
        _one_of("halves", self.halves, (False, True))
        given = self.tolerance is not None
        if given and not (isinstance(self.tolerance, (int, float)) and 0 < self.tolerance < 1):
            raise ParameterError(f"Quadrature.tolerance must be a number between 0 and 1, got {self.tolerance!r}")
        if self.order is None:
            return
        whole = isinstance(self.order, int) and not isinstance(self.order, bool)
        if not whole or not 2 <= self.order <= _LARGEST_ORDER:
            raise ParameterError(
                f"Quadrature.order must be a whole number from 2 to {_LARGEST_ORDER}, got {self.order!r}"
            )
        if self.nodes == "automatic":
            raise ParameterError('Quadrature.order belongs to nodes="layer" or nodes="panels": name one of them')

    @property
    def accuracy(self):
        """The tolerance, 1e-4 where none is given."""
        return _TOLERANCE if self.tolerance is None else float(self.tolerance)

    def candidates(self, scales, *, xp=np):
        """Nodes and weights that a disk of these scales may need, and which of them it does, as a number.

        Two where it takes a traced vertical exponent to tell. Nodes are in [0, 1] of each panel, [-1, 1] of the layer.
        """
        order = self.order or (10 if self.nodes == "layer" else _panel_order(self.accuracy))
        if scales is None or self.nodes != "layer":
            nodes, weights = np.polynomial.legendre.leggauss(order)
            return [((nodes + 1) / 2, weights / 2)], 0
        if self.halves:
            return [layer_nodes(order, False)], 0
        gaussian = nearly_gaussian(scales.vertical_exponent, xp=xp)
        if concrete(gaussian):
            return [layer_nodes(order, bool(gaussian))], 0
        return [layer_nodes(order, False), layer_nodes(order, True)], xp.astype(gaussian, xp.int32)


def nodes_and_weights(choices, index, scales, *, xp=np):
    """The nodes of the choice with this index among several of one kind.

    Returns
    -------
    nodes, weights : arrays, shape (K,)
    count : 0-d array of an integer type, or None
        How many they are, where that is known only while compiled code runs; then those after them have no weight.
    """
    rules, which = [], 0
    for choice in choices:  # of one kind: which of its candidates a disk needs is the same for all of them
        candidates, which = choice.candidates(scales, xp=xp)
        rules += candidates
    return chosen_rows(rules, index * (len(rules) // len(choices)) + which, xp=xp)


def choices_for(quadrature):
    """The settled settings that "automatic" chooses from, cheapest first; the last is right for every disk."""
    if quadrature.nodes != "automatic":
        return (quadrature,)
    panels = dataclasses.replace(quadrature, nodes="panels", order=_panel_order(quadrature.accuracy))
    if quadrature.accuracy < _LAYER_ACCURACY:
        return (panels,)
    return (*(dataclasses.replace(quadrature, nodes="layer", order=n) for n in _LAYER_LIMITS), panels)


def choice_index(quadrature, cos_i, sin_i, scales, *, xp=np):
    """Which of ``choices_for(quadrature)`` a disk needs, as a 0-d array of an integer type.

    The limits were read off random disks (docs/accuracy.md): the radial profile must not change too much across the
    layer, nor the radius, nor may dust matter that lies next to the star or far out; a vertical profile that is no
    Gaussian needs a thinner layer, and few nodes one that is nearly Gaussian and thin.
    """
    reach, steepness, stray = layer_shape(cos_i, sin_i, scales, xp=xp)
    nothing_missed = stray < quadrature.accuracy
    vertical = xp.asarray(scales.vertical_exponent)
    unlike_gaussian = xp.minimum(xp.abs(vertical - 2), xp.asarray(1.0))
    reach = reach * xp.maximum(xp.asarray(scales.flaring), xp.asarray(1.0)) + 0.17 * unlike_gaussian
    far_from_gaussian, deep = 16 * (vertical - 2.4) ** 2 - 2.6, 6 * (reach - 0.18)
    for_few = xp.maximum(far_from_gaussian, xp.asarray(0.0)) + xp.maximum(deep, xp.asarray(0.0))
    index = xp.asarray(0, dtype=xp.int32)
    for choice in choices_for(quadrature)[:-1]:
        order, (steepest, farthest) = choice.order, _LAYER_LIMITS[choice.order]
        effort = steepness + (for_few if order < 10 else 0.0)
        fits = xp.logical_and(effort < steepest * (quadrature.accuracy / 1e-4) ** (1 / order), reach < farthest)
        index = index + xp.astype(xp.logical_not(xp.logical_and(nothing_missed, fits)), xp.int32)
    return index


def _panel_order(tolerance):
    """8 nodes keep ordinary disks to 2e-4 of the peak; every further factor of 10 takes 4 more."""
    return int(min(8 + 4 * max(math.ceil(math.log10(1e-4 / tolerance)), 0), _LARGEST_ORDER))


def _one_of(name, value, allowed):
    if value not in allowed:
        raise ParameterError(f"Quadrature.{name} must be one of {', '.join(map(repr, allowed))}, got {value!r}")
