"""Mask2D against brute force, one pixel at a time; True is excluded."""

import copy
import math
import pickle

import numpy as np
import pytest

from diskarray.errors import ParameterError, ShapeError
from diskarray.structures.frame import Frame2D
from diskarray.structures.mask import Mask2D

FRAMES = [
    Frame2D((21, 30), 0.13),
    Frame2D((20, 17), 0.2, (4.3, 11.2)),
    Frame2D((18, 25), 0.15, (8.1, 30.7), 33.0),
    Frame2D((23, 19), 0.17, (10.0, 3.5), -100.0, True),
]


def sky_of(frame, row, column):
    """North and West offsets from the definition of the frame: complex numbers, right + i up."""
    pixel = complex(column - frame.center[1], row - frame.center[0]) * frame.pixel_scale
    north = 1j * complex(math.cos(math.radians(frame.north_angle)), math.sin(math.radians(frame.north_angle)))
    west = north * (1j if frame.mirrored else -1j)
    return (pixel * north.conjugate()).real, (pixel * west.conjugate()).real


def polar(y, x):
    """Distance, and position angle in degrees East of North (East is -x)."""
    return math.sqrt(y * y + x * x), math.degrees(math.atan2(-x, y)) % 360


def within_ellipse(y, x, major, ratio, position_angle):
    r, angle = polar(y, x)
    angle = math.radians(angle - position_angle)
    return (r * math.cos(angle) / major) ** 2 + (r * math.sin(angle) / (ratio * major)) ** 2 <= 1


def within_wedge(y, x, start, end):
    angle = polar(y, x)[1]
    while angle < start:
        angle += 360
    while angle >= start + 360:
        angle -= 360
    while end <= start:
        end += 360
    return angle <= end


# builder, arguments, whether a pixel at (y, x) from the origin is kept
CASES = [
    ("circular", (0.93,), lambda y, x: polar(y, x)[0] <= 0.93),
    ("annular", (0.41, 1.27), lambda y, x: 0.41 <= polar(y, x)[0] <= 1.27),
    ("annular", (0.0, 0.7), lambda y, x: polar(y, x)[0] <= 0.7),
    ("elliptical", (1.3, 0.37, 27.0), lambda y, x: within_ellipse(y, x, 1.3, 0.37, 27.0)),
    ("elliptical", (1.1, 1.0, 200.0), lambda y, x: polar(y, x)[0] <= 1.1),
    (
        "elliptical_annular",
        (0.6, 1.6, 0.5, -70.0),
        lambda y, x: within_ellipse(y, x, 1.6, 0.5, -70.0) and not within_ellipse(y, x, 0.6, 0.5, -70.0),
    ),
    ("wedge", (20.0, 71.0), lambda y, x: within_wedge(y, x, 20.0, 71.0)),
    ("wedge", (300.5, 40.5), lambda y, x: within_wedge(y, x, 300.5, 40.5)),
    ("wedge", (-170.5, 100.5), lambda y, x: within_wedge(y, x, -170.5, 100.5)),
    ("wedge", (10.5, 370.5), lambda y, x: True),
]


@pytest.mark.parametrize("frame", FRAMES, ids=lambda f: str(f.shape_native))
@pytest.mark.parametrize("origin", [(0.0, 0.0), (0.31, -0.57)])
@pytest.mark.parametrize("builder, arguments, kept", CASES, ids=lambda v: str(v) if not callable(v) else "")
def test_every_builder_agrees_with_brute_force(frame, origin, builder, arguments, kept):
    mask = getattr(Mask2D, builder)(frame, *arguments, origin=origin)
    for row in range(frame.shape_native[0]):
        for column in range(frame.shape_native[1]):
            y, x = sky_of(frame, row, column)
            assert mask.array[row, column] == (not kept(y - origin[0], x - origin[1])), (row, column)


AREAS = [
    ("circular", (1.9,), math.pi * 1.9**2, 2 * math.pi * 1.9),
    ("annular", (0.8, 1.9), math.pi * (1.9**2 - 0.8**2), 2 * math.pi * (1.9 + 0.8)),
    ("elliptical", (2.2, 0.4, 50.0), math.pi * 2.2**2 * 0.4, 2 * math.pi * 2.2),
    ("elliptical_annular", (1.0, 2.2, 0.6, 50.0), math.pi * 0.6 * (2.2**2 - 1), 2 * math.pi * 3.2),
]


@pytest.mark.parametrize("builder, arguments, area, perimeter", AREAS, ids=lambda v: str(v))
def test_the_kept_area_is_the_analytic_one_within_the_perimeter(builder, arguments, area, perimeter):
    frame = Frame2D((120, 131), 0.05, (60.3, 64.9), 20.0)
    mask = getattr(Mask2D, builder)(frame, *arguments, origin=(0.2, 0.3))
    assert abs(mask.n_unmasked * frame.pixel_area - area) < perimeter * frame.pixel_scale / 2


def test_true_is_excluded_and_indices_name_the_others():
    array = np.array([[True, False, False], [True, True, False]])
    mask = Mask2D(array, Frame2D((2, 3), 1.0))
    assert mask.n_unmasked == 3 and mask.shape_native == (2, 3)
    np.testing.assert_array_equal(mask.indices, [1, 2, 5])
    np.testing.assert_array_equal((~mask).array, ~array)
    assert mask[0, 0] and not mask[0, 1]
    assert Mask2D.none(mask.frame).n_unmasked == 6
    assert "3 unmasked" in repr(mask)


@pytest.mark.parametrize("given", [[[1, 0], [0, 1]], np.array([[1.0, 0.0], [0.0, 1.0]]), np.eye(2, dtype=bool)])
def test_zeros_and_ones_are_taken_as_booleans(given):
    np.testing.assert_array_equal(Mask2D(given, Frame2D((2, 2), 1.0)).array, np.eye(2, dtype=bool))


def test_masks_compare_and_hash_by_value():
    frame, other = Frame2D((6, 7), 0.5), Frame2D((6, 7), 0.5, (1, 1))
    mask = Mask2D.circular(frame, 1.2)
    same = Mask2D(mask.array.copy(), Frame2D((6, 7), 0.5))
    assert mask == same and hash(mask) == hash(same) and len({mask, same}) == 1
    different = [Mask2D.circular(frame, 0.6), Mask2D(mask.array, other), ~mask]
    assert all(mask != d for d in different) and mask != "mask"
    for copied in (pickle.loads(pickle.dumps(mask)), copy.deepcopy(mask), copy.copy(mask), Mask2D(mask, frame)):
        assert copied == mask and hash(copied) == hash(mask) and not copied.array.flags.writeable


def test_the_union_excludes_what_either_excludes():
    frame = Frame2D((6, 7), 0.5)
    one, two = Mask2D.circular(frame, 1.2), Mask2D.wedge(frame, 0.5, 150.5)
    np.testing.assert_array_equal((one | two).array, one.array | two.array)
    assert one | two.array == one | two
    with pytest.raises(ShapeError, match="different frames"):
        one | Mask2D.none(Frame2D((6, 7), 0.4))


def test_a_mask_cannot_be_changed_and_never_aliases_its_input():
    array = np.zeros((2, 2), dtype=bool)
    mask = Mask2D(array, Frame2D((2, 2), 1.0))
    array[0, 0] = True
    assert mask.n_unmasked == 4 and array.flags.writeable
    with pytest.raises(AttributeError):
        mask.array = array
    with pytest.raises(TypeError):
        mask[0, 0] = True
    for inner in (mask.array, mask.indices):
        with pytest.raises(ValueError):
            inner[0] = 1


FRAME = Frame2D((5, 5), 1.0)
WRONG = [
    (ShapeError, lambda: Mask2D(np.zeros((5, 4), bool), FRAME)),
    (ShapeError, lambda: Mask2D(np.full((5, 5), 2), FRAME)),
    (ShapeError, lambda: Mask2D(np.full((5, 5), np.nan), FRAME)),
    (ShapeError, lambda: Mask2D(np.zeros((5, 5), bool), (5, 5))),
    (ShapeError, lambda: Mask2D(Mask2D.none(Frame2D((5, 5), 2.0)), FRAME)),
    (ShapeError, lambda: Mask2D.none((5, 5))),
    (ShapeError, lambda: Mask2D.circular((5, 5), 1.0)),
    (ParameterError, lambda: Mask2D.circular(FRAME, 0.0)),
    (ParameterError, lambda: Mask2D.circular(FRAME, np.nan)),
    (ParameterError, lambda: Mask2D.circular(FRAME, 1.0, origin=(np.nan, 0.0))),
    (ParameterError, lambda: Mask2D.annular(FRAME, 2.0, 1.0)),
    (ParameterError, lambda: Mask2D.annular(FRAME, -1.0, 1.0)),
    (ParameterError, lambda: Mask2D.elliptical(FRAME, 1.0, 1.1, 0.0)),
    (ParameterError, lambda: Mask2D.elliptical(FRAME, 1.0, 0.0, 0.0)),
    (ParameterError, lambda: Mask2D.elliptical(FRAME, -1.0, 0.5, 0.0)),
    (ParameterError, lambda: Mask2D.elliptical(FRAME, 1.0, 0.5, np.nan)),
    (ParameterError, lambda: Mask2D.elliptical_annular(FRAME, 1.0, 1.0, 0.5, 0.0)),
    (ParameterError, lambda: Mask2D.wedge(FRAME, np.nan, 1.0)),
]


@pytest.mark.parametrize("error, make", WRONG)
def test_what_makes_no_sense_is_refused(error, make):
    with pytest.raises(error):
        make()
