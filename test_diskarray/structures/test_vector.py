"""Vectors and Stokes parameters: construction, arithmetic, rotation by explicit formulas."""

import numpy as np
import pytest

from diskarray.errors import ShapeError
from diskarray.structures.frame import Frame2D
from diskarray.structures.image import Image2D, ImageIrregular
from diskarray.structures.mask import Mask2D
from diskarray.structures.vector import VectorYX2D, VectorYX2DIrregular, turned_to_sky

FRAME = Frame2D((2, 3), 0.2)
EXCLUDED = np.array([[1, 0, 0], [0, 1, 0]], dtype=bool)
MASK = Mask2D(EXCLUDED, FRAME)
RAW = np.random.default_rng(4).normal(size=(2, 3, 2))


def test_masked_vectors_are_zero_and_components_are_images():
    given = RAW.copy()
    given[EXCLUDED] = np.nan
    vectors = VectorYX2D(given, MASK)
    for component, k in ((vectors.y, 0), (vectors.x, 1)):
        assert type(component) is Image2D and component.mask == MASK
        np.testing.assert_array_equal(component.array, np.where(EXCLUDED, 0, RAW[..., k]))
    assert type(vectors.magnitude) is Image2D and vectors.frame == FRAME
    np.testing.assert_allclose(vectors.magnitude.slim, np.hypot(*np.moveaxis(RAW[~EXCLUDED], -1, 0)))
    np.testing.assert_array_equal(vectors[0, 0], [0, 0])


@pytest.mark.parametrize("mask", [MASK, Mask2D.none(FRAME)])
def test_slim_and_native_are_two_views_of_the_same_vectors(mask):
    vectors = VectorYX2D(RAW, mask)
    np.testing.assert_array_equal(vectors.slim, RAW[~mask.array])
    np.testing.assert_array_equal(VectorYX2D.from_slim(vectors.slim, mask).array, vectors.array)


def test_vectors_at_points():
    points = VectorYX2DIrregular(VectorYX2DIrregular([(3, 4), (0, 0)]))
    assert len(points) == 2 and type(points.array) is np.ndarray
    for part, expected in ((points.y, [3, 0]), (points.x, [4, 0]), (points.magnitude, [5, 0])):
        assert type(part) is ImageIrregular
        np.testing.assert_array_equal(part.array, expected)


@pytest.mark.parametrize(
    "operation",
    [
        lambda v: v + 1,
        lambda v: 2 - v,
        lambda v: v * v,
        lambda v: v / 2,
        lambda v: -v,
        lambda v: 3 / (v**2 + 1),
    ],
)
def test_arithmetic_keeps_the_type(operation):
    vectors, points = VectorYX2D(RAW, MASK), VectorYX2DIrregular(RAW[0])
    result = operation(vectors)
    assert type(result) is VectorYX2D and result.mask == MASK and np.all(result.array[EXCLUDED] == 0)
    np.testing.assert_allclose(result.slim, operation(RAW[~EXCLUDED]))
    np.testing.assert_allclose(operation(points).array, operation(RAW[0]))
    assert type(operation(points)) is VectorYX2DIrregular


def test_a_native_map_scales_both_components_and_nothing_warns_behind_the_mask():
    weights = np.where(EXCLUDED, 0.0, 4.0)
    result = VectorYX2D(RAW, MASK) / weights
    np.testing.assert_allclose(result.slim, RAW[~EXCLUDED] / 4)
    np.testing.assert_allclose((weights * VectorYX2D(RAW, MASK)).slim, RAW[~EXCLUDED] * 4)
    assert np.all(result.array[EXCLUDED] == 0)


WRONG = {
    "another mask": lambda: VectorYX2D(RAW, MASK) + VectorYX2D(RAW, FRAME),
    "another scale": lambda: VectorYX2D(RAW, FRAME) + VectorYX2D(RAW, Frame2D((2, 3), 0.1)),
    "an image": lambda: VectorYX2D(RAW, FRAME) * Image2D(RAW[..., 0], FRAME),
    "raw of the wrong shape": lambda: VectorYX2D(RAW, FRAME) * np.ones((3, 2)),
    "points of another number": lambda: VectorYX2DIrregular(RAW[0]) + VectorYX2DIrregular(RAW[0, :2]),
    "native shape": lambda: VectorYX2D(RAW[..., 0], FRAME),
    "three components": lambda: VectorYX2D(np.ones((2, 3, 3)), FRAME),
    "a raw mask": lambda: VectorYX2D(RAW, EXCLUDED),
    "slim of the wrong length": lambda: VectorYX2D.from_slim(np.ones((5, 2)), MASK),
    "irregular of the wrong shape": lambda: VectorYX2DIrregular(np.ones((2, 3))),
    "a single vector": lambda: VectorYX2DIrregular([1.0, 2.0]),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_does_not_fit_raises(case):
    with pytest.raises(ShapeError):
        WRONG[case]()


@pytest.mark.parametrize("position_angle", [0.0, 30.0, 90.0, 200.0, -77.0])
def test_spin_1_turns_a_direction_by_the_position_angle(position_angle):
    """A vector at an angle East of the frame's axis lies at that angle plus the frame's, East of North."""
    for angle, length in ((0.0, 1.0), (25.0, 2.0), (170.0, 0.5)):
        within = np.radians(angle)
        on_sky = np.radians(angle + position_angle)
        frame, sky = (length * np.array([np.cos(a), -np.sin(a)]) for a in (within, on_sky))  # y North, x West
        np.testing.assert_allclose(turned_to_sky(frame, np.radians(position_angle), 1), sky, atol=1e-14)


@pytest.mark.parametrize("position_angle", [0.0, 30.0, 90.0, 200.0, -77.0])
def test_spin_2_turns_the_angle_of_polarization_by_the_position_angle(position_angle):
    """Q = P cos 2 psi, U = P sin 2 psi with psi East of North (IAU)."""
    for angle, degree in ((0.0, 1.0), (25.0, 2.0), (170.0, 0.5)):
        frame, sky = (
            degree * np.array([np.sin(2 * a), np.cos(2 * a)]) for a in np.radians([angle, angle + position_angle])
        )  # (U, Q)
        np.testing.assert_allclose(turned_to_sky(frame, np.radians(position_angle), 2), sky, atol=1e-14)


def test_stokes_parameters_flip_after_90_degrees_and_q_becomes_u_after_45():
    u, q = 0.3, 0.8
    stokes = np.array([[u, q]])
    np.testing.assert_allclose(turned_to_sky(stokes, np.pi / 2, 2), [[-u, -q]], atol=1e-15)
    np.testing.assert_allclose(turned_to_sky(stokes, np.pi / 4, 2), [[q, -u]], atol=1e-15)
    np.testing.assert_allclose(turned_to_sky(stokes, np.pi, 2), stokes, atol=1e-15)
    np.testing.assert_allclose(turned_to_sky(stokes, np.pi, 1), -stokes, atol=1e-15)
