"""Degrees at the door, radians inside."""

__all__ = ["cosine_sine", "radians"]

import numpy as np

from ..backend.operations import settled


def radians(degrees, *, xp=np):
    """Degrees as radians."""
    return xp.asarray(degrees) * (np.pi / 180)


def cosine_sine(degrees, *, xp=np):
    """Cosine and sine of an angle in degrees."""
    angle = radians(degrees, xp=xp)
    return settled((xp.cos(angle), xp.sin(angle)), xp=xp)
