"""Smooth curves through values at knots, for profiles that are given by numbers instead of a formula.

Each curve is a cubic between neighboring knots (Hermite form); how its slopes at the knots are chosen makes it a cubic
spline or a monotone curve. Outside its knots a curve keeps its end values.
"""

__all__ = [
    "Cubic",
    "clamped_slopes",
    "cubic",
    "knots_in_order",
    "monotone_slopes",
    "natural_slopes",
    "one_per_knot",
    "piecewise_cubic",
    "scattering_angle",
    "sphere_weights",
]

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from ..backend.namespace import namespace_of
from ..errors import ParameterError, ShapeError

_FEW = 12  # up to so many knots the cubics are summed up, with more the right one is looked up


def scattering_angle(cos_phi, *, xp=np):
    """Scattering angle in degrees; its derivative stays finite forward and backward."""
    cos_phi = xp.asarray(cos_phi)
    return xp.acos(xp.clip(cos_phi, -1.0, 1.0) * (1 - 4 * float(xp.finfo(cos_phi.dtype).eps))) * (180 / np.pi)


class Cubic(NamedTuple):
    """A piecewise cubic: knots, and the values and slopes there, arrays or, for few knots, tuples of single numbers."""

    knots: Any
    values: Any
    slopes: Any

    def at(self, x, *, xp=np):
        """The curve at x."""
        return piecewise_cubic(x, *self, xp=xp)


def cubic(knots, values, slopes):
    """A ``Cubic`` from arrays of shape (n,)."""
    n = knots.shape[0]
    if n > _FEW:
        return Cubic(knots, values, slopes)
    return Cubic(knots, *(tuple(array[k] for k in range(n)) for array in (values, slopes)))


def piecewise_cubic(x, knots, values, slopes, *, xp=np):
    """The curve with the given values and slopes at its knots.

    Parameters
    ----------
    x : array, any shape
    knots, values, slopes : arrays, shape (n,)
        Knots increasing. For few knots values and slopes may be tuples.
    xp : module
        Array namespace.

    Returns
    -------
    array
        Of the shape of ``x``; the first value left of the knots, the last one right of them.
    """
    n = knots.shape[0]
    if n > _FEW:
        flat = xp.reshape(x, (-1,))
        k = xp.clip(xp.searchsorted(knots, flat, side="right") - 1, 0, n - 2)
        ends = (xp.take(array, i) for i in (k, k + 1) for array in (knots, values, slopes))
        left, value, slope, right, next_value, next_slope = ends
        return xp.reshape(value + _rise(flat, left, right, next_value - value, slope, next_slope, xp), x.shape)
    total = values[0] + 0.0 * x
    for k in range(n - 1):
        total = total + _rise(x, knots[k], knots[k + 1], values[k + 1] - values[k], slopes[k], slopes[k + 1], xp)
    return total


def _rise(x, left, right, rise, slope, next_slope, xp):
    """What the curve has gained at x since the knot on its left: 0 before it, all of ``rise`` after the next knot."""
    length = right - left
    t = xp.clip((x - left) / length, 0.0, 1.0)
    first, last = slope * length, next_slope * length
    return t * (first + t * ((3 * rise - 2 * first - last) + t * (first + last - 2 * rise)))


def natural_slopes(values, *, xp=np):
    """Slopes per knot spacing of the natural cubic spline: no curvature at the end knots.

    Parameters
    ----------
    values : array, shape (n,)
        At equally spaced knots, n at least 2.
    """
    return xp.matmul(xp.asarray(_slope_matrix(values.shape[0], False)), values)


def clamped_slopes(values, first, last, *, xp=np):
    """Slopes per knot spacing of the cubic spline whose slopes at the end knots are given.

    Parameters
    ----------
    values : array, shape (n,)
        At equally spaced knots, n at least 2.
    first, last : 0-d arrays
        Slopes per knot spacing at the first and the last knot.
    """
    known = xp.concat([values, xp.stack([xp.asarray(first), xp.asarray(last)])])
    return xp.matmul(xp.asarray(_slope_matrix(values.shape[0], True)), known)


@lru_cache(maxsize=64)
def _slope_matrix(n, clamped):
    """Maps values (and the two end slopes) to the slopes that make the second derivative continuous."""
    left, right = np.zeros((n, n)), np.zeros((n, n + 2))
    for k in range(1, n - 1):
        left[k, k - 1 : k + 2] = 1.0, 4.0, 1.0
        right[k, [k - 1, k + 1]] = -3.0, 3.0
    if clamped:
        left[0, 0] = left[-1, -1] = right[0, n] = right[-1, n + 1] = 1.0
    else:
        left[0, :2], right[0, :2] = (2.0, 1.0), (-3.0, 3.0)
        left[-1, -2:], right[-1, n - 2 : n] = (1.0, 2.0), (-3.0, 3.0)
    matrix = np.linalg.solve(left, right if clamped else right[:, :n])
    matrix.flags.writeable = False
    return matrix


def monotone_slopes(knots, values, *, xp=np):
    """Slopes that let the curve neither overshoot nor wiggle between its values (Fritsch & Butland 1984).

    Parameters
    ----------
    knots, values : arrays, shape (n,)
        Knots increasing, n at least 2.

    Returns
    -------
    array, shape (n,)
        Weighted harmonic means of the neighboring secants where these agree in sign, else zero; at the ends a
        three-point formula that keeps the curve monotone.
    """
    length = knots[1:] - knots[:-1]
    secant = (values[1:] - values[:-1]) / length
    if knots.shape[0] == 2:
        return xp.concat([secant, secant])
    before, after = secant[:-1], secant[1:]
    first, second = length[:-1] + 2 * length[1:], 2 * length[:-1] + length[1:]
    agree = before * after > 0
    total = xp.where(agree, first * after + second * before, xp.ones_like(before))
    inside = xp.where(agree, (first + second) * before * after / total, xp.zeros_like(before))
    start = _end_slope(length[0], length[1], secant[0], secant[1], xp)
    end = _end_slope(length[-1], length[-2], secant[-1], secant[-2], xp)
    return xp.concat([xp.reshape(start, (1,)), inside, xp.reshape(end, (1,))])


def _end_slope(own_length, next_length, own, neighbor, xp):
    slope = ((2 * own_length + next_length) * own - own_length * neighbor) / (own_length + next_length)
    steep = xp.logical_and(own * neighbor <= 0, xp.abs(slope) > 3 * xp.abs(own))
    return xp.where(slope * own <= 0, xp.zeros_like(own), xp.where(steep, 3 * own, slope))


@lru_cache(maxsize=64)
def sphere_weights(angles):
    """Weights with which a curve over the scattering angle integrates over all directions.

    The integral over the sphere of the curve with values v and slopes s at the angles is w_values . v + w_slopes . s.

    Parameters
    ----------
    angles : tuple of float
        Knots in degrees, increasing, within [0, 180].

    Returns
    -------
    w_values, w_slopes : arrays, shape (n,)
    """
    edges = np.concatenate([[0.0], angles, [180.0]])
    nodes, weights = np.polynomial.legendre.leggauss(12)
    t, length = (nodes + 1) / 2, np.diff(edges)[:, None]
    solid = (np.pi**2 / 180) * length * weights * np.sin(np.radians(edges[:-1, None] + length * t))
    of_values, of_slopes = np.zeros(len(angles)), np.zeros(len(angles))
    inside, own_length = solid[1:-1], length[1:-1, 0]  # a knot counts in the intervals beside it only
    risen = inside @ (t * t * (3 - 2 * t))
    of_values[1:] += risen
    of_values[:-1] += np.sum(inside, axis=1) - risen
    of_values[0] += np.sum(solid[0])
    of_values[-1] += np.sum(solid[-1])
    of_slopes[:-1] += own_length * (inside @ (t * (1 - t) ** 2))
    of_slopes[1:] -= own_length * (inside @ (t * t * (1 - t)))
    for array in (of_values, of_slopes):
        array.flags.writeable = False
    return of_values, of_slopes


def one_per_knot(owner, name, values, count=None, fallback=None, fewest=2):
    """Values with one entry per knot; a single number stands for as many equal ones.

    Parameters
    ----------
    owner, name : str
        Class and parameter, for messages.
    values : number or array_like, shape (n,)
    count : int, optional
        How many are needed; default any number of at least ``fewest``.
    fallback : int, optional
        How many a single number stands for, where ``count`` is open.
    fewest : int

    Raises
    ------
    ShapeError
        If the values are not a list of the right length.
    """
    try:
        shape = np.shape(values)
    except ValueError as error:
        raise ShapeError(f"{owner}.{name} must be a list of numbers, got {values!r}") from error
    if shape == () and (hasattr(values, "unit") or isinstance(values, (str, bool, type(None)))):
        return values
    if shape == ():
        xp = namespace_of(values)
        return xp.broadcast_to(xp.asarray(values), (count or fallback,))
    if len(shape) != 1 or (shape[0] != count if count else shape[0] < fewest):
        needed = f"{count} numbers, one per angle" if count else f"a list of at least {fewest} numbers"
        raise ShapeError(f"{owner}.{name} must be {needed}; got shape {tuple(shape)}")
    return np.asarray(values) if isinstance(values, (list, tuple)) else values


def knots_in_order(owner, angles, *, lowest=0.0, highest=180.0, open_ends=False):
    """Scattering angles as a tuple of floats.

    Raises
    ------
    ParameterError
        If there are fewer than 2, they do not increase, or one lies outside the range.
    """
    try:
        found = tuple(float(angle) for angle in angles)
    except (TypeError, ValueError) as error:
        raise ParameterError(f"{owner}.angles must be a list of angles in degrees, got {angles!r}") from error
    increasing = all(a < b for a, b in zip(found[:-1], found[1:], strict=True))
    inside = all(lowest < a < highest if open_ends else lowest <= a <= highest for a in found)
    if len(found) < 2 or not increasing or not inside:
        between = "between" if open_ends else "from"
        joined = "and" if open_ends else "to"
        raise ParameterError(
            f"{owner}.angles must be at least 2 increasing angles {between} {lowest:g} {joined} {highest:g} degrees, "
            f"got {found}"
        )
    return found
