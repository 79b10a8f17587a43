"""Frame2D: where pixels lie on the sky, for any orientation."""

import copy
import pickle

import numpy as np
import pytest

from diskarray.errors import ParameterError, ShapeError
from diskarray.structures.frame import Frame2D


def random_frames(count, seed=3):
    rng = np.random.default_rng(seed)
    for k in range(count):
        shape = tuple(int(n) for n in rng.integers(1, 30, 2))
        yield Frame2D(shape, rng.uniform(0.005, 2), tuple(rng.uniform(-5, 30, 2)), rng.uniform(-400, 400), bool(k % 2))


@pytest.mark.parametrize("frame", list(random_frames(12)), ids=repr)
def test_pixel_from_is_the_inverse_of_sky_from(frame):
    row, column = np.random.default_rng(0).uniform(-50, 50, (2, 40))
    y, x = frame.sky_from(row, column)
    np.testing.assert_allclose(frame.pixel_from(y, x), (row, column), atol=1e-10)
    distance = np.hypot(row - frame.center[0], column - frame.center[1]) * frame.pixel_scale
    np.testing.assert_allclose(np.hypot(y, x), distance, rtol=1e-12)
    np.testing.assert_allclose(frame.sky_from(*frame.center), (0, 0), atol=1e-12)


# where the pixels one arcsec North and one arcsec East of the star are, as (up, right) from it
NORTH_AND_EAST = {
    (0, False): ((1, 0), (0, -1)),
    (0, True): ((1, 0), (0, 1)),
    (90, False): ((0, -1), (-1, 0)),
    (90, True): ((0, -1), (1, 0)),
    (180, False): ((-1, 0), (0, 1)),
    (-90, False): ((0, 1), (1, 0)),
    (45, False): ((0.5**0.5, -(0.5**0.5)), (-(0.5**0.5), -(0.5**0.5))),
    (30, True): ((3**0.5 / 2, -0.5), (0.5, 3**0.5 / 2)),
}


@pytest.mark.parametrize("angle, mirrored", NORTH_AND_EAST)
def test_north_and_east_lie_where_the_orientation_says(angle, mirrored):
    frame = Frame2D((11, 17), 0.5, (3.25, 8.5), angle, mirrored)
    for sky, (up, right) in zip([(1, 0), (0, -1)], NORTH_AND_EAST[angle, mirrored], strict=True):
        np.testing.assert_allclose(frame.pixel_from(*sky), (3.25 + up / 0.5, 8.5 + right / 0.5), atol=1e-12)


@pytest.mark.parametrize("shape, center", [((4, 5), (1.5, 2.0)), ((1, 2), (0.0, 0.5)), ((200, 201), (99.5, 100.0))])
def test_the_default_center_is_the_geometric_one_for_odd_and_even(shape, center):
    assert Frame2D(shape, 1.0).center == center


def test_scalars_and_arrays_of_any_shape_are_taken():
    frame = Frame2D((4, 4), 2.0)
    assert frame.sky_from(np.zeros((2, 3)), 1)[0].shape == (2, 3)
    assert frame.pixel_from(0, 0) == (1.5, 1.5)
    assert frame.pixel_area == 4.0


@pytest.mark.parametrize("frame", list(random_frames(4, seed=8)), ids=repr)
@pytest.mark.parametrize("first", [(2, 5), (-3, 0), (0, -7)])
def test_a_window_keeps_the_sky_positions_of_its_pixels(frame, first):
    window = frame.reshaped((3, 6), first)
    row, column = np.indices((3, 6))
    np.testing.assert_allclose(
        window.sky_from(row, column), frame.sky_from(row + first[0], column + first[1]), atol=1e-12
    )
    assert window.shape_native == (3, 6)


def test_frames_compare_and_hash_by_value():
    frame = Frame2D((4, 5), 0.1, (1, 2), 30, False)
    same = Frame2D(np.array([4, 5]), np.float64(0.1), [np.int64(1), 2.0], np.float32(30), np.bool_(False))
    assert frame == same and hash(frame) == hash(same)
    assert frame == pickle.loads(pickle.dumps(frame)) == copy.deepcopy(frame)
    others = [
        Frame2D((5, 4), 0.1, (1, 2), 30),
        Frame2D((4, 5), 0.2, (1, 2), 30),
        Frame2D((4, 5), 0.1, (1, 2.5), 30),
        Frame2D((4, 5), 0.1, (1, 2), 31),
        Frame2D((4, 5), 0.1, (1, 2), 30, True),
    ]
    assert frame not in others and len({frame, same, *others}) == 6
    with pytest.raises(AttributeError):
        frame.pixel_scale = 3.0


WRONG = [
    (ShapeError, {"shape_native": shape})
    for shape in (5, None, (5,), (5, 5, 5), (0, 5), (5, -1), (2.5, 5), (np.nan, 5), (np.inf, 5), ("a", 5))
] + [
    (ParameterError, {name: value})
    for name, value in [
        ("pixel_scale", 0),
        ("pixel_scale", -1),
        ("pixel_scale", np.nan),
        ("pixel_scale", np.inf),
        ("pixel_scale", None),
        ("pixel_scale", (0.1, 0.1)),
        ("center", (1,)),
        ("center", (np.nan, 0)),
        ("center", 3.0),
        ("center", (1, None)),
        ("north_angle", np.nan),
        ("north_angle", "up"),
        ("mirrored", "no"),
        ("mirrored", None),
    ]
]


@pytest.mark.parametrize("error, wrong", WRONG, ids=str)
def test_what_makes_no_sense_is_refused_by_name(error, wrong):
    good = {"shape_native": (5, 5), "pixel_scale": 0.1}
    with pytest.raises(error, match=next(iter(wrong))):
        Frame2D(**(good | wrong))
