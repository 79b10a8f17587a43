"""Linear convolution with PSF kernels by real FFT, padded so that nothing wraps around, and the pixels it needs."""

__all__ = ["convolved", "evaluation_grid", "flipped", "refined", "superposed"]

from functools import lru_cache

import numpy as np

from ..backend.operations import next_fast_length
from ..errors import ShapeError
from ..structures.frame import Frame2D
from ..structures.grid import Grid2D
from ..structures.mask import Mask2D
from ..structures.over_sampling import OverSampling


def convolved(image, kernel, origin, *, xp=np):
    """``out[p] = sum_k kernel[k] image[p - k + origin]``, zero outside the image.

    Parameters
    ----------
    image : array, shape (..., ny, nx)
    kernel : array, shape (..., ky, kx)
        Odd or even; leading axes broadcast.
    origin : (int, int)
        The kernel pixel on which the star sits, whole numbers.
    xp : module
        Array namespace.

    Returns
    -------
    array, shape (..., ny, nx)
    """
    product, padded = _product(image, kernel, xp)
    return _cropped(product, padded, tuple(image.shape[-2:]), origin, xp)


def superposed(images, kernels, origin, *, xp=np):
    """The sum of K images, each convolved with its kernel, shape (..., K, ny, nx) -> (..., ny, nx)."""
    product, padded = _product(images, kernels, xp)
    return _cropped(xp.sum(product, axis=-3), padded, tuple(images.shape[-2:]), origin, xp)


def flipped(kernel, origin, *, xp=np):
    """The kernel and origin of the adjoint: ``sum_p a[p] convolved(b)[p] = sum_p convolved'(a)[p] b[p]``."""
    opposite = tuple(k - 1 - o for k, o in zip(kernel.shape[-2:], origin, strict=True))
    return xp.flip(kernel, axis=(-2, -1)), opposite


def _product(image, kernel, xp):
    shapes = zip(image.shape[-2:], kernel.shape[-2:], strict=True)
    padded = tuple(next_fast_length(n + k - 1) for n, k in shapes)
    return _transform(image, padded, xp) * _transform(kernel, padded, xp), padded


def _transform(array, shape, xp):
    return xp.fft.rfftn(array, s=shape, axes=(-2, -1))


def _cropped(product, padded, shape, origin, xp):
    full = xp.fft.irfftn(product, s=padded, axes=(-2, -1))
    (ny, nx), (oy, ox) = shape, origin
    return full[..., oy : oy + ny, ox : ox + nx]


@lru_cache(maxsize=32)
def refined(mask, over_sample_size, times):
    """A mask and its over-sampling with every pixel cut into ``times`` x ``times`` smaller ones.

    The smaller pixels are sampled at least as finely as the larger ones were, and at more than their centers if those
    were: near the star that matters.
    """
    if times == 1:
        return mask, over_sample_size
    frame = mask.frame
    finer = Frame2D(
        tuple(n * times for n in frame.shape_native),
        frame.pixel_scale / times,
        tuple((c + 0.5) * times - 0.5 for c in frame.center),
        frame.north_angle,
        frame.mirrored,
    )
    cut = np.ones((times, times), dtype=int)
    fine_mask = Mask2D(np.kron(mask.array, cut), finer)
    sizes = over_sample_size.native
    fine_sizes = np.where(sizes > 1, np.maximum(-(-sizes // times), 2), 1)
    return fine_mask, OverSampling(np.kron(fine_sizes, cut), fine_mask)


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
    sizes = over_sample_size.native[
        np.ix_(
            *(
                np.clip(np.arange(n) + f, 0, limit - 1)
                for n, f, limit in zip(shape, first, mask.shape_native, strict=True)
            )
        )
    ]
    # reshaped() moves the frame by the star's fraction of a kernel pixel: the grid shifts, the image does not
    return Grid2D(Mask2D(~needed, frame), sizes), origin, first


def _spread(flags, length, axis):
    """Every True spread over the ``length`` entries that start at it."""
    flags = np.moveaxis(flags, axis, 0)
    counts = np.cumsum(flags, axis=0)
    counts[length:] = counts[length:] - counts[:-length].copy()
    return np.moveaxis(counts > 0, 0, axis)
