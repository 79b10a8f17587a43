"""Coordinates (y, x) at which a model is evaluated: on the pixels of an image, or at any points."""

__all__ = ["Grid2D", "Grid2DIrregular"]

from typing import Any

import numpy as np

from ..backend.namespace import namespace_of
from ..backend.operations import frozen
from ..backend.pytree import array_field, build, component, static
from ..backend.quantity import plain
from ..errors import ShapeError
from .algebra import arithmetic, operand, unwrap
from .frame import Frame2D
from .mask import Mask2D
from .over_sampling import OverSampling


@arithmetic
@component
class Grid2DIrregular:
    """Any list of points.

    Parameters
    ----------
    array : array_like or Quantity, shape (N, 2)
        (y, x) of every point: arcsec towards North and West on the sky. Another grid gives its points and its axes.
    axes : str
        The axes the coordinates belong to: "sky", or the name of the component whose frame they were moved to.
    """

    array: Any = array_field()
    axes: str = static(default="sky")

    def prepare_fields(self):
        object.__setattr__(self, "axes", getattr(self.array, "axes", self.axes))
        given = plain(self.array, "arcsec", "the points") if self.axes == "sky" else self.array
        object.__setattr__(self, "array", points_from(unwrap(given)))

    @property
    def y(self) -> Any:
        """First coordinates, shape (N,)."""
        return self.array[..., 0]

    @property
    def x(self) -> Any:
        """Second coordinates, shape (N,)."""
        return self.array[..., 1]

    def __getitem__(self, key):
        return self.array[key]

    def __len__(self):
        return self.array.shape[0]

    def __repr__(self):
        return f"Grid2DIrregular({self.array.shape[0]} points, axes {self.axes!r})"

    def moved(self, function, axes):
        """The grid with ``function`` applied to its (N, 2) points, said to lie in ``axes``."""
        return build(Grid2DIrregular, array=frozen(function(self)), axes=axes)

    def _layout(self):
        return self.axes, self.array.shape

    def _with_array(self, array):
        return build(Grid2DIrregular, array=frozen(array), axes=self.axes)

    def _combined(self, operation, other, reflected):
        other = _pair(operand(self, other, ((), (2,), tuple(self.array.shape))), self.array)
        return self._with_array(operation(other, self.array) if reflected else operation(self.array, other))


@arithmetic
@component
class Grid2D:
    """The centers of an image's unmasked pixels, with their sub-pixels where over-sampling is asked for.

    Parameters
    ----------
    mask : Mask2D or Frame2D
        Which pixels, and where they lie on the sky (a Frame2D: all of them).
    over_sample_size : int or array_like of int, shape (ny, nx)
        Sub-pixels along a side of each pixel, default 1.

    Attributes
    ----------
    array : array, shape (N, 2)
        (y, x) of every unmasked pixel, in arcsec towards North and West, in C order.
    sub_array : array, shape (M, 2), or None
        (y, x) of every sub-pixel.
    axes : str
        "sky", or the name of the component whose frame the grid was moved to.
    on_pixels : bool
        False once arithmetic has moved the points off the pixels' own positions.
    """

    mask: Mask2D = static()
    over_sample_size: Any = static(default=1)
    array: Any = array_field(default=None)
    sub_array: Any = array_field(default=None)
    axes: str = static(default="sky")
    on_pixels: bool = static(default=True)

    def prepare_fields(self):
        mask = Mask2D.none(self.mask) if isinstance(self.mask, Frame2D) else self.mask
        if not isinstance(mask, Mask2D):
            raise ShapeError(f"a Grid2D lies on a Mask2D or a Frame2D, got {type(mask).__name__}")
        if self.array is not None or self.sub_array is not None:
            raise ShapeError("a Grid2D computes its own points from its mask; for other points use Grid2DIrregular")
        sampling = OverSampling(self.over_sample_size, mask)
        row, column = np.unravel_index(mask.indices, mask.shape_native)
        points = np.stack(mask.frame.sky_from(row, column), axis=-1)
        sub_points = None
        if not sampling.is_trivial:
            sub_points = frozen(np.stack(mask.frame.sky_from(*sampling.sub_pixels(row, column)), axis=-1))
        for name, value in (
            ("mask", mask),
            ("over_sample_size", sampling),
            ("array", frozen(points)),
            ("sub_array", sub_points),
        ):
            object.__setattr__(self, name, value)

    @classmethod
    def uniform(
        cls,
        shape_native: tuple[int, int],
        pixel_scale: float,
        *,
        center: tuple[float, float] | None = None,
        mask: Any = None,
        over_sample_size: Any = 1,
    ) -> "Grid2D":
        """A grid over a north-up image.

        Parameters
        ----------
        shape_native : (int, int)
            Rows and columns.
        pixel_scale : float or Quantity
            Arcsec per pixel.
        center : (float, float), optional
            The star's pixel (y, x), 0-based; default the geometric center.
        mask : Mask2D or array_like of bool, optional
            True means excluded.
        over_sample_size : int or array_like of int
            Sub-pixels along a side of each pixel.
        """
        frame = Frame2D(shape_native, pixel_scale, center)
        return cls(Mask2D.none(frame) if mask is None else Mask2D(mask, frame), over_sample_size)

    @property
    def y(self) -> Any:
        """First coordinates of the unmasked pixels, shape (N,)."""
        return self.array[..., 0]

    @property
    def x(self) -> Any:
        """Second coordinates of the unmasked pixels, shape (N,)."""
        return self.array[..., 1]

    @property
    def frame(self) -> Frame2D:
        """Shape, pixel scale, star position and orientation of the image."""
        return self.mask.frame

    @property
    def shape_native(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.mask.shape_native

    def __getitem__(self, key):
        return self.array[key]

    def __repr__(self):
        return f"Grid2D({self.mask!r}, axes {self.axes!r})"

    @property
    def sub_grid(self):
        """The sub-pixels as a Grid2DIrregular, or None without over-sampling."""
        return None if self.sub_array is None else build(Grid2DIrregular, array=self.sub_array, axes=self.axes)

    def moved(self, function, axes):
        """The grid with ``function`` applied to its points and sub-points alike, said to lie in ``axes``."""
        sub = None if self.sub_array is None else function(self.sub_grid)
        points = function(build(Grid2DIrregular, array=self.array, axes=self.axes))
        return self._rebuilt(points, sub, axes)

    def _rebuilt(self, array, sub_array, axes):
        return build(
            Grid2D,
            mask=self.mask,
            over_sample_size=self.over_sample_size,
            array=frozen(array),
            sub_array=None if sub_array is None else frozen(sub_array),
            axes=axes,
            on_pixels=False,
        )

    def _layout(self):
        return self.mask, self.over_sample_size, self.axes

    def _with_array(self, array):
        return self._rebuilt(array, None, self.axes)

    def _combined(self, operation, other, reflected):
        whole = tuple(self.array.shape)
        raw = _pair(operand(self, other, ((), (2,)) if self.sub_array is not None else ((), (2,), whole)), self.array)
        sub = getattr(other, "sub_array", raw) if self.sub_array is not None else None

        def apply(a, b):
            return operation(b, a) if reflected else operation(a, b)

        return self._rebuilt(apply(self.array, raw), None if sub is None else apply(self.sub_array, sub), self.axes)


def _pair(value, like):
    """A (y, x) tuple as an array that broadcasts over points."""
    return namespace_of(like).asarray(value) if isinstance(value, (tuple, list)) else value


def points_from(value):
    """A frozen (N, 2) array from any array_like of (y, x) rows."""
    array = frozen(value)
    if array.ndim != 2 or array.shape[-1] != 2:
        raise ShapeError(f"points are rows of (y, x), shape (N, 2); got shape {tuple(array.shape)}")
    return array
