"""Sub-pixels: a pixel's value is the mean over a regular size x size set of points inside it."""

__all__ = ["OverSampling"]

import numpy as np

from ..backend.operations import segment_mean
from ..errors import ShapeError


class OverSampling:
    """How many sub-pixels each pixel has; hashable and compared by value.

    Parameters
    ----------
    size : int, array_like of int, or OverSampling
        Sub-pixels along one side: one number, or a native (ny, nx) array of numbers.
    mask : Mask2D
        The mask whose unmasked pixels are sampled.

    Attributes
    ----------
    native : array of int, shape (ny, nx)
        Sizes of all pixels, masked ones included: light from behind the mask is sampled as finely.
    sizes : array of int, shape (N,)
        Sizes of the unmasked pixels in C order.

    Raises
    ------
    ShapeError
        If a size is not a whole number of at least 1, or the array does not fit the mask.
    """

    __slots__ = ("native", "sizes", "_hash")

    def __init__(self, size, mask):
        given = np.asarray(size.native if isinstance(size, OverSampling) else size)
        if given.ndim not in (0, 2) or (given.ndim == 2 and given.shape != mask.shape_native):
            raise ShapeError(f"over_sample_size is one number or an array of shape {mask.shape_native}, got {size!r}")
        whole = given.dtype.kind in "iuf" and np.all(np.isfinite(given)) and np.all(given == np.floor(given))
        if not whole or np.any(given < 1):
            raise ShapeError(f"over_sample_size holds whole numbers of at least 1, got {size!r}")
        native = np.broadcast_to(given.astype(int), mask.shape_native)
        self._set(native, native.ravel()[mask.indices])

    def _set(self, native, sizes):
        for name, value in (("native", np.array(native)), ("sizes", np.array(sizes))):
            value.flags.writeable = False
            object.__setattr__(self, name, value)
        object.__setattr__(self, "_hash", hash((native.tobytes(), sizes.tobytes())))

    @classmethod
    def _restored(cls, native, sizes):
        new = object.__new__(cls)
        new._set(native, sizes)
        return new

    def __setattr__(self, name, value):
        raise AttributeError("an OverSampling cannot be changed")

    def __eq__(self, other):
        return self is other or (
            isinstance(other, OverSampling)
            and np.array_equal(self.native, other.native)
            and np.array_equal(self.sizes, other.sizes)
        )

    def __hash__(self):
        return self._hash

    def __reduce__(self):
        return OverSampling._restored, (self.native, self.sizes)

    def __repr__(self):
        return f"OverSampling({self.native.min()} to {self.native.max()} per side)"

    @property
    def is_trivial(self):
        """True where every pixel is sampled at its center only."""
        return bool(np.all(self.native == 1))

    def sub_pixels(self, row, column):
        """Positions of all sub-pixels, those of a pixel following each other.

        Parameters
        ----------
        row, column : arrays, shape (N,)
            Pixel centers.

        Returns
        -------
        (row, column) : arrays, shape (sum(sizes**2),)
        """
        counts = self.sizes**2
        pixel = np.repeat(np.arange(counts.size), counts)
        local = np.arange(pixel.size) - np.repeat(np.cumsum(counts) - counts, counts)
        size = self.sizes[pixel]
        return row[pixel] + (local // size + 0.5) / size - 0.5, column[pixel] + (local % size + 0.5) / size - 0.5

    def binned(self, values, *, xp=np):
        """Means of sub-pixel values, shape (sum(sizes**2), ...) -> (N, ...)."""
        size = int(self.sizes[0]) if self.sizes.size else 1
        if np.all(self.sizes == size):
            return xp.mean(xp.reshape(values, (-1, size * size, *values.shape[1:])), axis=1)
        return segment_mean(values, self.sizes**2, xp=xp)
