"""Decorators for methods ``(self, grid, *args, xp=np)`` whose bodies return raw arrays.

The input chooses the output: a Grid2D gives a structure on the same pixels, a Grid2DIrregular gives one at the same
points, a raw ``(y, x)`` pair is wrapped for the body and its result left raw. Order: ``to_*`` outermost, then
``over_sample``, then ``transform``.
"""

__all__ = ["to_image", "to_grid", "to_vector_yx", "over_sample", "transform"]

import functools
import inspect

import numpy as np

from ..backend.namespace import check_namespace
from ..backend.pytree import build, leaves, on_namespace
from ..errors import ShapeError
from .algebra import unwrap
from .grid import Grid2D, Grid2DIrregular
from .image import Image2D, ImageIrregular
from .vector import VectorYX2D, VectorYX2DIrregular, turned_to_sky


def _decorate(function, call):
    """A wrapper that finds the grid (positional, keyword or default) and hands it to ``call`` as a structure."""
    name, default = _grid_parameter(function)

    @functools.wraps(function)
    def wrapper(self, *args, xp=np, **kwargs):
        if args:
            given, args = args[0], args[1:]
        elif name in kwargs:
            given = kwargs.pop(name)
        elif default is not inspect.Parameter.empty:
            given = default
        else:
            raise TypeError(f"{function.__qualname__}() needs a grid")
        check_namespace(xp, (*leaves(self), *_raw_leaves(given)))
        grid, finish_raw = _structure_from(given, xp)

        def body(inner_grid):
            return function(self, inner_grid, *args, xp=xp, **kwargs)

        result = call(self, grid, body, xp, finish_raw is None)
        return result if finish_raw is None else finish_raw(result)

    return wrapper


def _grid_parameter(function):
    parameters = list(inspect.signature(function).parameters.values())
    if len(parameters) < 2 or "xp" not in inspect.signature(function).parameters:
        raise TypeError(f"{function.__qualname__} must have the signature (self, grid, ..., *, xp=np)")
    return parameters[1].name, parameters[1].default


def _raw_leaves(given):
    return leaves(tuple(given)) if isinstance(given, (tuple, list)) else leaves(given)


def _structure_from(given, xp):
    """A grid structure, and how to give a raw input's result its shape back (None for structures)."""
    if isinstance(given, (Grid2D, Grid2DIrregular)):
        return on_namespace(given, xp), None
    given = unwrap(given)
    if isinstance(given, (tuple, list)) and len(given) == 2:
        y, x = xp.broadcast_arrays(xp.asarray(given[0]), xp.asarray(given[1]))
        points, shape = xp.stack([xp.reshape(y, (-1,)), xp.reshape(x, (-1,))], axis=-1), tuple(y.shape)
    else:
        points = xp.asarray(given)
        if points.ndim != 2 or points.shape[-1] != 2:
            raise ShapeError(f"give a Grid2D, a Grid2DIrregular, a (y, x) pair or an (N, 2) array, got {given!r}")
        shape = tuple(points.shape[:1])

    def finish(result):
        if isinstance(result, (list, tuple)):
            return type(result)(finish(r) for r in result)
        return xp.reshape(result, (*shape, *result.shape[1:]))

    return build(Grid2DIrregular, array=points, axes="sky"), finish


def _wrapping(function, on_pixels, at_points):
    def call(self, grid, body, xp, is_structure):
        result = body(grid)

        def wrap(values):
            values = unwrap(values)
            if values.shape[:1] != (grid.array.shape[0],):
                raise ShapeError(
                    f"{function.__qualname__} returned shape {tuple(values.shape)} for {grid.array.shape[0]} points"
                )
            return on_pixels(grid, values, xp) if isinstance(grid, Grid2D) else at_points(grid, values)

        if not is_structure:
            return result
        return [wrap(r) for r in result] if isinstance(result, list) else wrap(result)

    return _decorate(function, call)


def to_image(function):
    """Raw values (N,) become an Image2D or ImageIrregular."""
    return _wrapping(
        function,
        lambda grid, values, xp: Image2D.from_slim(values, grid.mask, xp=xp),
        lambda grid, values: build(ImageIrregular, array=values),
    )


def to_vector_yx(function):
    """Raw vectors (N, 2) become a VectorYX2D or VectorYX2DIrregular."""
    return _wrapping(
        function,
        lambda grid, values, xp: VectorYX2D.from_slim(values, grid.mask, xp=xp),
        lambda grid, values: build(VectorYX2DIrregular, array=values),
    )


def to_grid(function):
    """Raw points (N, 2) become a Grid2D (its sub-pixels moved in the same way) or a Grid2DIrregular."""

    def call(self, grid, body, xp, is_structure):
        if not is_structure:
            return body(grid)
        result = body(grid)
        if not isinstance(result, list):
            return _moved_grid(grid, body, result, None)
        return [_moved_grid(grid, body, r, k) for k, r in enumerate(result)]

    return _decorate(function, call)


def _moved_grid(grid, body, result, index):
    points = unwrap(result)
    if points.shape != grid.array.shape:
        raise ShapeError(f"a grid of {grid.array.shape[0]} points cannot become shape {tuple(points.shape)}")
    if not isinstance(grid, Grid2D):
        return build(Grid2DIrregular, array=points, axes=grid.axes)
    sub = None
    if grid.sub_array is not None:
        sub = body(grid.sub_grid)
        sub = unwrap(sub if index is None else sub[index])
    return grid._rebuilt(points, sub, grid.axes)


def over_sample(function):
    """Evaluate on the sub-pixels of an over-sampled Grid2D and average; other grids pass through."""

    def call(self, grid, body, xp, is_structure):
        if not isinstance(grid, Grid2D) or grid.sub_array is None:
            return body(grid)
        result = body(grid.sub_grid)
        binned = functools.partial(grid.over_sample_size.binned, xp=xp)
        return [binned(unwrap(r)) for r in result] if isinstance(result, list) else binned(unwrap(result))

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
        if grid.axes != "sky":
            raise ShapeError(
                f"the grid is already in the frame of a {grid.axes}; {function.__qualname__} takes a grid on the sky"
            )
        moved = grid.moved(lambda g: unwrap(self.to_reference_frame(g, xp=xp)), type(self).__name__)
        result = body(moved)
        if not rotate_back:
            return result
        angle = _position_angle(self, xp)
        turn = functools.partial(turned_to_sky, angle=angle, spin=spin, xp=xp)
        return [turn(unwrap(r)) for r in result] if isinstance(result, list) else turn(unwrap(result))

    return _decorate(function, call)


def _position_angle(self, xp):
    """Position angle (radians) of the object's first axis, read off its own ``to_reference_frame``."""
    basis = build(Grid2DIrregular, array=xp.asarray([[0.0, 0.0], [1.0, 0.0]]), axes="sky")
    moved = unwrap(self.to_reference_frame(basis, xp=xp))
    step = moved[1, ...] - moved[0, ...]
    return xp.atan2(step[1], step[0])
