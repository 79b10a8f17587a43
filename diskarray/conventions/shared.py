"""What the translators share: reading another code's dictionary, and the angles and pixels it counts differently.

All of these codes but DDiT descend from one another: the same axes (X along the major axis towards the position angle,
Y in the mid-plane, the near side at position angle - 90), the same sampling of pixels, and an ``omega`` that points to
the apocenter.
"""

__all__ = ["density_parts", "folded", "grid_from", "opposite", "pixels_of", "read", "real", "unused", "wrapped"]

import math
from collections.abc import Mapping

from ..errors import ParameterError, nearest
from ..profiles.density import TwoPowerLaw
from ..structures.frame import Frame2D
from ..structures.grid import Grid2D


def read(parameters, defaults, owner):
    """The other code's own defaults with the given parameters in place of them.

    Parameters
    ----------
    parameters : dict
        Its names and values.
    defaults : dict
        Every name that it knows, with the value it takes when the name is absent.
    owner : str
        What the dictionary is, for messages.

    Raises
    ------
    ParameterError
        If it is not a dictionary, or has a name the code does not know; the message says the nearest one.
    """
    if not isinstance(parameters, Mapping):
        raise ParameterError(f"{owner} is a dictionary of parameters, got {parameters!r}")
    for name in parameters:
        if name not in defaults:
            raise ParameterError(f"{owner} has no parameter {name!r}: {nearest(name, defaults)}")
    return {**defaults, **parameters}


def real(values, name, owner):
    """The finite number of that name in a dictionary."""
    value = values[name]
    try:
        if isinstance(value, (bool, str)) or hasattr(value, "unit"):
            raise TypeError
        number = float(value)
    except (TypeError, ValueError):
        raise ParameterError(f"{owner}: {name} must be a plain number, got {value!r}") from None
    if not math.isfinite(number):
        raise ParameterError(f"{owner}: {name} must be finite, got {value!r}")
    return number


def unused(values, allowed, owner):
    """Refuse settings that an image of ours cannot follow: each must have its one allowed value.

    Parameters
    ----------
    values : dict
        The parameters read.
    allowed : dict
        Name -> (the value that is fine, what to do instead of another).
    """
    for name, (fine, instead) in allowed.items():
        value = values[name]
        if value is not fine and (value is None or fine is None or value != fine):
            raise ParameterError(f"{owner}: {name} = {value!r} has no counterpart; {instead}")


def wrapped(angle):
    """The same direction in degrees, above -180 and up to 180."""
    return 180.0 - (180.0 - angle) % 360.0


def opposite(angle):
    """The direction half a turn away: from an apocenter to its pericenter and back."""
    return wrapped(angle + 180.0)


def folded(inclination, position_angle, pericenter, offset):
    """The same disk with its inclination between 0 and 180 degrees.

    A disk turned by -i is the disk turned by i about the other end of the major axis, its plane turned by half.

    Returns
    -------
    inclination, position_angle, pericenter, offset
    """
    inclination = inclination % 360.0
    if inclination <= 180.0:
        return inclination, position_angle, pericenter, offset
    return 360.0 - inclination, position_angle + 180.0, opposite(pericenter), (-offset[0], -offset[1])


def grid_from(shape, pixel_scale, center):
    """All pixels of a north-up image, the star at ``center``."""
    return Grid2D(Frame2D(shape, pixel_scale, center))


def pixels_of(grid, owner):
    """(ny, nx), arcsec per pixel and the star's (y, x) of a grid that the other code can render on."""
    if not isinstance(grid, Grid2D):
        raise ParameterError(f"{owner} renders images: give a Grid2D, got {type(grid).__name__}")
    frame = grid.frame
    if frame.north_angle % 360.0 or frame.mirrored:
        raise ParameterError(f"{owner} renders north-up images only; here North is at {frame.north_angle} degrees")
    return frame.shape_native, frame.pixel_scale, frame.center


def density_parts(density, optical_depth, owner):
    """A density as the TwoPowerLaw it has to be, and its opacity per au in the mid-plane at the reference radius.

    Raises
    ------
    ParameterError
        If it is another one.
    """
    if not isinstance(density, TwoPowerLaw):
        raise ParameterError(f"{owner} knows the TwoPowerLaw density only, got {type(density).__name__}")
    return density, float(optical_depth / density.vertical_column())
