"""The disk's mid-plane as a frame for figures: where sky points lie in it, and what an image looks like from above.

A pixel is taken to show the mid-plane where its line of sight meets it: X = u, Y = v / cos i. For a disk with a height
that is an approximation, the worse the more it is inclined.
"""

__all__ = ["STEEPEST", "Deprojection", "deprojected", "plane_coordinates", "ring_coordinates", "scattering_angle_at"]

import dataclasses
import math

import numpy as np

from ..errors import ParameterError
from ..geometry.disk_axes import major_minor_from

STEEPEST = 85.0  # degrees; beyond, a pixel covers more than eleven times its width of the plane
_MOST_POINTS = 2000


@dataclasses.dataclass(frozen=True, eq=False)
class Deprojection:
    """An image stretched along the disk's minor axis, as if the disk were seen face-on.

    It is for looking only: neighboring pixels repeat one another, the PSF is stretched with the image, noise is
    correlated, and light from above or below the mid-plane is in the wrong place. Nothing should be fitted to it.

    Attributes
    ----------
    values : array, shape (n, n)
        Rows towards North, columns towards West, as in the image; NaN where nothing was observed.
    step : float
        Width of a pixel in au; the star is in the middle of the array.
    squared_radius : bool
        Whether values are multiplied by r^2 (au^2) for the starlight that falls off with the distance.
    position_angle : float
        Of the major axis, along which nothing was stretched, in degrees.
    near_side : float
        Position angle of the near side, in degrees.
    """

    values: np.ndarray
    step: float
    squared_radius: bool
    position_angle: float
    near_side: float

    @property
    def half_width(self):
        """Half of the array's width, in au."""
        return self.values.shape[0] * self.step / 2


def plane_coordinates(y, x, disk):
    """Where lines of sight meet the mid-plane.

    Parameters
    ----------
    y, x : arrays
        Sky offsets from the star (North, West) in arcsec.
    disk : Disk

    Returns
    -------
    X, Y : arrays
        au, along the major axis towards its position angle, and towards the near side.

    Raises
    ------
    ParameterError
        If the disk is inclined by more than 85 degrees.
    """
    cosine = _cosine(disk)
    u, v = major_minor_from(np.asarray(y, dtype=float), np.asarray(x, dtype=float), float(disk.position_angle))
    return u * float(disk.distance), v * float(disk.distance) / cosine


def ring_coordinates(y, x, disk):
    """Semi-major axis and azimuth of the ellipse, of the disk's own shape, that passes through each point.

    Parameters
    ----------
    y, x, disk
        As for ``plane_coordinates``.

    Returns
    -------
    semi_major_axis : array
        au; for a circular ring the distance from its center.
    azimuth : array
        Degrees from 0 to 360, from the PA end of the major axis through the near side, about the ring's focus.
    """
    X, Y = plane_coordinates(y, x, disk)
    X, Y = X - float(getattr(disk, "offset_x", 0.0)), Y - float(getattr(disk, "offset_y", 0.0))
    e = float(getattr(disk.density, "eccentricity", 0.0))
    omega = math.radians(float(getattr(disk.density, "argument_of_pericenter", 0.0)))
    towards_pericenter = X * math.cos(omega) + Y * math.sin(omega)
    axis = (np.hypot(X, Y) + e * towards_pericenter) / (1 - e**2)
    return axis, np.degrees(np.arctan2(Y, X)) % 360.0


def scattering_angle_at(azimuth, inclination):
    """Scattering angle in degrees of the mid-plane at an azimuth: cos phi = sin(azimuth) sin i."""
    cosine = np.sin(np.radians(azimuth)) * math.sin(math.radians(inclination))
    return np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0)))


def deprojected(image, disk, *, half_width=None, squared_radius=False, method="linear", star=(0.0, 0.0)):
    """An image as it would look from above the disk, by stretching it along the minor axis.

    Parameters
    ----------
    image : Image2D
    disk : Disk
        Its inclination, position angle and distance are used.
    half_width : float, optional
        Half width of the result in au; default what holds the unmasked pixels.
    squared_radius : bool
        Multiply by r^2 (au^2), r the deprojected distance from the star.
    method : {"linear", "nearest"}
        How values between pixels are made. "linear" needs four unmasked pixels around a point.
    star : (float, float)
        Where the star is, (y, x) in arcsec from the frame's center.

    Returns
    -------
    Deprojection
        For looking only.

    Raises
    ------
    ParameterError
        If the disk is inclined by more than 85 degrees, or the method is unknown.
    """
    if method not in _SAMPLERS:
        raise ParameterError(f"method is one of {', '.join(_SAMPLERS)}, got {method!r}")
    cosine = _cosine(disk)
    distance, angle = float(disk.distance), float(disk.position_angle)
    half_width = _extent(image, disk, star) if half_width is None else float(half_width)
    if not 0 < half_width < math.inf:
        raise ParameterError(f"half_width must be a number of au above 0, got {half_width!r}")
    count = min(math.ceil(2 * half_width / (image.frame.pixel_scale * distance)), _MOST_POINTS)
    step = 2 * half_width / count
    offsets = (np.arange(count) - (count - 1) / 2) * step
    north, west = np.meshgrid(offsets, offsets, indexing="ij")
    u, v = major_minor_from(north, west, angle)
    y, x = major_minor_from(u, v * abs(cosine), -angle)
    values = _SAMPLERS[method](image, *image.frame.pixel_from(y / distance + star[0], x / distance + star[1]))
    if squared_radius:
        values = values * (north**2 + west**2)
    return Deprojection(values, step, bool(squared_radius), angle, (angle + (-90.0 if cosine > 0 else 90.0)) % 360.0)


def _cosine(disk):
    inclination = float(disk.inclination)
    if not min(inclination, 180.0 - inclination) <= STEEPEST:
        raise ParameterError(
            f"a disk inclined by {inclination:g} degrees shows its mid-plane too obliquely to be seen from above: "
            f"at most {STEEPEST:g} degrees (at least {180 - STEEPEST:g} when turned over)"
        )
    return math.cos(math.radians(inclination))


def _extent(image, disk, star):
    """The largest deprojected distance of an unmasked pixel, in au."""
    rows, columns = np.nonzero(~image.mask.array)
    y, x = image.frame.sky_from(rows, columns)
    X, Y = plane_coordinates(y - star[0], x - star[1], disk)
    return float(np.max(np.hypot(X, Y))) if X.size else 1.0


def _nearest(image, row, column):
    here = np.floor(row + 0.5).astype(int), np.floor(column + 0.5).astype(int)
    return _values_at(image, *here)


def _linear(image, row, column):
    low, left = np.floor(row).astype(int), np.floor(column).astype(int)
    up, right = row - low, column - left
    total = 0.0
    for i, share_i in ((0, 1 - up), (1, up)):
        for j, share_j in ((0, 1 - right), (1, right)):
            share = share_i * share_j
            total = total + np.where(share > 0, share * _values_at(image, low + i, left + j), 0.0)
    return total


def _values_at(image, row, column):
    """Values of pixels, NaN where they are masked or outside."""
    ny, nx = image.shape_native
    inside = (row >= 0) & (row < ny) & (column >= 0) & (column < nx)
    row, column = np.clip(row, 0, ny - 1), np.clip(column, 0, nx - 1)
    known = inside & ~image.mask.array[row, column]
    return np.where(known, np.asarray(image.array)[row, column], np.nan)


_SAMPLERS = {"linear": _linear, "nearest": _nearest}
