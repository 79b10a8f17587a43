"""Two-component values on the sky, (y, x) last: displacements (spin 1) or Stokes parameters (U, Q) (spin 2)."""

__all__ = ["VectorYX2D", "VectorYX2DIrregular", "turned_to_sky"]

from typing import Any

import numpy as np

from ..backend.namespace import namespace_of
from ..backend.operations import frozen
from ..backend.pytree import array_field, build, component, static
from ..errors import ShapeError
from .algebra import arithmetic, operand, unwrap
from .frame import Frame2D
from .image import (
    Image2D,
    ImageIrregular,
    array_for,
    as_mask,
    combined_on_pixels,
    masked_to_zero,
    native_from,
    slim_from,
)
from .mask import Mask2D


def turned_to_sky(values, angle, spin, *, xp=np):
    """Turn vector components from a frame at position angle ``angle`` back to the sky's axes.

    Parameters
    ----------
    values : array, shape (..., 2)
        Components (y, x) in the frame: y along the frame's axis at that position angle. For spin 2 they are the
        Stokes parameters (U, Q).
    angle : float
        Position angle of the frame's y axis in radians, East of North.
    spin : int
        1 for vectors, 2 for Stokes parameters.
    xp : module
        Array namespace.

    Returns
    -------
    array, shape (..., 2)
    """
    cosine, sine = xp.cos(spin * angle), xp.sin(spin * angle)
    y, x = values[..., 0], values[..., 1]
    return xp.stack([y * cosine + x * sine, x * cosine - y * sine], axis=-1)


@arithmetic
@component
class VectorYX2D:
    """A vector per pixel.

    Parameters
    ----------
    array : array_like, shape (ny, nx, 2)
        Components (y, x); zero where masked.
    mask : Mask2D or Frame2D
        True means excluded.
    """

    array: Any = array_field()
    mask: Mask2D = static()

    def prepare_fields(self):
        mask = as_mask(self.mask)
        array = array_for(self.array, mask)
        if tuple(array.shape) != (*mask.shape_native, 2):
            raise ShapeError(f"vectors on {mask.shape_native} pixels need shape (ny, nx, 2), got {tuple(array.shape)}")
        object.__setattr__(self, "mask", mask)
        object.__setattr__(self, "array", frozen(masked_to_zero(array, mask)))

    @classmethod
    def from_slim(cls, values: Any, mask: Mask2D | Frame2D, *, xp: Any = np) -> "VectorYX2D":
        """From one vector per unmasked pixel, shape (N, 2)."""
        mask = as_mask(mask)
        return build(cls, array=native_from(values, mask, xp=xp), mask=mask)

    @property
    def frame(self):
        """Shape, pixel scale, star position and orientation."""
        return self.mask.frame

    @property
    def slim(self) -> Any:
        """Vectors of the unmasked pixels in C order, shape (N, 2)."""
        return slim_from(self.array, self.mask)

    @property
    def y(self) -> Any:
        """First components as an Image2D."""
        return build(Image2D, array=self.array[..., 0], mask=self.mask)

    @property
    def x(self) -> Any:
        """Second components as an Image2D."""
        return build(Image2D, array=self.array[..., 1], mask=self.mask)

    @property
    def magnitude(self):
        """Lengths of the vectors as an Image2D."""
        return build(Image2D, array=frozen(_length(self.array)), mask=self.mask)

    def __getitem__(self, key):
        return self.array[key]

    def __repr__(self):
        return f"VectorYX2D({self.mask!r})"

    def _layout(self):
        return self.mask

    def _with_array(self, array):
        return build(VectorYX2D, array=frozen(array), mask=self.mask)

    def _combined(self, operation, other, reflected):
        if tuple(getattr(other, "shape", ())) == self.mask.shape_native:
            other = namespace_of(self.array, other).broadcast_to(other[..., None], self.array.shape)
        return combined_on_pixels(self, operation, other, reflected)


@arithmetic
@component
class VectorYX2DIrregular:
    """A vector per point.

    Parameters
    ----------
    array : array_like, shape (N, 2)
        Components (y, x).
    """

    array: Any = array_field()

    def prepare_fields(self):
        array = frozen(unwrap(self.array))
        if array.ndim != 2 or array.shape[-1] != 2:
            raise ShapeError(f"vectors at points need shape (N, 2), got {tuple(array.shape)}")
        object.__setattr__(self, "array", array)

    @property
    def y(self) -> Any:
        """First components."""
        return build(ImageIrregular, array=self.array[..., 0])

    @property
    def x(self) -> Any:
        """Second components."""
        return build(ImageIrregular, array=self.array[..., 1])

    @property
    def magnitude(self):
        """Lengths of the vectors."""
        return build(ImageIrregular, array=frozen(_length(self.array)))

    def __getitem__(self, key):
        return self.array[key]

    def __len__(self):
        return self.array.shape[0]

    def __repr__(self):
        return f"VectorYX2DIrregular({self.array.shape[0]} points)"

    def _layout(self):
        return tuple(self.array.shape)

    def _with_array(self, array):
        return build(VectorYX2DIrregular, array=frozen(array))

    def _combined(self, operation, other, reflected):
        other = operand(self, other, ((), tuple(self.array.shape)))
        return self._with_array(operation(other, self.array) if reflected else operation(self.array, other))


def _length(array):
    """Euclidean length over the last axis, with a finite gradient at zero."""
    xp = namespace_of(array)
    squared = xp.sum(array * array, axis=-1)
    positive = squared > 0
    safe = xp.where(positive, squared, xp.asarray(1.0, dtype=squared.dtype))
    return xp.where(positive, xp.sqrt(safe), xp.asarray(0.0, dtype=squared.dtype))
