"""Brightness along an axis of the disk on the sky, and around its ring: means over the pixels of each bin.

Errors are those of the mean of independent pixels; pixels of an image that was resampled or blurred after the noise
came in are not, and their means are less certain than that.
"""

__all__ = ["BrightnessProfile", "profile_along", "profile_around", "ring_band"]

import dataclasses
import math

import numpy as np

from ..errors import ParameterError, ShapeError
from ..geometry.disk_axes import major_minor_from
from ..model.ring_shape import ring_shape
from .plane import ring_coordinates


@dataclasses.dataclass(frozen=True, eq=False)
class BrightnessProfile:
    """Mean brightness in bins.

    Attributes
    ----------
    positions : array, shape (n,)
        Middles of the bins; arcsec from the star, positive towards the axis, or degrees of azimuth.
    values, errors : array, shape (n,)
        Mean of the unmasked pixels and its error, in the image's unit; NaN in a bin without any, and errors without a
        noise map.
    counts : array of int, shape (n,)
        Pixels in each bin.
    edges : array, shape (n + 1,)
    """

    positions: np.ndarray
    values: np.ndarray
    errors: np.ndarray
    counts: np.ndarray
    edges: np.ndarray


def profile_along(image, position_angle, *, half_angle=10.0, width=None, noise_map=None, star=(0.0, 0.0)):
    """Brightness along a line through the star, both ways: means over the pixels of a double wedge.

    Parameters
    ----------
    image : Image2D
    position_angle : float
        Of the line, degrees East of North; offsets are positive that way.
    half_angle : float
        Half of the wedge's opening, degrees: above 0, at most 90.
    width : float, optional
        Of a bin in distance from the star, arcsec; default one pixel.
    noise_map : Image2D, optional
        One standard deviation of each pixel.
    star : (float, float)
        Where the star is, (y, x) in arcsec from the frame's center.

    Returns
    -------
    BrightnessProfile

    Raises
    ------
    ParameterError
        For a half angle or a width that makes no sense.
    ShapeError
        If image and noise map are not of the same pixels.
    """
    if not 0 < half_angle <= 90:
        raise ParameterError(f"half_angle is above 0 and at most 90 degrees, got {half_angle!r}")
    width = image.frame.pixel_scale if width is None else _positive("width", width)
    y, x, values, noise = _pixels(image, noise_map, star)
    along, across = major_minor_from(y, x, float(position_angle))
    distance = np.hypot(along, across)
    inside = (np.abs(along) >= distance * math.cos(math.radians(half_angle))) & (distance > 0)
    offset = np.where(along < 0, -distance, distance)
    farthest = np.max(distance[inside], initial=0.0)
    bins = max(math.floor(farthest / width) + 1, 1)
    edges = np.arange(-bins, bins + 1) * width
    return _means(offset[inside], values[inside], None if noise is None else noise[inside], edges)


def profile_around(image, disk, inner, outer, *, width=10.0, noise_map=None, star=(0.0, 0.0)):
    """Brightness around a ring: means over the pixels between two ellipses of the ring's own shape in its plane.

    Parameters
    ----------
    image : Image2D
    disk : Disk
        Its orientation, offset, eccentricity and argument of pericenter are used.
    inner, outer : float
        Semi-major axes of the two ellipses, au.
    width : float
        Of a bin in azimuth, degrees; it is made to divide 360.
    noise_map : Image2D, optional
        One standard deviation of each pixel.
    star : (float, float)
        Where the star is, (y, x) in arcsec from the frame's center.

    Returns
    -------
    BrightnessProfile
        Over the azimuth, from the PA end of the major axis (0) through the near side (90).

    Raises
    ------
    ParameterError
        If the ellipses are not one inside the other, or the disk is inclined by more than 85 degrees.
    ShapeError
        If image and noise map are not of the same pixels.
    """
    if not 0 <= inner < outer:
        raise ParameterError(f"inner and outer are semi-major axes in au, the first the smaller; got {inner}, {outer}")
    bins = max(round(360.0 / _positive("width", width)), 1)
    y, x, values, noise = _pixels(image, noise_map, star)
    axis, azimuth = ring_coordinates(y, x, disk)
    inside = (axis >= inner) & (axis <= outer)
    edges = np.linspace(0.0, 360.0, bins + 1)
    return _means(azimuth[inside], values[inside], None if noise is None else noise[inside], edges)


def ring_band(disk, resolution=0.0):
    """Semi-major axes between which a ring is bright: where its mid-plane density is above half of the peak.

    Parameters
    ----------
    disk : Disk
    resolution : float
        Full width at half maximum of the PSF in arcsec; the band is at least as wide.

    Returns
    -------
    (inner, outer) : floats
        au.

    Raises
    ------
    ParameterError
        If the density has no peak.
    """
    shape = ring_shape(disk.density)
    peak = shape.peak_radius
    if math.isnan(peak):
        raise ParameterError("this density has no peak that a band could be laid around: give inner= and outer=")
    half = 0.5 * resolution * float(disk.distance)
    inner = 0.9 * peak if math.isnan(shape.inner_half_radius) else shape.inner_half_radius
    outer = 1.1 * peak if math.isnan(shape.outer_half_radius) else shape.outer_half_radius
    return max(min(inner, peak - half), 0.0), max(outer, peak + half)


def _pixels(image, noise_map, star):
    """Offsets from the star, values and noise of the unmasked pixels."""
    if noise_map is not None and noise_map.mask != image.mask:
        raise ShapeError(f"the noise map lies on {noise_map.mask!r}, the image on {image.mask!r}")
    rows, columns = np.nonzero(~image.mask.array)
    y, x = image.frame.sky_from(rows, columns)
    return y - star[0], x - star[1], np.asarray(image.slim), None if noise_map is None else np.asarray(noise_map.slim)


def _means(places, values, noise, edges):
    """Mean, its error and number of pixels in each bin; a bin holds its lower edge."""
    n = edges.size - 1
    k = np.clip(np.searchsorted(edges, places, side="right") - 1, 0, n - 1)
    counts = np.bincount(k, minlength=n)
    some = np.where(counts > 0, counts, 1)
    empty = counts == 0
    mean = np.where(empty, np.nan, np.bincount(k, weights=values, minlength=n) / some)
    if noise is None:
        error = np.full(n, np.nan)
    else:
        error = np.where(empty, np.nan, np.sqrt(np.bincount(k, weights=noise**2, minlength=n)) / some)
    return BrightnessProfile(0.5 * (edges[:-1] + edges[1:]), mean, error, counts, edges)


def _positive(name, value):
    value = float(value)
    if not 0 < value < math.inf:
        raise ParameterError(f"{name} must be a number above 0, got {value!r}")
    return value
