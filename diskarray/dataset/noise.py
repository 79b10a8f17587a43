"""Noise maps from the scatter in annuli around the star.

Where the noise depends on the distance from the star alone, the scatter of a signal-free image (U_phi), or of
the image itself, in narrow annuli estimates it.
"""

__all__ = ["annular_noise_map", "NoiseFromAnnuli", "NoiseFromFile"]

from dataclasses import dataclass
from typing import Literal

import numpy as np

from ..errors import DataError, ParameterError, ShapeError

_FEWEST_PIXELS = 10
_STATISTICS = ("standard_deviation", "robust")


@dataclass(frozen=True)
class NoiseFromAnnuli:
    """Noise from the scatter in annuli: the arguments of ``annular_noise_map`` and the plane to take.

    Parameters
    ----------
    width_pixels : float
        Width of an annulus in pixels.
    statistic : {"standard_deviation", "robust"}
    plane : int or tuple of int, optional
        Plane of the cube to take, such as U_phi.
    extension : str or int, optional
        HDU (dataset of HDF5, array of NPZ) to take. With neither plane, extension nor path, the image itself is taken.
    path : str or path, optional
        Another FITS file of the same unit, such as the one of U_phi; then the default HDU is its first image.
    """

    width_pixels: float = 3.0
    statistic: Literal["standard_deviation", "robust"] = "standard_deviation"
    plane: int | tuple | None = None
    extension: str | int | None = None
    path: str | None = None


@dataclass(frozen=True)
class NoiseFromFile:
    """Noise (one standard deviation) read from an image of the same shape and unit.

    Parameters
    ----------
    extension : str or int, optional
        HDU; default that of the data.
    plane : int or tuple of int, optional
        Plane of a cube.
    path : str or path, optional
        Another file; then the default HDU is its first image.
    """

    extension: str | int | None = None
    plane: int | tuple | None = None
    path: str | None = None


def annular_noise_map(
    array, center=None, width_pixels=3.0, statistic="standard_deviation", mask=None, where="the image"
):
    """The scatter of an image in annuli ``width * k <= r < width * (k + 1)`` around the star, as a map.

    Parameters
    ----------
    array : array, shape (ny, nx)
        Only its finite pixels count.
    center : (float, float) or Frame2D, optional
        The star's pixel (y, x), 0-based; default the geometric center.
    width_pixels : float
        Width of an annulus in pixels, at least 1.
    statistic : {"standard_deviation", "robust"}
        Standard deviation (ddof 0), or 1.4826 times the median absolute deviation.
    mask : array of bool or Mask2D, optional
        True = excluded. Excluded pixels count in the scatter too; but an annulus wholly under the mask may be
        constant (its noise is then 1).
    where : str
        What the image is, for error messages.

    Returns
    -------
    array, shape (ny, nx)
        Finite and above 0 everywhere. An annulus of fewer than 10 finite pixels is pooled with the nearest
        inner one that has enough (the innermost with the next outer one).

    Raises
    ------
    DataError
        When no annulus has enough finite pixels, or one is constant.
    """
    array = np.asarray(array, dtype=float)
    if array.ndim != 2:
        raise ShapeError(f"{where}: a 2D image is needed, got shape {array.shape}.")
    if statistic not in _STATISTICS:
        raise ParameterError(f"statistic is one of {_STATISTICS}, got {statistic!r}.")
    if not width_pixels >= 1:
        raise ParameterError(f"width_pixels must be at least 1, got {width_pixels}.")
    finite = np.isfinite(array)
    annulus = _pooled(_annulus_of(array.shape, center, width_pixels), finite, where)
    needed = (
        ~np.asarray(getattr(mask, "array", mask), dtype=bool) if mask is not None else np.ones(array.shape, dtype=bool)
    )
    if needed.shape != array.shape:
        raise ShapeError(f"{where}: the mask has shape {needed.shape}, the image {array.shape}.")
    scatter = np.ones(annulus.max() + 1)
    for k in np.unique(annulus):
        scatter[k] = _scatter(array[finite & (annulus == k)], statistic)
        if not scatter[k] > 0:
            if np.any(needed & (annulus == k)):
                raise DataError(
                    f"{where}: the annulus {k * width_pixels:g} <= r < {(k + 1) * width_pixels:g} pixels "
                    f"has a {statistic} of {scatter[k]:g} (constant values?). "
                    "Mask it, choose another plane for the noise, or give a noise map."
                )
            scatter[k] = 1.0
    return scatter[annulus]


def _annulus_of(shape, center, width_pixels):
    """The number of the annulus each pixel lies in."""
    center = getattr(center, "center", center)
    center = tuple((n - 1) / 2 for n in shape) if center is None else center
    row, column = np.indices(shape)
    return (np.hypot(row - center[0], column - center[1]) // width_pixels).astype(int)


def _pooled(annulus, finite, where):
    """The same numbers with sparse annuli given to their inner neighbor, the innermost to the outer one."""
    enough = np.bincount(annulus.ravel(), weights=finite.ravel()) >= _FEWEST_PIXELS
    if not enough.any():
        raise DataError(f"{where}: no annulus has {_FEWEST_PIXELS} finite pixels to estimate the noise from.")
    number = np.where(enough, np.arange(enough.size), np.argmax(enough))
    return np.maximum.accumulate(number)[annulus]


def _scatter(values, statistic):
    if statistic == "standard_deviation":
        return float(np.std(values))
    return float(1.4826 * np.median(np.abs(values - np.median(values))))
