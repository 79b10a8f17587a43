"""Sub-pixels: a pixel's value is the mean over points inside it, a regular size x size set away from the star."""

__all__ = ["OverSampling"]

import numpy as np

from ..backend.operations import segment_mean
from ..errors import ShapeError
from .star_pixel import star_pixel_points

_NEAR_STAR = 0.1  # pixels: from here on regular sub-pixels converge to second order from size 4
_HOLDING_STAR = 4  # least size of a pixel that holds the star


class OverSampling:
    """How many sub-pixels each pixel has; hashable and compared by value.

    A pixel of size 1 has the value at its center, unless the star lies inside it. The pixel that holds the star is
    sampled at ``star_pixel_points``, from size 4 on, instead of regular ones: its mean is right even where dust reaches
    the star and the brightness there is infinite. From size 2 on, so is a pixel that comes within a tenth of a pixel of
    the star. The star is where the frame has it. A fitted offset of the star moves all points alike; with such dust
    the mean loses accuracy as the star leaves the points' center.

    Parameters
    ----------
    size : int, array_like of int, or OverSampling
        Sub-pixels along one side: one number, or a native (ny, nx) array of numbers. In a pixel that holds the star,
        points along each side of its four triangles.
    mask : Mask2D
        The mask whose unmasked pixels are sampled.

    Attributes
    ----------
    native : array of int, shape (ny, nx)
        Sizes of all pixels, masked ones included: light from behind the mask is sampled as finely.
    sizes : array of int, shape (N,)
        Sizes of the unmasked pixels in C order.
    counts : array of int, shape (N,)
        Number of sub-pixels of the unmasked pixels.

    Raises
    ------
    ShapeError
        If a size is not a whole number of at least 1, or the array does not fit the mask.
    """

    __slots__ = ("native", "sizes", "counts", "mask", "_at_star", "_hash")

    def __init__(self, size, mask):
        given = np.asarray(size.native if isinstance(size, OverSampling) else size)
        if given.ndim not in (0, 2) or (given.ndim == 2 and given.shape != mask.shape_native):
            raise ShapeError(f"over_sample_size is one number or an array of shape {mask.shape_native}, got {size!r}")
        whole = given.dtype.kind in "iuf" and np.all(np.isfinite(given)) and np.all(given == np.floor(given))
        if not whole or np.any(given < 1):
            raise ShapeError(f"over_sample_size holds whole numbers of at least 1, got {size!r}")
        native = np.array(np.broadcast_to(given.astype(int), mask.shape_native))
        sizes = native.ravel()[mask.indices]
        at_star = _pixels_at_star(sizes, mask)
        counts = sizes**2
        for pixel, _, weights in at_star:
            counts[pixel] = weights.size
        for name, value in (("native", native), ("sizes", sizes), ("counts", counts)):
            value.flags.writeable = False
            object.__setattr__(self, name, value)
        for name, value in (("mask", mask), ("_at_star", at_star), ("_hash", hash((native.tobytes(), mask)))):
            object.__setattr__(self, name, value)

    def __setattr__(self, name, value):
        raise AttributeError("an OverSampling cannot be changed")

    def __eq__(self, other):
        return self is other or (
            isinstance(other, OverSampling) and self.mask == other.mask and np.array_equal(self.native, other.native)
        )

    def __hash__(self):
        return self._hash

    def __reduce__(self):
        return OverSampling, (self.native, self.mask)

    def __repr__(self):
        return f"OverSampling({self.native.min()} to {self.native.max()} per side)"

    @property
    def is_trivial(self):
        """True where every pixel is sampled at its center only."""
        return bool(np.all(self.native == 1)) and not self._at_star

    def sub_pixels(self, row, column):
        """Positions of all sub-pixels, those of a pixel following each other.

        Parameters
        ----------
        row, column : arrays, shape (N,)
            Pixel centers.

        Returns
        -------
        (row, column) : arrays, shape (sum(counts),)
        """
        starts = np.cumsum(self.counts) - self.counts
        pixel = np.repeat(np.arange(self.counts.size), self.counts)
        local, size = np.arange(pixel.size) - starts[pixel], self.sizes[pixel]
        up, right = (local // size + 0.5) / size - 0.5, (local % size + 0.5) / size - 0.5
        for k, points, _ in self._at_star:
            here = slice(starts[k], starts[k] + self.counts[k])
            up[here], right[here] = points[:, 0], points[:, 1]
        return row[pixel] + up, column[pixel] + right

    def binned(self, values, *, xp=np):
        """Means of sub-pixel values, shape (sum(counts), ...) -> (N, ...)."""
        starts = np.cumsum(self.counts) - self.counts
        parts, pixel, first = [], 0, 0
        for k, _, weights in self._at_star:
            last = int(starts[k])
            parts.append(_means(values[first:last, ...], self.counts[pixel:k], xp))
            here = values[last : last + weights.size, ...]
            factor = xp.reshape(xp.asarray(weights, dtype=values.dtype), (-1,) + (1,) * (values.ndim - 1))
            parts.append(xp.sum(factor * here, axis=0)[None, ...])
            pixel, first = k + 1, last + weights.size
        parts.append(_means(values[first:, ...], self.counts[pixel:], xp))
        return parts[0] if len(parts) == 1 else xp.concat(parts)


def _means(values, counts, xp):
    """Means over runs of values, reshaped where all runs are as long."""
    count = int(counts[0]) if counts.size else 1
    if count == 1 and np.all(counts == 1):
        return values
    if np.all(counts == count):
        return xp.mean(xp.reshape(values, (-1, count, *values.shape[1:])), axis=1)
    return segment_mean(values, counts, xp=xp)


def _pixels_at_star(sizes, mask):
    """(number among the unmasked, points, weights) of the unmasked pixels that hold the star or nearly so."""
    row, column = np.unravel_index(mask.indices, mask.shape_native)
    star = np.stack([mask.frame.center[0] - row, mask.frame.center[1] - column], axis=-1)
    outside = np.maximum(np.abs(star) - 0.5, 0.0)
    holding = np.all(np.abs(star) < 0.5, axis=-1)
    near = holding | ((np.hypot(outside[:, 0], outside[:, 1]) < _NEAR_STAR) & (sizes > 1))
    return tuple(
        (int(k), *star_pixel_points(star[k], max(int(sizes[k]), _HOLDING_STAR) if holding[k] else int(sizes[k])))
        for k in np.flatnonzero(near)
    )
