"""Kepler ellipses with the star at a focus: r = a (1 - e^2) / (1 + e cos(theta - omega))."""

__all__ = ["ellipse_crossings", "ellipse_radius", "relative_radius", "relative_slope"]

import numpy as np

from ..backend.constant import held_at
from ..backend.elementary import square_root
from .angles import cosine_sine


def ellipse_radius(X, Y, r, radius, eccentricity, argument_of_pericenter, *, xp=np):
    """Radius of the ellipse in the direction of the points (X, Y).

    Parameters
    ----------
    X, Y, r : arrays
        Points in the plane and their distance from the focus (above 0); no arctangent is needed.
    radius : float
        Semi-major axis.
    eccentricity : float
        In [0, 1).
    argument_of_pericenter : float
        Degrees from +X towards +Y.

    Returns
    -------
    array
        In the unit of ``radius``.
    """
    cosine, sine = cosine_sine(argument_of_pericenter, xp=xp)
    towards_pericenter = (X * cosine + Y * sine) / r
    return radius * (1 - eccentricity**2) / (1 + eccentricity * towards_pericenter)


def relative_radius(X, Y, r, radius, eccentricity, argument_of_pericenter, *, xp=np):
    """Distance from the focus divided by the ellipse's radius in that direction: (r + e s) / (a (1 - e^2)).

    s = X cos omega + Y sin omega. Arguments as for ``ellipse_radius``; r may be softened to stay above zero.
    """
    if held_at(eccentricity, 0.0):
        return r * (1 / radius)
    cosine, sine = cosine_sine(argument_of_pericenter, xp=xp)
    return (r + eccentricity * (X * cosine + Y * sine)) * (1 / (radius * (1 - eccentricity**2)))


def relative_slope(Y, r, radius, eccentricity, argument_of_pericenter, *, xp=np):
    """Derivative with respect to Y of ``relative_radius`` at points whose (softened) distance from the focus is r."""
    if held_at(eccentricity, 0.0):
        return Y * (1 / (r * radius))
    _, sine = cosine_sine(argument_of_pericenter, xp=xp)
    return (Y * (1 / r) + eccentricity * sine) * (1 / (radius * (1 - eccentricity**2)))


def ellipse_crossings(X, radius, eccentricity, argument_of_pericenter, softening, *, xp=np):
    """The two Y at which a line of constant X crosses the ellipse, smooth where it passes by.

    The ellipse is the conic r + e s = p, s = X cos omega + Y sin omega, p = a (1 - e^2); squared, it is a quadratic
    in Y. Where the line misses the ellipse the half distance goes smoothly to zero over ``softening``.
    """
    if held_at(eccentricity, 0.0):
        half = _half_chord(radius**2 - X**2, softening, xp)
        return -half, half
    cosine, sine = cosine_sine(argument_of_pericenter, xp=xp)
    parameter = radius * (1 - eccentricity**2)
    quadratic = 1 - (eccentricity * sine) ** 2
    linear = eccentricity * sine * (parameter - eccentricity * X * cosine)
    constant = X**2 - (parameter - eccentricity * X * cosine) ** 2
    half = _half_chord(linear**2 - quadratic * constant, softening, xp)
    return (-linear - half) / quadratic, (-linear + half) / quadratic


def _half_chord(discriminant, softening, xp):
    """Root of (discriminant + sqrt(discriminant^2 + softening^4)) / 2, written so that nothing cancels."""
    larger = square_root(discriminant**2 + softening**4, xp=xp) + xp.abs(discriminant)
    return square_root(0.5 * xp.where(discriminant > 0, larger, softening**4 / larger), xp=xp)
