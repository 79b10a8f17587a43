"""Numbers of a whole disk that follow from its parameters: its share of the star's light, and which side is near."""

__all__ = ["NearSide", "disk_to_star_flux_ratio", "near_side"]

import dataclasses
import math
from typing import Any

import numpy as np

from ..backend.namespace import concrete
from ..errors import ParameterError, ShapeError
from ..structures.grid import Grid2D
from .disk import Disk

_CAVEAT = (
    "Which side is near follows from the convention that dust scatters forwards, not from one image: the disk turned "
    "by 180 degrees (position angle and argument of pericenter + 180, both offsets reversed) with p(-cos phi) in place "
    "of p(cos phi) has the same image."
)


def disk_to_star_flux_ratio(disk: Disk, grid: Any, *, xp: Any = np) -> Any:
    """Scattered light of a disk over the light of its star: the sum of brightness x pixel area over a grid's pixels.

    Only light that falls into the unmasked pixels counts, before any point-spread function; a grid that holds the whole
    disk, finely enough over-sampled, gives the ratio of the fluxes. A disk with a ``Polarized`` phase function gives
    that of its polarized light. For several disks add up the ratios of each.

    Parameters
    ----------
    disk : Disk
        Any object whose ``image_2d_from`` is the brightness relative to the star, per square arcsec.
    grid : Grid2D
    xp : module
        numpy (default) or jax.numpy.

    Returns
    -------
    0-d array

    Raises
    ------
    ShapeError
        If the grid has no pixels.
    ParameterError
        If a Scene is given, whose image is neither of one disk nor relative to the star.
    """
    if not isinstance(grid, Grid2D):
        raise ShapeError(f"a flux is summed over pixels: give a Grid2D, got {type(grid).__name__}")
    if hasattr(disk, "disks") or not hasattr(disk, "image_2d_from"):
        raise ParameterError(f"give one disk, such as scene.disks['belt'], got a {type(disk).__name__}")
    return xp.sum(disk.image_2d_from(grid, xp=xp).slim) * grid.frame.pixel_area


@dataclasses.dataclass(frozen=True)
class NearSide:
    """The side of a disk that is nearer to us.

    Attributes
    ----------
    position_angle : float
        Of the near end of the minor axis, degrees East of North, 0 to 360; NaN exactly face-on or edge-on.
    caveat : str
        What one has to know before quoting it.
    """

    position_angle: float
    caveat: str = _CAVEAT


def near_side(disk: Disk) -> NearSide:
    """Where the near side of a disk is: at PA - 90 for inclinations below 90 degrees, at PA + 90 above.

    It is a convention as much as a measurement, see ``NearSide.caveat``: turned by 180 degrees, with a phase function
    that scatters backwards as this one does forwards, a disk looks the same.

    Parameters
    ----------
    disk : Disk
        Any object with an ``inclination`` and a ``position_angle``.

    Returns
    -------
    NearSide
    """
    if not all(concrete(getattr(disk, name, None)) for name in ("inclination", "position_angle")):
        raise ParameterError(f"near_side needs a Disk with plain numbers, got {disk!r}")
    inclination = float(disk.inclination)
    if inclination in (0.0, 90.0, 180.0):
        return NearSide(math.nan)
    return NearSide((float(disk.position_angle) + (-90.0 if inclination < 90.0 else 90.0)) % 360.0)
