"""Degrees at the door, radians inside."""

__all__ = ["cosine_sine", "radians", "slanted"]

import numpy as np

_LEAST_COSINE = 1e-5  # |cos i| below this counts as this: edge-on a line of sight never meets the mid-plane


def radians(degrees, *, xp=np):
    """Degrees as radians."""
    return xp.asarray(degrees) * (np.pi / 180)


def cosine_sine(degrees, *, xp=np):
    """Cosine and sine of an angle in degrees."""
    angle = radians(degrees, xp=xp)
    return xp.cos(angle), xp.sin(angle)


def slanted(cosine, sine, *, xp=np):
    """A positive cosine kept away from zero, and the sine that goes with it: their ratio is a tangent with no pole."""
    return xp.sqrt(cosine**2 + _LEAST_COSINE**2), xp.where(cosine < 0, -sine, sine)
