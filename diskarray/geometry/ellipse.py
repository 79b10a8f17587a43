"""Kepler ellipses with the star at a focus: r = a (1 - e^2) / (1 + e cos(theta - omega))."""

__all__ = ["ellipse_crossings", "ellipse_radius"]

import numpy as np

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


def ellipse_crossings(X, radius, eccentricity, argument_of_pericenter, softening, *, xp=np):
    """The two Y at which a line of constant X crosses the ellipse, smooth where it passes by.

    The ellipse is the conic r + e s = p, s = X cos omega + Y sin omega, p = a (1 - e^2); squared, it is a quadratic
    in Y. Where the line misses the ellipse the half distance goes smoothly to zero over ``softening``.
    """
    cosine, sine = cosine_sine(argument_of_pericenter, xp=xp)
    parameter = radius * (1 - eccentricity**2)
    quadratic = 1 - (eccentricity * sine) ** 2
    linear = eccentricity * sine * (parameter - eccentricity * X * cosine)
    constant = X**2 - (parameter - eccentricity * X * cosine) ** 2
    discriminant = linear**2 - quadratic * constant
    half = xp.sqrt(0.5 * (discriminant + xp.sqrt(discriminant**2 + softening**4)))
    return (-linear - half) / quadratic, (-linear + half) / quadratic
