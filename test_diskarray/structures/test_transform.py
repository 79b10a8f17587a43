"""Transform: every object gets the grid in its own frame, sub-pixels included, and vectors come back to the sky."""

import numpy as np
import pytest
from decorator_grids import GRIDS, MASK, POINTS, points_of

from diskarray.backend.pytree import component
from diskarray.errors import ShapeError
from diskarray.parameters.parameter import parameter
from diskarray.structures.decorators import over_sample, to_grid, to_image, to_vector_yx, transform
from diskarray.structures.grid import Grid2D


@component
class Turned:
    """A frame at a position angle, shifted and scaled."""

    position_angle: float = parameter(0.0)
    shift: float = parameter(0.0)
    scale: float = parameter(1.0)
    inner: object = None

    def to_reference_frame(self, grid, *, xp=np):
        angle = self.position_angle * np.pi / 180
        u = grid.y * np.cos(angle) - grid.x * np.sin(angle) - self.shift
        return xp.stack([u, grid.y * np.sin(angle) + grid.x * np.cos(angle)], axis=-1) * self.scale

    @to_image
    @over_sample
    @transform
    def image(self, grid, *, xp=np):
        return grid.y + grid.x**2

    @to_image
    @transform
    @over_sample
    def image_moved_first(self, grid, *, xp=np):
        return grid.y + grid.x**2

    @to_image
    @transform()
    def unsampled(self, grid, *, xp=np):
        return grid.y + grid.x**2

    @to_grid
    @transform
    def moved(self, grid, *, xp=np):
        return grid.array

    @to_vector_yx
    @over_sample
    @transform(rotate_back=True)
    def outward(self, grid, *, xp=np):
        return grid.array

    @to_vector_yx
    @transform
    def outward_unturned(self, grid, *, xp=np):
        return grid.array

    @to_vector_yx
    @transform(rotate_back=True, spin=2)
    def stokes(self, grid, *, xp=np):
        return xp.stack([0 * grid.y, 0 * grid.y + 1], axis=-1)

    @to_vector_yx
    @transform(rotate_back=True)
    def two_vectors(self, grid, *, xp=np):
        return [grid.array, 2 * grid.array]

    @to_image
    @transform
    def of_inner(self, grid, *, xp=np):
        return self.inner.image(grid, xp=xp)


def moved_by_hand(turned, points):
    a = np.radians(turned.position_angle)
    rotation = np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]])
    return ((rotation @ points.T).T - [turned.shift, 0]) * turned.scale


OBJECTS = [Turned(), Turned(30.0), Turned(-110.0, 0.4, 2.5)]


@pytest.mark.parametrize("turned", OBJECTS, ids=repr)
@pytest.mark.parametrize("given", GRIDS)
def test_transform_moves_the_grid_of_every_kind(turned, given):
    points, shape = points_of(GRIDS[given])
    p = moved_by_hand(turned, points)
    result = turned.unsampled(GRIDS[given])
    value = result.reshape(-1) if shape is not None else getattr(result, "slim", result.array)
    np.testing.assert_allclose(value, p[:, 0] + p[:, 1] ** 2, atol=1e-13)


@pytest.mark.parametrize("given", ["over-sampled", "unevenly", "masked"])
def test_over_sampled_and_plain_grids_move_together(given):
    grid, turned = GRIDS[given], OBJECTS[2]
    moved = turned.moved(grid)
    np.testing.assert_allclose(moved.array, moved_by_hand(turned, grid.array), atol=1e-13)
    if grid.sub_array is not None:
        np.testing.assert_allclose(moved.sub_array, moved_by_hand(turned, grid.sub_array), atol=1e-13)


@pytest.mark.parametrize("given", GRIDS)
def test_moving_first_or_sampling_first_is_the_same(given):
    one, two = OBJECTS[2].image(GRIDS[given]), OBJECTS[2].image_moved_first(GRIDS[given])
    np.testing.assert_allclose(getattr(one, "array", one), getattr(two, "array", two), rtol=1e-12)
    assert type(one) is type(two)
    if given in ("over-sampled", "unevenly"):
        p = moved_by_hand(OBJECTS[2], GRIDS[given].sub_array)
        np.testing.assert_allclose(one.slim, GRIDS[given].over_sample_size.binned(p[:, 0] + p[:, 1] ** 2))
        assert np.abs(one.slim - OBJECTS[2].unsampled(GRIDS[given]).slim).max() > 1e-3


def test_two_objects_on_one_grid_each_get_their_own_frame():
    grid = GRIDS["over-sampled"]
    before = grid.array.copy()
    together = OBJECTS[1].image(grid) + OBJECTS[2].image(grid) + OBJECTS[1].image(grid - (0.1, 0.2))
    fresh = [o.image(Grid2D(MASK, 2)).array for o in OBJECTS[1:]] + [
        OBJECTS[1].image(Grid2D(MASK, 2) - (0.1, 0.2)).array
    ]
    np.testing.assert_array_equal(together.array, sum(fresh))
    np.testing.assert_array_equal(grid.array, before)
    assert grid.axes == "sky"


@pytest.mark.parametrize("given", ["masked", "over-sampled", "irregular"])
def test_a_grid_in_an_objects_frame_is_refused_arithmetic_or_not(given):
    grid = GRIDS[given].moved(lambda g: g.array, "Turned")
    for moved in (grid, grid * 2.0, grid + grid):
        with pytest.raises(ShapeError, match="already in the frame of a Turned"):
            OBJECTS[1].image(moved)
    with pytest.raises(ShapeError, match="already in the frame"):
        Turned(inner=OBJECTS[1]).of_inner(GRIDS[given])


@pytest.mark.parametrize("given", GRIDS)
@pytest.mark.parametrize("angle", [0.0, 40.0, -150.0])
def test_rotate_back_returns_vectors_in_the_axes_of_the_sky(given, angle):
    """A field that points outward in the object's frame points outward on the sky, whatever the object's angle."""
    points, shape = points_of(GRIDS[given])
    turned = Turned(angle, scale=2.0)
    result = turned.outward(GRIDS[given])
    value = result.reshape(-1, 2) if shape is not None else getattr(result, "slim", result.array)
    np.testing.assert_allclose(value, 2 * points, atol=1e-13)
    if angle:
        unturned = turned.outward_unturned(GRIDS[given])
        assert not np.allclose(getattr(unturned, "array", unturned), getattr(result, "array", result))


def test_rotate_back_ignores_the_shift_of_the_frame():
    np.testing.assert_allclose(Turned(40.0, shift=3.0).stokes(POINTS), Turned(40.0).stokes(POINTS))


@pytest.mark.parametrize("angle, u, q", [(0, 0, 1), (45, 1, 0), (90, 0, -1), (22.5, 0.5**0.5, 0.5**0.5), (180, 0, 1)])
def test_rotate_back_turns_stokes_parameters_twice_as_fast(angle, u, q):
    stokes = Turned(angle).stokes(GRIDS["irregular"])
    np.testing.assert_allclose(stokes.y.array, u, atol=1e-14)
    np.testing.assert_allclose(stokes.x.array, q, atol=1e-14)


def test_rotate_back_turns_every_entry_of_a_list():
    one, two = Turned(33.0).two_vectors(GRIDS["masked"])
    np.testing.assert_allclose(two.array, 2 * one.array)
    np.testing.assert_allclose(one.slim, GRIDS["masked"].array, atol=1e-14)
