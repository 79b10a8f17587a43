"""Scalar values on the sky: an image on pixels, or values at any points."""

__all__ = ["Image2D", "ImageIrregular", "native_from", "slim_from"]

from typing import Any

import numpy as np

from ..backend.namespace import namespace_of
from ..backend.operations import frozen
from ..backend.pytree import array_field, build, component, static
from ..errors import ShapeError
from .algebra import arithmetic, operand, unwrap
from .frame import Frame2D
from .mask import Mask2D


def native_from(values, mask, *, xp=np):
    """Values of the unmasked pixels laid out on the image, zero where masked.

    Parameters
    ----------
    values : array_like, shape (N, ...)
        One entry per unmasked pixel, in C order.
    mask : Mask2D
    xp : module
        Array namespace.

    Returns
    -------
    array, shape (ny, nx, ...)
        Under NumPy a read-only copy.
    """
    values = frozen(unwrap(values))
    if values.shape[:1] != (mask.n_unmasked,):
        raise ShapeError(f"{mask.n_unmasked} unmasked pixels need as many values, got shape {tuple(values.shape)}")
    inner = tuple(values.shape[1:])
    if mask.n_unmasked < mask.array.size:
        lookup = np.full(mask.array.size, mask.n_unmasked)
        lookup[mask.indices] = np.arange(mask.n_unmasked)
        padded = xp.concat([values, xp.zeros((1, *inner), dtype=values.dtype)])
        values = xp.take(padded, xp.asarray(lookup), axis=0)
    return frozen(xp.reshape(values, (*mask.shape_native, *inner)))


def slim_from(array, mask):
    """Values of the unmasked pixels in C order, shape (ny, nx, ...) -> (N, ...)."""
    xp = namespace_of(array)
    flat = xp.reshape(array, (-1, *array.shape[2:]))
    if mask.n_unmasked == mask.array.size:
        return flat
    return xp.take(flat, xp.asarray(mask.indices), axis=0)


def as_mask(mask):
    """A Mask2D from a Mask2D or a Frame2D (nothing masked)."""
    if isinstance(mask, Frame2D):
        return Mask2D.none(mask)
    if not isinstance(mask, Mask2D):
        raise ShapeError(f"an image needs a Mask2D or a Frame2D, got {type(mask).__name__}")
    return mask


def array_for(value, mask):
    """The raw array of a value that is to lie on ``mask``.

    Raises
    ------
    ShapeError
        If the value is a structure that excludes pixels which the mask keeps: it has no values there.
    """
    own = getattr(value, "mask", None)
    if isinstance(own, Mask2D) and np.any(own.array & ~mask.array if own.frame == mask.frame else own.array):
        raise ShapeError(f"{value!r} has no values in some pixels that {mask!r} keeps: exclude them in the mask too")
    return frozen(unwrap(value))


def masked_to_zero(array, mask):
    """The array with zeros where the mask excludes; the array itself where it excludes nothing."""
    if mask.n_unmasked == mask.array.size:
        return array
    xp = namespace_of(array)
    excluded = mask.array if array.ndim == 2 else mask.array[..., None]
    return xp.where(xp.asarray(excluded), xp.asarray(0.0, dtype=array.dtype), array)


def combined_on_pixels(structure, operation, other, reflected):
    """Arithmetic on native arrays that leaves masked pixels at zero and never divides by them."""
    array, mask = structure.array, structure.mask
    other = operand(structure, other, ((), tuple(array.shape), mask.shape_native))
    xp = namespace_of(array, other)
    if mask.n_unmasked < mask.array.size:
        excluded = xp.asarray(mask.array if array.ndim == 2 else mask.array[..., None])
        one = xp.asarray(1.0, dtype=array.dtype)
        array = xp.where(excluded, one, array)
        other = xp.where(excluded, one, other) if getattr(other, "shape", ()) != () else other
    result = operation(other, array) if reflected else operation(array, other)
    return structure._with_array(masked_to_zero(result, mask))


@arithmetic
@component
class Image2D:
    """An image on a frame of pixels.

    Parameters
    ----------
    array : array_like, shape (ny, nx)
        Native values; masked pixels are set to zero and never enter sums, means or likelihoods.
    mask : Mask2D or Frame2D
        True means excluded; a Frame2D excludes nothing.

    Raises
    ------
    ShapeError
        If the array does not fit the mask.
    """

    array: Any = array_field()
    mask: Mask2D = static()

    def prepare_fields(self):
        mask = as_mask(self.mask)
        array = array_for(self.array, mask)
        if tuple(array.shape) != mask.shape_native:
            raise ShapeError(f"the image has shape {tuple(array.shape)}, its mask {mask.shape_native}")
        object.__setattr__(self, "mask", mask)
        object.__setattr__(self, "array", frozen(masked_to_zero(array, mask)))

    @classmethod
    def from_slim(cls, values: Any, mask: Mask2D | Frame2D, *, xp: Any = np) -> "Image2D":
        """From one value per unmasked pixel, shape (N,)."""
        mask = as_mask(mask)
        return build(cls, array=native_from(values, mask, xp=xp), mask=mask)

    @property
    def frame(self) -> Frame2D:
        """Shape, pixel scale, star position and orientation."""
        return self.mask.frame

    @property
    def shape_native(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.mask.shape_native

    @property
    def slim(self) -> Any:
        """Values of the unmasked pixels in C order, shape (N,)."""
        return slim_from(self.array, self.mask)

    def sum(self):
        """Sum over the unmasked pixels."""
        return namespace_of(self.array).sum(self.slim)

    def mean(self):
        """Mean over the unmasked pixels."""
        return namespace_of(self.array).mean(self.slim)

    def max(self):
        """Largest value of the unmasked pixels."""
        return namespace_of(self.array).max(self.slim)

    def min(self):
        """Smallest value of the unmasked pixels."""
        return namespace_of(self.array).min(self.slim)

    def __getitem__(self, key):
        return self.array[key]

    def __repr__(self):
        return f"Image2D({self.mask!r})"

    def _layout(self):
        return self.mask

    def _with_array(self, array):
        return build(Image2D, array=frozen(array), mask=self.mask)

    def _combined(self, operation, other, reflected):
        return combined_on_pixels(self, operation, other, reflected)


@arithmetic
@component
class ImageIrregular:
    """Values at any points.

    Parameters
    ----------
    array : array_like, shape (N,)
        One value per point of the Grid2DIrregular it came from.
    """

    array: Any = array_field()

    def prepare_fields(self):
        array = frozen(unwrap(self.array))
        if array.ndim != 1:
            raise ShapeError(f"an ImageIrregular holds one value per point, shape (N,); got {tuple(array.shape)}")
        object.__setattr__(self, "array", array)

    def sum(self):
        """Sum over the points."""
        return namespace_of(self.array).sum(self.array)

    def mean(self):
        """Mean over the points."""
        return namespace_of(self.array).mean(self.array)

    def max(self):
        """Largest value."""
        return namespace_of(self.array).max(self.array)

    def min(self):
        """Smallest value."""
        return namespace_of(self.array).min(self.array)

    def __getitem__(self, key):
        return self.array[key]

    def __len__(self):
        return self.array.shape[0]

    def __repr__(self):
        return f"ImageIrregular({self.array.shape[0]} points)"

    def _layout(self):
        return tuple(self.array.shape)

    def _with_array(self, array):
        return build(ImageIrregular, array=frozen(array))

    def _combined(self, operation, other, reflected):
        other = operand(self, other, ((), tuple(self.array.shape)))
        return self._with_array(operation(other, self.array) if reflected else operation(self.array, other))
