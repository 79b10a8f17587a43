"""Nodes for a line of sight that passes through the layer of dust once and steeply.

Along such a line the vertical profile is what varies: it falls from the mid-plane outwards on both sides, like a
Gaussian for gamma = 2. Gauss nodes for a Gaussian weight then leave only what is smooth: across the whole layer where
the profile is a Gaussian, on each half where it has an edge or a flat top in the mid-plane.
"""

__all__ = [
    "LAYER_SEGMENTS",
    "layer_nodes",
    "layer_numbers",
    "layer_point",
    "layer_segments",
    "layer_shape",
    "nearly_gaussian",
    "nth_root",
]

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from ..backend.constant import held_at
from ..backend.elementary import power, square_root
from ..geometry.angles import slanted
from ..geometry.ellipse import kepler_ellipse, relative_radius, relative_slope

LAYER_SEGMENTS = 1

_DEPTH = 10.0  # a layer ends where exp(-(|Z|/H)^gamma) = exp(-10)
_WEIGHT = 11.0  # the weight function of nodes on a half layer, exp(-11 t^2) on [0, 1]
_NARROWER = 8.0  # that of n nodes on a whole layer, exp(-(8 + n) t^2): the ring narrows what lies close to its crest
_SOFTENING = 0.01  # of the radius: the layer keeps some thickness above the star
_MOST_BENT = 0.6  # a flared layer is not taken to be longer than 1 / 0.4 of a flat one
_NEAR = 1.5  # scale heights from the star: lines that pass it closer than that see the peak of 1 / d^2
_ALMOST = 1e-3  # a vertical exponent so close to 2 makes no difference to the nodes
_LEAST_TURN = 4.5  # what distance from the star and the phase function change by counts as much as such slopes
_FINE = 64  # points that stand for the continuous weight function, at least


def layer_nodes(order, gaussian):
    """Nodes from -1 to 1 across the layer, and weights: ``sum_k w_k f(t_k)`` is the integral of f.

    Parameters
    ----------
    order : int
        Nodes on each half. A Gaussian needs no halves: 7/5 order + 1 nodes on the whole err as little (measured).
    gaussian : bool

    Returns
    -------
    nodes, weights : numpy.ndarray, shape (K,)
    """
    return _whole_nodes(7 * order // 5 + 1) if gaussian else _half_nodes(order)


def nth_root(value, exponent, *, xp=np):
    """``value ** (1 / exponent)``, which takes XLA less time to compile than a power does."""
    return xp.exp(xp.log(xp.asarray(value)) / exponent)


def nearly_gaussian(vertical_exponent, *, xp=np):
    """Whether nodes across the whole layer suit the vertical profile, as a 0-d array."""
    return xp.abs(xp.asarray(vertical_exponent) - 2.0) <= _ALMOST


@lru_cache(maxsize=32)
def _half_nodes(order):
    points, fine = _fine_points(order)
    nodes, weights = _gauss_rule((points + 1) / 2, fine / 2, _WEIGHT, order)
    return np.concatenate([-nodes[::-1], nodes]), np.concatenate([weights[::-1], weights])


@lru_cache(maxsize=32)
def _whole_nodes(number):
    return _gauss_rule(*_fine_points(number), _NARROWER + number, number)


def _fine_points(number):
    """Points and weights, -1 to 1, that stand for a continuous weight function."""
    return np.polynomial.legendre.leggauss(max(_FINE, 4 * number))


def _gauss_rule(points, fine, steepness, order):
    """Gauss nodes for functions that look like exp(-steepness t^2) times something smooth; that is in the weights too.

    ``fine`` are weights that integrate anything over the points. Computed by the discretized Stieltjes procedure
    (Gautschi 2004, Orthogonal Polynomials, section 2.2), the weights from the orthonormal polynomials at the nodes:
    eigenvectors lose those far from the middle.
    """
    measure = fine * np.exp(-steepness * points**2)
    diagonal, off_diagonal = np.zeros(order), np.zeros(order)
    before, polynomial, norm_before = np.zeros(points.size), np.ones(points.size), 1.0
    for k in range(order):
        norm = np.sum(measure * polynomial**2)
        diagonal[k] = np.sum(measure * points * polynomial**2) / norm
        off_diagonal[k] = norm / norm_before
        following = (points - diagonal[k]) * polynomial - (off_diagonal[k] if k else 0.0) * before
        before, polynomial, norm_before = polynomial, following, norm
    side = np.sqrt(off_diagonal)  # the first is the root of the whole measure
    nodes = np.linalg.eigvalsh(np.diag(diagonal) + np.diag(side[1:], 1) + np.diag(side[1:], -1))
    before, polynomial, squares = np.zeros(order), np.exp(-0.5 * steepness * nodes**2) / side[0], np.zeros(order)
    for k in range(order):
        squares += polynomial**2
        following = (nodes - diagonal[k]) * polynomial - (side[k] if k else 0.0) * before
        before, polynomial = polynomial, following / side[min(k + 1, order - 1)]
    return nodes, 1 / squares


class LayerNumbers(NamedTuple):
    """What a layer depends on besides the line: a disk's orientation and scales, worked out by ``layer_numbers``.

    Parameters
    ----------
    cos_i, sin_i, tangent : 0-d arrays
        Of the inclination; the last without a pole.
    half, floor : 0-d arrays
        Half the length of the layer along a line at the reference radius in au, and the square of what is added to the
        distance from the star.
    ellipse : Ellipse
    flaring, widening : 0-d arrays
        beta, and beta sin i.
    """

    cos_i: Any
    sin_i: Any
    tangent: Any
    half: Any
    floor: Any
    ellipse: Any
    flaring: Any
    widening: Any


def layer_numbers(cos_i, sin_i, scales, *, xp=np):
    """What ``layer_segments`` needs of the cosine and sine of the inclination and of a density's scales."""
    cosine, sine = slanted(cos_i, sin_i, xp=xp)
    return LayerNumbers(
        cos_i=cos_i,
        sin_i=sin_i,
        tangent=sine / cosine,
        half=nth_root(_DEPTH, scales.vertical_exponent, xp=xp) * scales.scale_height / cosine,
        floor=(_SOFTENING * scales.radius) ** 2,
        widening=scales.flaring * sin_i,
        ellipse=kepler_ellipse(scales.radius, scales.eccentricity, scales.argument_of_pericenter, xp=xp),
        flaring=scales.flaring,
    )


def layer_segments(u, v, offset, numbers, *, xp=np):
    """The layer along each line of sight.

    Parameters
    ----------
    u, v, offset
        As for ``panels.guided_panels``.
    numbers : LayerNumbers
    xp : module
        Array namespace.

    Returns
    -------
    middles, lengths, bends : arrays, shape (1, M)
        For ``layer_point``: the mid-plane crossing and half the length the layer would have without flaring. It is
        taken for a wedge: its thickness and how fast that grows are those at the mid-plane.
    """
    crossing = v * numbers.tangent
    X, Y = u - offset[0], v * numbers.cos_i - offset[1] + crossing * numbers.sin_i
    r = square_root(X * X + Y * Y + numbers.floor, xp=xp)
    relative = relative_radius(X, Y, r, numbers.ellipse)
    flaring = numbers.flaring
    half = numbers.half * (relative if held_at(flaring, 1.0) else power(relative, flaring, xp=xp))
    widening = half * numbers.widening * relative_slope(Y, r, numbers.ellipse) / relative
    bend = xp.clip(widening, -_MOST_BENT, _MOST_BENT)
    return crossing[None, :], half[None, :], bend[None, :]


def layer_point(node, middle, length, bend):
    """Where a node, -1 to 1, lies in the layer, l, and dl / dnode over the length.

    In a wedge l = middle + length node / (1 - bend node) is where Z / H is node times what it is at the layer's end.
    """
    inverse = 1 / (1 - bend * node)
    return middle + length * node * inverse, inverse * inverse


def layer_shape(cos_i, sin_i, scales, *, xp=np):
    """What decides whether nodes across the layer are enough, as 0-d arrays.

    Returns
    -------
    reach : the radius changes by this fraction of itself between the mid-plane and an end of the layer
    steepness : the density's radial profile turns by about this power of e there
    stray : relative brightness of dust that the layer's nodes miss: next to the star, where 1 / d^2 peaks within the
        layer, and, for beta > 1, far out, where the line enters the flared disk again
    """
    cosine, _ = slanted(cos_i, sin_i, xp=xp)
    height = nth_root(_DEPTH, scales.vertical_exponent, xp=xp) * scales.scale_height / scales.radius
    reach = xp.asarray(height * sin_i / cosine / (1 - scales.eccentricity))
    turn = xp.asarray(scales.inner_slope + scales.outer_slope)
    power = (1 + scales.outer_slope) / xp.maximum(xp.asarray(scales.flaring) - 1, xp.asarray(1e-3))
    wings = xp.exp(xp.minimum(power * xp.log(xp.maximum(reach, xp.asarray(1e-30))), xp.asarray(0.0)))
    steps = xp.maximum(xp.asarray(scales.inner_slope) - 2, xp.asarray(0.0))
    glow = xp.exp(xp.minimum(steps * xp.log(xp.asarray(_NEAR * scales.scale_height / scales.radius)), xp.asarray(0.0)))
    return reach, reach * xp.maximum(turn, xp.asarray(_LEAST_TURN)), wings + glow
