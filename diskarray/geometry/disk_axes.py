"""From sky offsets to the axes of an inclined disk.

``u`` runs along the major axis towards the position angle, ``v`` along the minor axis towards PA - 90 degrees, ``l``
along the line of sight towards the observer. ``X`` and ``Y`` span the disk's mid-plane and ``Z`` is its normal.
"""

__all__ = ["major_minor_from", "moved_along", "sky_plane_point", "turned"]

import numpy as np

from .angles import cosine_sine


def major_minor_from(y, x, position_angle, *, xp=np):
    """(u, v) of sky offsets: u = y cos PA - x sin PA, v = y sin PA + x cos PA.

    Parameters
    ----------
    y, x : arrays
        Offsets towards North and West, any length unit.
    position_angle : float
        Of the major axis, degrees East of North.
    """
    return turned(y, x, *cosine_sine(position_angle, xp=xp))


def turned(y, x, cosine, sine):
    """(u, v) from the cosine and sine of the position angle."""
    return y * cosine - x * sine, y * sine + x * cosine


def sky_plane_point(v, cos_i, sin_i):
    """(Y, Z) where lines of sight pass the plane of the sky through the star: Y = v cos i, Z = -v sin i. (X is u.)"""
    return v * cos_i, -v * sin_i


def moved_along(Y, Z, l, cos_i, sin_i):
    """(Y, Z) at l along lines of sight: Y + l sin i, Z + l cos i. (X stays.)"""
    return Y + l * sin_i, Z + l * cos_i
