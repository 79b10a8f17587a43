"""Grid2D and Grid2DIrregular: coordinates, sub-pixels, arithmetic, frozenness."""

import copy
import dataclasses
import pickle

import numpy as np
import pytest

from diskarray.errors import DataError, ShapeError
from diskarray.structures.frame import Frame2D
from diskarray.structures.grid import Grid2D, Grid2DIrregular
from diskarray.structures.mask import Mask2D

MASK = Mask2D(
    [[1, 0, 0, 1], [0, 0, 1, 0], [1, 1, 0, 0]], Frame2D((3, 4), 0.2, (0.7, 2.1), north_angle=25.0, mirrored=True)
)


def everything(**more):
    """One grid of each make."""
    return {
        "uniform": Grid2D.uniform((3, 4), 0.2, **more),
        "masked": Grid2D(MASK),
        "over_sampled": Grid2D(MASK, over_sample_size=2),
        "irregular": Grid2DIrregular([(0.1, -0.3), (0.4, 0.2), (0.0, 0.5)]),
    }


def assert_same(one, two):
    assert type(one) is type(two)
    for field in dataclasses.fields(one):
        a, b = getattr(one, field.name), getattr(two, field.name)
        np.testing.assert_array_equal(a, b) if isinstance(a, np.ndarray) else None
        assert isinstance(a, np.ndarray) or a == b, field.name


@pytest.mark.parametrize("shape", [(3, 4), (5, 5), (2, 7), (1, 1)])
@pytest.mark.parametrize("center", [None, (0.25, -3.0)])
def test_coordinates_run_north_with_rows_and_west_with_columns(shape, center):
    grid = Grid2D.uniform(shape_native=shape, pixel_scale=0.3, center=center)
    star = center or ((shape[0] - 1) / 2, (shape[1] - 1) / 2)
    expected = [((r - star[0]) * 0.3, (c - star[1]) * 0.3) for r in range(shape[0]) for c in range(shape[1])]
    np.testing.assert_allclose(grid.array, expected, atol=1e-14)
    np.testing.assert_array_equal(grid.y, grid.array[:, 0])
    np.testing.assert_array_equal(grid.x, grid[:, 1])
    assert grid.shape_native == shape and grid.axes == "sky" and grid.on_pixels


def test_a_masked_grid_holds_the_unmasked_pixels_in_order():
    expected = [MASK.frame.sky_from(r, c) for r, c in [(0, 1), (0, 2), (1, 0), (1, 1), (1, 3), (2, 2), (2, 3)]]
    np.testing.assert_allclose(Grid2D(MASK).array, expected, atol=1e-14)


@pytest.mark.parametrize("mask", ["array", "Mask2D"])
def test_uniform_takes_a_mask(mask):
    array = np.array([[True, False], [False, False]])
    given = array if mask == "array" else Mask2D(array, Frame2D((2, 2), 0.2))
    assert Grid2D.uniform((2, 2), 0.2, mask=given).array.shape == (3, 2)


def test_sub_points_fill_their_pixel_evenly_and_average_to_its_center():
    sizes = np.array([[3, 1, 2, 4], [1, 2, 2, 5], [1, 1, 3, 1]])
    grid = Grid2D(MASK, sizes)
    expected, pixels = [], [divmod(i, 4) for i in MASK.indices]
    for r, c in pixels:
        n = sizes[r, c]
        inside = (np.arange(n) + 0.5) / n - 0.5
        expected += [MASK.frame.sky_from(r + a, c + b) for a in inside for b in inside]
    np.testing.assert_allclose(grid.sub_array, expected, atol=1e-13)
    np.testing.assert_allclose(grid.over_sample_size.binned(grid.sub_array), grid.array, atol=1e-13)


@pytest.mark.parametrize("name", everything())
def test_grids_are_frozen_and_share_no_memory_with_what_made_them(name):
    grid = everything()[name]
    for array in (grid.array, (grid + 1.0).array, (grid * (2.0, 3.0)).array, grid.moved(lambda g: g.array, "A").array):
        assert not array.flags.writeable
    with pytest.raises(AttributeError):
        grid.array = np.zeros((3, 2))
    with pytest.raises(TypeError):
        grid[0] = 1.0
    points = np.ones((2, 2))
    irregular = Grid2DIrregular(points)
    points[0, 0] = 9
    assert irregular.array[0, 0] == 1 and points.flags.writeable


@pytest.mark.parametrize("name", everything())
def test_pickle_and_copies_are_equal_and_still_frozen(name):
    grid = everything()[name]
    for copied in (pickle.loads(pickle.dumps(grid)), copy.deepcopy(grid), copy.copy(grid)):
        assert_same(copied, grid)
        assert not copied.array.flags.writeable
        assert_same(copied + grid, grid + grid)


@pytest.mark.parametrize("name", everything())
@pytest.mark.parametrize(
    "operation, expected",
    [
        (lambda g: g + 0.5, lambda p: p + 0.5),
        (lambda g: 0.5 - g, lambda p: 0.5 - p),
        (lambda g: g - (0.1, -0.2), lambda p: np.stack([p[:, 0] - 0.1, p[:, 1] + 0.2], axis=-1)),
        (lambda g: g + np.array([0.1, 0.2]), lambda p: np.stack([p[:, 0] + 0.1, p[:, 1] + 0.2], axis=-1)),
        (lambda g: (1.0, 2.0) - g, lambda p: np.stack([1 - p[:, 0], 2 - p[:, 1]], axis=-1)),
        (lambda g: g * 2 / 4, lambda p: p / 2),
        (lambda g: -g, lambda p: -p),
        (lambda g: g + g, lambda p: 2 * p),
        (lambda g: g * np.float64(3) ** 2, lambda p: 9 * p),
    ],
)
def test_arithmetic_moves_pixels_and_sub_pixels_alike(name, operation, expected):
    grid = everything()[name]
    moved = operation(grid)
    assert type(moved) is type(grid) and moved.axes == "sky"
    np.testing.assert_allclose(moved.array, expected(grid.array), atol=1e-14)
    if name != "irregular":
        assert not moved.on_pixels and grid.on_pixels and moved.mask == grid.mask
    if name == "over_sampled":
        np.testing.assert_allclose(moved.sub_array, expected(grid.sub_array), atol=1e-14)
        np.testing.assert_allclose(grid.over_sample_size.binned(moved.sub_array), moved.array, atol=1e-14)


def test_moved_moves_pixels_and_sub_pixels_alike_and_names_the_axes():
    for name, grid in everything().items():
        moved = grid.moved(lambda g: g.array * 2 + 1, "Disk")
        assert type(moved) is type(grid) and moved.axes == "Disk" and grid.axes == "sky"
        np.testing.assert_allclose(moved.array, grid.array * 2 + 1)
        if name == "over_sampled":
            np.testing.assert_allclose(moved.sub_array, grid.sub_array * 2 + 1)
            assert moved.sub_grid.axes == "Disk"


def test_a_grid_of_points_unwraps_grids_and_keeps_their_axes():
    grid = Grid2D(MASK)
    points = Grid2DIrregular(Grid2DIrregular(grid))
    np.testing.assert_array_equal(points.array, grid.array)
    assert len(points) == 7 and points.axes == "sky"
    assert Grid2DIrregular(grid.moved(lambda g: g.array, "Disk")).axes == "Disk"


def test_whole_numbers_become_floats():
    assert Grid2DIrregular([(1, 2)]).array.dtype == float


@pytest.mark.parametrize("name", everything())
def test_numpy_can_read_every_grid(name):
    grid = everything()[name]
    read = np.asarray(grid)
    np.testing.assert_array_equal(read, grid.array)
    read[0] = 7
    assert not np.any(grid.array == 7)


GRID, SAMPLED, POINTS = Grid2D(MASK), Grid2D(MASK, 2), everything()["irregular"]
UNLIKE = {
    "another mask": lambda: GRID + Grid2D(Mask2D.none(MASK.frame)),
    "another scale": lambda: Grid2D.uniform((3, 4), 0.1) + Grid2D.uniform((3, 4), 0.2),
    "another center": lambda: Grid2D.uniform((3, 4), 0.1) + Grid2D.uniform((3, 4), 0.1, center=(0, 0)),
    "other axes": lambda: GRID + GRID.moved(lambda g: g.array, "Disk"),
    "other sub-pixels": lambda: SAMPLED + GRID,
    "another type": lambda: POINTS + GRID,
    "another length": lambda: POINTS + Grid2DIrregular([(0.0, 0.0)]),
    "a raw array of the wrong length": lambda: GRID + np.zeros((6, 2)),
    "a scalar per point": lambda: GRID + np.zeros(7),
    "points for an over-sampled grid": lambda: SAMPLED + np.zeros((7, 2)),
    "three numbers": lambda: GRID + (1.0, 2.0, 3.0),
    "nested pairs": lambda: GRID + ((1.0, 2.0), (3.0, 4.0)),
    "a string": lambda: GRID + "1",
    "a dictionary": lambda: GRID + {},
}


@pytest.mark.parametrize("case", UNLIKE)
def test_grids_that_do_not_fit_do_not_combine(case):
    with pytest.raises(ShapeError, match="does not combine"):
        UNLIKE[case]()


WRONG = [
    (ShapeError, lambda: Grid2DIrregular([1.0, 2.0])),
    (ShapeError, lambda: Grid2DIrregular(np.zeros((3, 3)))),
    (DataError, lambda: Grid2DIrregular([(1.0, 2.0), (3.0,)])),
    (DataError, lambda: Grid2DIrregular([("a", "b")])),
    (ShapeError, lambda: Grid2D((3, 4))),
    (ShapeError, lambda: Grid2D(MASK, array=np.zeros((7, 2)))),
    (ShapeError, lambda: Grid2D(MASK, 0)),
    (ShapeError, lambda: Grid2D(MASK, 1.5)),
    (ShapeError, lambda: Grid2D(MASK, np.inf)),
    (ShapeError, lambda: Grid2D(MASK, np.full((4, 3), 2))),
    (ShapeError, lambda: Grid2D(MASK, np.full(7, 2))),
    (ShapeError, lambda: Grid2D(MASK, True)),
    (ShapeError, lambda: Grid2D.uniform((3, 4), 0.2, mask=MASK)),
    (ShapeError, lambda: Grid2D.uniform((3, 4), 0.2, mask=np.zeros((4, 3), bool))),
]


@pytest.mark.parametrize("error, make", WRONG)
def test_what_makes_no_sense_is_refused(error, make):
    with pytest.raises(error):
        make()
