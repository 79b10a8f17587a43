"""Decorators for methods ``(self, grid, *args, xp=np)`` whose bodies return raw arrays.

The input chooses the output: a Grid2D gives a structure on the same pixels, a Grid2DIrregular gives one at the same
points, a raw ``(y, x)`` pair is wrapped for the body and its result left raw. Order: ``to_*`` outermost, then
``over_sample``, then ``transform``.
"""

__all__ = ["check_on_sky", "over_sample", "to_grid", "to_image", "to_vector_yx", "transform"]

import functools
import inspect
import itertools
from typing import Any, Protocol, overload

import numpy as np

from ..backend.namespace import check_namespace
from ..backend.operations import floating, frozen
from ..backend.pytree import build, leaves, on_namespace
from ..backend.quantity import plain
from ..errors import ShapeError
from .algebra import unwrap
from .grid import Grid2D, Grid2DIrregular
from .image import Image2D, ImageIrregular
from .vector import VectorYX2D, VectorYX2DIrregular, turned_to_sky


class ImageMethod(Protocol):
    """What ``to_image`` makes of a method."""

    @overload
    def __call__(self, grid: Grid2D, *args: Any, xp: Any = ..., **kwargs: Any) -> Image2D: ...
    @overload
    def __call__(self, grid: Grid2DIrregular, *args: Any, xp: Any = ..., **kwargs: Any) -> ImageIrregular: ...
    @overload
    def __call__(self, grid: Any, *args: Any, xp: Any = ..., **kwargs: Any) -> Any: ...


class VectorMethod(Protocol):
    """What ``to_vector_yx`` makes of a method."""

    @overload
    def __call__(self, grid: Grid2D, *args: Any, xp: Any = ..., **kwargs: Any) -> VectorYX2D: ...
    @overload
    def __call__(self, grid: Grid2DIrregular, *args: Any, xp: Any = ..., **kwargs: Any) -> VectorYX2DIrregular: ...
    @overload
    def __call__(self, grid: Any, *args: Any, xp: Any = ..., **kwargs: Any) -> Any: ...


class GridMethod(Protocol):
    """What ``to_grid`` makes of a method."""

    @overload
    def __call__(self, grid: Grid2D, *args: Any, xp: Any = ..., **kwargs: Any) -> Grid2D: ...
    @overload
    def __call__(self, grid: Grid2DIrregular, *args: Any, xp: Any = ..., **kwargs: Any) -> Grid2DIrregular: ...
    @overload
    def __call__(self, grid: Any, *args: Any, xp: Any = ..., **kwargs: Any) -> Any: ...


def _decorate(function, call):
    """A wrapper that finds the grid (positional, keyword or default) and hands it to ``call`` as a structure."""
    signature = inspect.signature(function)
    name = _grid_parameter(function, signature)

    @functools.wraps(function)
    def wrapper(self, *args, **kwargs):
        bound = signature.bind_partial(self, *args, **kwargs)
        bound.apply_defaults()
        if name not in bound.arguments:
            raise TypeError(f"{function.__qualname__}() needs a grid")
        given, xp = bound.arguments[name], bound.arguments.get("xp", np)
        check_namespace(xp, itertools.chain(leaves(self), _raw_leaves(given)))
        grid, finish_raw = _structure_from(given, xp)

        def body(inner_grid):
            inner = inspect.BoundArguments(signature, {**bound.arguments, name: inner_grid, "xp": xp})
            return function(*inner.args, **inner.kwargs)

        result = call(self, grid, body, xp, finish_raw is None)
        return result if finish_raw is None else _each(finish_raw, result)

    return wrapper


def _grid_parameter(function, signature):
    names = list(signature.parameters)
    if len(names) < 2 or "xp" not in names[2:]:
        raise TypeError(f"{function.__qualname__} must have the signature (self, grid, ..., *, xp=np)")
    return names[1]


def _each(function, *results):
    """``function`` of the results, or entry by entry where a body returned a list or tuple of results."""
    if isinstance(results[0], (list, tuple)):
        kind = list if isinstance(results[0], list) else tuple
        return kind(function(*entries) for entries in zip(*results, strict=True))
    return function(*results)


def _raw(result):
    """The raw array of a result, should a body have returned a structure on its own grid."""
    return result.slim if hasattr(result, "slim") else unwrap(result)


def _raw_leaves(given):
    return leaves(tuple(given)) if isinstance(given, (tuple, list)) else leaves(given)


def _structure_from(given, xp):
    """A grid structure, and how to give a raw input's result its shape back (None for structures)."""
    if isinstance(given, (Grid2D, Grid2DIrregular)):
        return on_namespace(given, xp), None
    given = plain(unwrap(given), "arcsec", "the points")
    if isinstance(given, (tuple, list)) and len(given) == 2:
        y, x = _pair(given, xp)
        points, shape = xp.stack([xp.reshape(y, (-1,)), xp.reshape(x, (-1,))], axis=-1), tuple(y.shape)
    elif len(getattr(given, "shape", ())) == 2 and given.shape[-1] == 2:
        points, shape = floating(given, xp=xp), tuple(given.shape[:1])
    else:
        raise ShapeError(f"give a Grid2D, a Grid2DIrregular, a (y, x) pair or an (N, 2) array, got {given!r}")

    def finish(result):
        result = _raw(result)
        return xp.reshape(result, (*shape, *result.shape[1:]))

    return build(Grid2DIrregular, array=points, axes="sky"), finish


def _pair(given, xp):
    y, x = floating(given[0], xp=xp), floating(given[1], xp=xp)
    try:
        return xp.broadcast_arrays(y, x)
    except ValueError as error:
        raise ShapeError(f"the y and x of a pair have shapes {tuple(y.shape)} and {tuple(x.shape)}") from error


def _checked(function, values, shape):
    """The raw result of a body, which must have the shape its decorator names."""
    values = _raw(values)
    if tuple(getattr(values, "shape", ())) != shape:
        raise ShapeError(
            f"{function.__qualname__} returned shape {tuple(getattr(values, 'shape', ()))} for {shape[0]} points; "
            f"{shape} is needed"
        )
    return values


def _wrapping(function, inner_shape, on_pixels, at_points):
    def call(self, grid, body, xp, is_structure):
        def wrap(values):
            values = _checked(function, values, (grid.array.shape[0], *inner_shape))
            return on_pixels(grid, values, xp) if isinstance(grid, Grid2D) else at_points(values)

        result = body(grid)
        return _each(wrap, result) if is_structure else result

    return _decorate(function, call)


def to_image(function: Any) -> ImageMethod:
    """Raw values (N,) become an Image2D or ImageIrregular."""
    return _wrapping(
        function,
        (),
        lambda grid, values, xp: Image2D.from_slim(values, grid.mask, xp=xp),
        lambda values: build(ImageIrregular, array=frozen(values)),
    )


def to_vector_yx(function: Any) -> VectorMethod:
    """Raw vectors (N, 2) become a VectorYX2D or VectorYX2DIrregular."""
    return _wrapping(
        function,
        (2,),
        lambda grid, values, xp: VectorYX2D.from_slim(values, grid.mask, xp=xp),
        lambda values: build(VectorYX2DIrregular, array=frozen(values)),
    )


def to_grid(function: Any) -> GridMethod:
    """Raw points (N, 2) become a Grid2D (its sub-pixels moved in the same way) or a Grid2DIrregular."""

    def call(self, grid, body, xp, is_structure):
        if not is_structure:
            return body(grid)

        def moved(points, sub=None):
            points = _checked(function, points, tuple(grid.array.shape))
            if not isinstance(grid, Grid2D):
                return build(Grid2DIrregular, array=frozen(points), axes=grid.axes)
            sub = None if sub is None else _checked(function, sub, tuple(grid.sub_array.shape))
            return grid._rebuilt(points, sub, grid.axes)

        sub_grid = getattr(grid, "sub_grid", None)
        return _each(moved, body(grid), *([] if sub_grid is None else [body(sub_grid)]))

    return _decorate(function, call)


def over_sample(function):
    """Evaluate on the sub-pixels of an over-sampled Grid2D and average; other grids pass through."""

    def call(self, grid, body, xp, is_structure):
        if not isinstance(grid, Grid2D) or grid.sub_array is None:
            return body(grid)
        result = body(grid.sub_grid)
        shape = tuple(grid.sub_array.shape[:1])

        def binned(values):
            values = unwrap(values)
            if tuple(getattr(values, "shape", ())[:1]) != shape:
                raise ShapeError(f"{function.__qualname__} returned no value for each of {shape[0]} sub-pixels")
            return grid.over_sample_size.binned(values, xp=xp)

        return _each(binned, result)

    return _decorate(function, call)


def transform(function=None, *, rotate_back=False, spin=1):
    """Move the grid to the object's frame before the body sees it.

    The object offers ``to_reference_frame(grid, *, xp)``, which returns the (N, 2) points in its frame; the map
    may turn, scale and shift.

    Parameters
    ----------
    rotate_back : bool
        Also turn a vector result (N, 2) from the object's axes back to the sky's.
    spin : int
        1 for vectors, 2 for Stokes parameters (U, Q).

    Raises
    ------
    ShapeError
        If the grid is in some object's frame already: a grid is never moved twice, nor silently left alone.
    """
    if function is None:
        return functools.partial(transform, rotate_back=rotate_back, spin=spin)

    def call(self, grid, body, xp, is_structure):
        check_on_sky(grid, function.__qualname__)
        moved = grid.moved(lambda g: unwrap(self.to_reference_frame(g, xp=xp)), type(self).__name__)
        result = body(moved)
        if not rotate_back:
            return result
        angle, shape = _position_angle(self, xp), tuple(moved.array.shape)
        return _each(lambda r: turned_to_sky(_checked(function, r, shape), angle, spin, xp=xp), result)

    return _decorate(function, call)


def check_on_sky(grid, name):
    """Raise ShapeError if a grid is in some object's frame, and not on the sky, where ``name`` wants it."""
    if grid.axes != "sky":
        raise ShapeError(f"the grid is already in the frame of a {grid.axes}; {name} takes a grid on the sky")


def _position_angle(self, xp):
    """Position angle (radians) of the object's first axis, read off its own ``to_reference_frame``."""
    basis = build(Grid2DIrregular, array=xp.asarray([[0.0, 0.0], [1.0, 0.0]]), axes="sky")
    moved = unwrap(self.to_reference_frame(basis, xp=xp))
    step = moved[1, ...] - moved[0, ...]
    return xp.atan2(step[1], step[0])
