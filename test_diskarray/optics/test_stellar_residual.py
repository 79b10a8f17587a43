"""Residual starlight: linear combinations, shifts against scipy, and what is refused."""

import pickle

import numpy as np
import pytest
from scipy.ndimage import fourier_shift

from diskarray.backend.pytree import replace
from diskarray.errors import ParameterError, ShapeError
from diskarray.optics.stellar_residual import StellarResidual
from diskarray.structures.frame import Frame2D
from diskarray.structures.grid import Grid2D, Grid2DIrregular
from diskarray.structures.image import Image2D
from diskarray.structures.mask import Mask2D

SHAPE, SCALE = (14, 17), 0.1
REFERENCES = np.random.default_rng(3).normal(size=(3, *SHAPE))
WEIGHTS = np.array([0.7, -0.2, 1.5])
GRID = Grid2D.uniform(SHAPE, SCALE)


def moved(image, row, column):
    """scipy's Fourier shift of the image mirrored at its edges."""
    doubled = np.concatenate([image, image[::-1]])
    doubled = np.concatenate([doubled, doubled[:, ::-1]], axis=1)
    return np.fft.ifft2(fourier_shift(np.fft.fft2(doubled), (row, column))).real[: SHAPE[0], : SHAPE[1]]


def test_linear_combination():
    image = StellarResidual(REFERENCES, WEIGHTS).image_2d_from(GRID)
    assert isinstance(image, Image2D)
    np.testing.assert_allclose(image.array, np.tensordot(WEIGHTS, REFERENCES, axes=1), rtol=1e-13, atol=1e-15)


def test_defaults_add_nothing_and_one_number_stands_for_all():
    assert np.all(StellarResidual(REFERENCES).image_2d_from(GRID).array == 0)
    np.testing.assert_array_equal(StellarResidual(REFERENCES, 0.5).weights, [0.5, 0.5, 0.5])
    np.testing.assert_array_equal(StellarResidual(REFERENCES, [1, 2, 3]).weights, [1.0, 2.0, 3.0])
    alone = StellarResidual(REFERENCES[0], 2.0).image_2d_from(GRID).array
    np.testing.assert_allclose(alone, 2 * REFERENCES[0])


def test_each_reference_has_its_own_shift():
    """North is up and West is right: a shift to the North goes to higher rows, to the West to higher columns."""
    north, west = np.array([0.03, -0.21, 0.0]), np.array([0.0, 0.05, -0.137])
    found = StellarResidual(REFERENCES, WEIGHTS, shift_y=north, shift_x=west).image_2d_from(GRID).array
    expected = sum(
        w * moved(r, y / SCALE, x / SCALE) for w, r, y, x in zip(WEIGHTS, REFERENCES, north, west, strict=True)
    )
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)


def test_a_common_shift_and_whole_pixels():
    common = StellarResidual(REFERENCES, WEIGHTS, shift_y=0.2).image_2d_from(GRID).array
    single = StellarResidual(REFERENCES, WEIGHTS, shift_y=[0.2, 0.2, 0.2]).image_2d_from(GRID).array
    np.testing.assert_allclose(common, single, rtol=0, atol=1e-14)
    total = np.tensordot(WEIGHTS, REFERENCES, axes=1)
    np.testing.assert_allclose(common[2:], total[:-2], rtol=0, atol=1e-13)
    np.testing.assert_allclose(common[:2], total[1::-1], rtol=0, atol=1e-13)


def test_one_shift_alone():
    total = np.tensordot(WEIGHTS, REFERENCES, axes=1)
    for shift, place in (({"shift_y": 0.03}, (0.3, 0)), ({"shift_x": 0.03}, (0, 0.3))):
        found = StellarResidual(REFERENCES, WEIGHTS, **shift).image_2d_from(GRID).array
        np.testing.assert_allclose(found, moved(total, *place), rtol=0, atol=1e-12)


def test_a_zero_shift_that_is_not_known_to_be_zero_changes_nothing():
    plain = StellarResidual(REFERENCES, WEIGHTS).image_2d_from(GRID).array
    shifted = StellarResidual(REFERENCES, WEIGHTS, shift_x=np.zeros(3)).image_2d_from(GRID).array
    np.testing.assert_allclose(shifted, plain, rtol=0, atol=1e-15)


def test_shifts_are_on_the_sky():
    """On a frame whose North points to the left, a shift to the North goes to lower columns."""
    grid = Grid2D(Frame2D(SHAPE, SCALE, north_angle=90.0))
    found = StellarResidual(REFERENCES, WEIGHTS, shift_y=0.063).image_2d_from(grid).array
    np.testing.assert_allclose(found, moved(np.tensordot(WEIGHTS, REFERENCES, axes=1), 0, -0.63), rtol=0, atol=1e-12)


def test_masked_pixels_are_zero():
    mask = Mask2D.circular(GRID.frame, 0.5)
    residual = StellarResidual(REFERENCES, WEIGHTS, shift_y=0.02)
    full, masked = residual.image_2d_from(GRID).array, residual.image_2d_from(Grid2D(mask)).array
    np.testing.assert_array_equal(masked, np.where(mask.array, 0.0, full))


def test_pickle_and_replace():
    residual = StellarResidual(REFERENCES, WEIGHTS, shift_x=0.03)
    copy = pickle.loads(pickle.dumps(residual))
    np.testing.assert_array_equal(copy.image_2d_from(GRID).array, residual.image_2d_from(GRID).array)
    assert np.all(replace(residual, "weights", [0.0, 0.0, 0.0]).image_2d_from(GRID).array == 0)


@pytest.mark.parametrize(
    ("make", "error", "cure"),
    [
        (lambda: StellarResidual(np.ones(4)), ShapeError, r"references are images, shape \(K, ny, nx\)"),
        (lambda: StellarResidual(np.ones((0, 3, 3))), ShapeError, r"references are images, shape \(K, ny, nx\)"),
        (lambda: StellarResidual(np.full((2, 3, 3), np.nan)), ParameterError, "set bad pixels to 0 and mask them"),
        (lambda: StellarResidual(REFERENCES, [1.0, 2.0]), ShapeError, r"weights has shape \(2,\) for 3 references"),
        (lambda: StellarResidual(REFERENCES, shift_y=np.ones((3, 1))), ShapeError, r"shift_y has shape \(3, 1\)"),
        (
            lambda: StellarResidual(REFERENCES, [1.0, 2.0, np.inf]),
            ParameterError,
            "StellarResidual.weights must be finite",
        ),
        (lambda: StellarResidual(REFERENCES).image_2d_from(Grid2D.uniform((9, 9), 0.1)), ShapeError, r"image \(9, 9\)"),
        (lambda: StellarResidual(REFERENCES).image_2d_from(Grid2DIrregular([(0.0, 1.0)])), ShapeError, "give a Grid2D"),
        (lambda: StellarResidual(REFERENCES).image_2d_from(GRID + (0.1, 0.0)), ShapeError, "give a Grid2D"),
    ],
)
def test_errors_name_the_cure(make, error, cure):
    with pytest.raises(error, match=cure):
        make()
