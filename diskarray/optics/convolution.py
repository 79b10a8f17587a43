"""Linear convolution of an image with a PSF kernel by real FFT, padded so that nothing wraps around."""

__all__ = ["convolved", "evaluation_grid"]

from functools import lru_cache

import numpy as np

from ..backend.operations import next_fast_length
from ..errors import ShapeError
from ..structures.grid import Grid2D
from ..structures.mask import Mask2D


def convolved(image, kernel, origin, *, xp=np):
    """``out[p] = sum_k kernel[k] image[p - k + origin]``, zero outside the image.

    Parameters
    ----------
    image : array, shape (ny, nx)
    kernel : array, shape (ky, kx)
        Odd or even.
    origin : (int, int)
        The kernel pixel on which the star sits, whole numbers.
    xp : module
        Array namespace.

    Returns
    -------
    array, shape (ny, nx)
    """
    padded = tuple(next_fast_length(n + k - 1) for n, k in zip(image.shape, kernel.shape, strict=True))
    product = _transform(image, padded, xp) * _transform(kernel, padded, xp)
    full = xp.fft.irfftn(product, s=padded, axes=(0, 1))
    (ny, nx), (oy, ox) = image.shape, origin
    return full[oy : oy + ny, ox : ox + nx]


def _transform(array, shape, xp):
    return xp.fft.rfftn(array, s=shape, axes=(0, 1))


@lru_cache(maxsize=32)
def evaluation_grid(mask, over_sample_size, kernel_shape, kernel_center):
    """Where the sky must be known so that every unmasked pixel gets all the light the PSF carries into it.

    The grid covers the unmasked pixels and those within the kernel's reach of them, behind the mask and beyond
    the edge of the image alike. Where the kernel's star sits between pixels (an even kernel), the grid is shifted by
    that fraction, so that the image never is.

    Parameters
    ----------
    mask : Mask2D
    over_sample_size : OverSampling
        Of the image; pixels beyond the edge are sampled as the edge is.
    kernel_shape : (int, int)
    kernel_center : (float, float)
        The kernel pixel (y, x) on which the star sits.

    Returns
    -------
    grid : Grid2D
        On a window around the unmasked pixels.
    origin : (int, int)
        Kernel origin to convolve the window with.
    first : (int, int)
        The image pixel at the window's first pixel; may be negative.

    Raises
    ------
    ShapeError
        If the mask keeps no pixel.
    """
    if mask.n_unmasked == 0:
        raise ShapeError(f"{mask!r} keeps no pixel, so there is nothing to evaluate")
    origin = tuple(int(np.floor(c)) for c in kernel_center)
    before = tuple(k - 1 - o for k, o in zip(kernel_shape, origin, strict=True))
    rows, columns = np.unravel_index(mask.indices, mask.shape_native)
    first = (int(rows.min()) - before[0], int(columns.min()) - before[1])
    shape = (int(np.ptp(rows)) + kernel_shape[0], int(np.ptp(columns)) + kernel_shape[1])
    needed = np.zeros(shape, dtype=bool)
    needed[rows - first[0] - before[0], columns - first[1] - before[1]] = True
    for axis in (0, 1):
        needed = _spread(needed, kernel_shape[axis], axis)
    frame = mask.frame.reshaped(shape, tuple(f + c - o for f, c, o in zip(first, kernel_center, origin, strict=True)))
    sizes = over_sample_size.native[np.ix_(*(
        np.clip(np.arange(n) + f, 0, limit - 1)
        for n, f, limit in zip(shape, first, mask.shape_native, strict=True)
    ))]
    # reshaped() moves the frame by the star's fraction of a kernel pixel: the grid shifts, the image does not
    return Grid2D(Mask2D(~needed, frame), sizes), origin, first


def _spread(flags, length, axis):
    """Every True spread over the ``length`` entries that start at it."""
    flags = np.moveaxis(flags, axis, 0)
    counts = np.cumsum(flags, axis=0)
    counts[length:] = counts[length:] - counts[:-length].copy()
    return np.moveaxis(counts > 0, 0, axis)
