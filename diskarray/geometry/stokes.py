"""Linear polarization on the sky: Stokes parameters about North, and their azimuthal counterparts about the star.

Q is positive along North-South, U along northeast-southwest (IAU). With psi the direction of a point from the star,
East of North, Q_phi = -Q cos 2 psi - U sin 2 psi and U_phi = Q sin 2 psi - U cos 2 psi; light polarized at right angles
to the direction of the star has Q_phi > 0 and U_phi = 0.
"""

__all__ = ["azimuthal_from_stokes", "double_angle", "stokes_from_azimuthal"]

import numpy as np


def double_angle(y, x, *, xp=np):
    """cos 2 psi and sin 2 psi of points (y, x) towards North and West; both 0 at the origin, which has no direction."""
    squared = y * y + x * x
    inverse = 1 / xp.where(squared > 0, squared, xp.asarray(1.0, dtype=squared.dtype))
    return (y * y - x * x) * inverse, -2 * y * x * inverse


def azimuthal_from_stokes(q, u, y, x, *, xp=np):
    """(Q_phi, U_phi) of Stokes parameters at points (y, x) from the star.

    Parameters
    ----------
    q, u : arrays, shape (N,)
        About North.
    y, x : arrays, shape (N,)
        Towards North and West, any unit. Both results are 0 at the origin.
    xp : module
        Array namespace.
    """
    cosine, sine = double_angle(y, x, xp=xp)
    return -q * cosine - u * sine, q * sine - u * cosine


def stokes_from_azimuthal(q_phi, u_phi, y, x, *, xp=np):
    """(Q, U) about North of azimuthal Stokes parameters; arguments as for ``azimuthal_from_stokes``."""
    cosine, sine = double_angle(y, x, xp=xp)
    return u_phi * sine - q_phi * cosine, -q_phi * sine - u_phi * cosine
