"""Kepler ellipses with the star at a focus: r = a (1 - e^2) / (1 + e cos(theta - omega))."""

__all__ = ["Ellipse", "ellipse_crossings", "ellipse_radius", "kepler_ellipse", "relative_radius", "relative_slope"]

from typing import Any, NamedTuple

import numpy as np

from ..backend.constant import held_at
from ..backend.elementary import square_root
from .angles import radians


class Ellipse(NamedTuple):
    """What formulas need of an ellipse, the conic r + X e cos omega + Y e sin omega = p with p = a (1 - e^2).

    Parameters
    ----------
    parameter, inverse : 0-d arrays
        p and 1 / p.
    along, across : 0-d arrays
        e cos omega and e sin omega; plain zeros for a circle.
    """

    parameter: Any
    inverse: Any
    along: Any = 0.0
    across: Any = 0.0

    @property
    def circular(self):
        """Whether it is known to be a circle."""
        return held_at(self.along, 0.0) and held_at(self.across, 0.0)


def kepler_ellipse(radius, eccentricity, argument_of_pericenter, *, xp=np):
    """The ellipse of a semi-major axis, an eccentricity in [0, 1), and an argument of pericenter.

    The latter is in degrees from +X towards +Y.
    """
    if held_at(eccentricity, 0.0):
        return Ellipse(radius, 1 / radius)
    angle, parameter = radians(argument_of_pericenter, xp=xp), radius * (1 - eccentricity**2)
    return Ellipse(parameter, 1 / parameter, eccentricity * xp.cos(angle), eccentricity * xp.sin(angle))


def ellipse_radius(X, Y, r, ellipse):
    """Radius of the ellipse in the direction of the points (X, Y), in the unit of its parameter.

    Parameters
    ----------
    X, Y, r : arrays
        Points in the plane and their distance from the focus (above 0); no arctangent is needed.
    ellipse : Ellipse
    """
    return ellipse.parameter / (1 + (ellipse.along * X + ellipse.across * Y) / r)


def relative_radius(X, Y, r, ellipse):
    """Distance from the focus divided by the ellipse's radius in that direction.

    Arguments as for ``ellipse_radius``; r may be softened to stay above zero.
    """
    return (r if ellipse.circular else r + (ellipse.along * X + ellipse.across * Y)) * ellipse.inverse


def relative_slope(Y, r, ellipse):
    """Derivative with respect to Y of ``relative_radius`` at points whose (softened) distance from the focus is r."""
    slope = Y * (1 / r)
    return (slope if ellipse.circular else slope + ellipse.across) * ellipse.inverse


def ellipse_crossings(X, parameter, ellipse, softness, *, xp=np):
    """The two Y at which a line of constant X crosses an ellipse, smooth where it passes by.

    ``parameter`` stands in for that of the ellipse, so that several similar ones can be crossed at once. Squared, the
    conic is a quadratic in Y. Where the line misses the ellipse the half distance goes smoothly to zero over a length
    whose fourth power is ``softness``.
    """
    if ellipse.circular:
        half = _half_chord(parameter**2 - X**2, softness, xp)
        return -half, half
    beyond, across = parameter - ellipse.along * X, ellipse.across
    scale = 1 / (1 - across**2)
    middle = -across * scale * beyond
    half = _half_chord(middle**2 - scale * (X**2 - beyond**2), softness, xp)
    return middle - half, middle + half


def _half_chord(discriminant, softness, xp):
    """Root of (discriminant + sqrt(discriminant^2 + softness)) / 2, written so that nothing cancels."""
    larger = square_root(discriminant**2 + softness, xp=xp) + xp.abs(discriminant)
    return square_root(0.5 * xp.where(discriminant > 0, larger, softness / larger), xp=xp)
