"""Which pixels of a model need sub-pixels: those whose mean still changes when it is sampled more finely.

Brightness varies within a pixel near the star, across sharp edges of a ring and through thin disks seen edge-on;
elsewhere the value at the pixel's center is its mean.
"""

__all__ = ["adaptive_over_sample_size"]

from typing import Any

import numpy as np

from ..backend.namespace import is_jax_array, is_traced
from ..backend.pytree import leaves, map_leaves
from ..errors import BackendError, ParameterError, ShapeError
from ..structures.grid import Grid2D
from ..structures.mask import Mask2D
from .instrument import Instrument
from .scene import Scene

_SECOND_ORDER = 4 / 3  # the error of a mean, by its change when sub-pixels are halved


def adaptive_over_sample_size(
    model: Any, grid: Grid2D, *, tolerance: float = 1e-3, largest: int = 32, margin: int = 1
) -> np.ndarray:
    """Sizes of sub-pixels that bring every pixel's mean within a tolerance, for ``over_sample_size``.

    Starting from 1, a pixel's size is doubled as long as its mean changes by more than the tolerance, and the pixels
    around it are examined with it. Sizes are static: choose them once from a model near the one to be fitted. For a
    range of models take ``numpy.maximum`` of the sizes of a few of them.

    Parameters
    ----------
    model : Scene or Disk
        Of a Scene its disks are examined, where the offset of the star puts them, before PSF and throughput. Instead of
        a Disk, any object whose ``image_2d_from(grid)`` honors over-sampling.
    grid : Grid2D
        The pixels of the image. Masked ones get sizes too, as their light may reach others through a PSF.
    tolerance : float
        Error of a pixel's mean as a fraction of the peak, the largest brightness of an unmasked pixel. The estimate
        holds where the mean converges to second order.
    largest : int
        Where doubling stops, whether the tolerance is reached or not.
    margin : int
        Pixels around a refined one that get its size too: room for parameters to move in a fit.

    Returns
    -------
    array of int, shape (ny, nx)
        Powers of two from 1 to ``largest``.

    Raises
    ------
    ShapeError
        If the grid is not one of an image's pixels.
    ParameterError
        If tolerance, largest or margin make no sense.
    BackendError
        If the model holds traced values.
    """
    _check(grid, tolerance, largest, margin)
    sky, frame, counted = _sky_of(model), grid.frame, ~grid.mask.array
    sizes, active = np.ones(frame.shape_native, dtype=int), np.ones(frame.shape_native, dtype=bool)
    best, size = np.zeros(frame.shape_native), 1
    while 2 * size <= largest and np.any(active) and np.any(counted):
        mask = Mask2D(~active, frame)
        coarse, fine = (sky(Grid2D(mask, n)).array for n in (size, 2 * size))
        best = np.where(active, fine, best)
        passed = _SECOND_ORDER * np.abs(fine - coarse) <= tolerance * np.max(np.abs(best[counted]))
        size *= 2
        sizes[~passed] = size
        active = _largest_nearby(~passed)
    for _ in range(margin):
        sizes = _largest_nearby(sizes)
    return sizes


def _check(grid, tolerance, largest, margin):
    if not isinstance(grid, Grid2D) or not grid.on_pixels:
        raise ShapeError(f"sub-pixels are chosen for an image: give a Grid2D as it was made, got {grid!r}")
    if not (isinstance(tolerance, (int, float)) and 0 < tolerance < np.inf):
        raise ParameterError(f"tolerance must be a fraction of the peak above 0, such as 1e-3, got {tolerance!r}")
    for name, value, least in (("largest", largest, 1), ("margin", margin, 0)):
        if not isinstance(value, (int, np.integer)) or isinstance(value, bool) or value < least:
            raise ParameterError(f"{name} must be a whole number of at least {least}, got {value!r}")


def _sky_of(model):
    """The function from a grid to the image of pixel means that the instrument receives, with plain numbers."""
    if any(is_traced(leaf) for leaf in leaves(model)):
        raise BackendError(
            "the sizes of sub-pixels are static: choose them from a model with known numbers, outside of compiled code"
        )
    model = map_leaves(lambda leaf: np.asarray(leaf) if is_jax_array(leaf) else leaf, model)
    if isinstance(model, Scene):
        star = Instrument(offset_y=model.instrument.offset_y, offset_x=model.instrument.offset_x)
        model = Scene(disks=model.disks, instrument=star)
    return model.image_2d_from


def _largest_nearby(values):
    """The largest value of every pixel and its eight neighbors."""
    for axis in (0, 1):
        padded = np.pad(values, [(1, 1) if k == axis else (0, 0) for k in (0, 1)], mode="edge")
        windows = np.lib.stride_tricks.sliding_window_view(padded, 3, axis=axis)
        values = np.max(windows, axis=-1)
    return values
