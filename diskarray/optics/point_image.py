"""The image of a point source at an exact position between pixels.

A point is no image that could be convolved. Where the PSF is a formula it is evaluated at the pixels' true distances
from the source; where it is a sampled kernel, the kernel is moved there by band-limited interpolation. On the center
of a pixel both are the kernel itself.
"""

__all__ = ["pixel_position", "pixel_steps", "point_image"]

import numpy as np

from .psf import kernel_center
from .shift import sample_shift_matrix


def pixel_steps(frame):
    """Rows and columns per arcsec towards North and West: ``(rows, columns) = steps @ (y, x)``, shape (2, 2)."""
    ends = np.stack(frame.pixel_from([1.0, 0.0], [0.0, 1.0]))
    return ends - np.stack(frame.pixel_from(0.0, 0.0))[:, None]


def pixel_position(y, x, frame):
    """The pixel (row, column) of a sky position, whose numbers may be traced."""
    steps = pixel_steps(frame)
    return tuple(
        float(start) + float(north) * y + float(west) * x
        for start, (north, west) in zip(frame.center, steps, strict=True)
    )


def point_image(psf, y, x, grid, *, xp=np):
    """The fraction of a point source's light that each unmasked pixel gets, shape (N,).

    Parameters
    ----------
    psf : PSF
    y, x : 0-d arrays
        Of the source, arcsec towards North and West from the frame's center.
    grid : Grid2D
        The pixels.
    xp : module
        Array namespace.
    """
    frame = grid.frame
    row, column = pixel_position(y, x, frame)
    rows, columns = np.unravel_index(grid.mask.indices, grid.shape_native)
    if hasattr(psf, "values_at"):
        up = (xp.asarray(rows, dtype=grid.array.dtype) - row) * frame.pixel_scale
        right = (xp.asarray(columns, dtype=grid.array.dtype) - column) * frame.pixel_scale
        return psf.values_at(up, right, frame.pixel_scale, xp=xp)
    kernel = psf.kernel_from(frame.pixel_scale, xp=xp)
    if kernel.ndim == 3:
        kernel = xp.sum(_maps_at(psf.maps_from(xp=xp), row, column, xp)[:, None, None] * kernel, axis=0)
    placed = [
        _placement(n, k, position, center, getattr(psf, "over_sample_size", 1), xp)
        for n, k, position, center in zip(
            grid.shape_native, kernel.shape, (row, column), kernel_center(psf, tuple(kernel.shape)), strict=True
        )
    ]
    image = xp.matmul(xp.matmul(placed[0], kernel), placed[1].T)
    return xp.take(xp.reshape(image, (-1,)), xp.asarray(grid.mask.indices))


def _placement(n, k, position, center, times, xp):
    """Weights (n, k) that place a kernel of k pixels, ``times`` to a pixel of the image, with its center there."""
    shift = (position + 0.5) * times - 0.5 - center
    fine = sample_shift_matrix(n * times, k, shift, xp=xp)
    return fine if times == 1 else xp.sum(xp.reshape(fine, (n, times, k)), axis=1)


def _maps_at(maps, row, column, xp):
    """Maps (K, ny, nx) at a pixel position by linear interpolation, those of the edge beyond it; shape (K,)."""
    shares = []
    for n, position in zip(maps.shape[1:], (row, column), strict=True):
        inside = xp.clip(xp.asarray(position), 0.0, float(n - 1))
        places = xp.asarray(np.arange(n), dtype=inside.dtype)
        shares.append(xp.maximum(1 - xp.abs(places - inside), xp.asarray(0.0, dtype=inside.dtype)))
    return xp.sum(maps * shares[0][:, None] * shares[1], axis=(-2, -1))
