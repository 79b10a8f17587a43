"""Convolution against scipy.signal, and the pixels it needs."""

import numpy as np
import pytest
from scipy.signal import convolve2d

from diskarray.errors import ShapeError
from diskarray.optics.convolution import convolved, evaluation_grid, refined, superposed
from diskarray.structures.frame import Frame2D
from diskarray.structures.grid import Grid2D
from diskarray.structures.mask import Mask2D
from diskarray.structures.over_sampling import OverSampling

SHAPES = [(16, 16), (17, 23), (30, 5), (1, 9)]
KERNELS = [(1, 1), (3, 3), (5, 2), (4, 4), (7, 6), (2, 9)]


@pytest.mark.parametrize("kernel_shape", KERNELS)
@pytest.mark.parametrize("shape", SHAPES)
def test_against_scipy(shape, kernel_shape):
    rng = np.random.default_rng(1)
    image, kernel = rng.normal(size=shape), rng.normal(size=kernel_shape)
    full = convolve2d(image, kernel, mode="full")
    for origin in {(0, 0), tuple(n // 2 for n in kernel_shape), tuple(n - 1 for n in kernel_shape)}:
        expected = full[origin[0] : origin[0] + shape[0], origin[1] : origin[1] + shape[1]]
        found = convolved(image, kernel, origin)
        assert found.shape == shape
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12 * np.abs(full).max())


def test_a_point_becomes_the_kernel_around_its_origin():
    image, kernel = np.zeros((9, 9)), np.arange(1.0, 7.0).reshape(2, 3)
    image[4, 5] = 1.0
    found = convolved(image, kernel, (1, 2))
    np.testing.assert_allclose(found[3:5, 3:6], kernel, atol=1e-13)
    assert found.sum() == pytest.approx(kernel.sum())


@pytest.mark.parametrize(("corner", "far"), [((0, 0), (-1, -1)), ((-1, -1), (0, 0)), ((0, -1), (-1, 0))])
def test_nothing_wraps_around(corner, far):
    image = np.zeros((12, 15))
    image[corner] = 1e6
    found = convolved(image, np.ones((7, 7)), (3, 3))
    assert np.abs(found[far]) < 1e-8 and found[corner] == pytest.approx(1e6)
    assert np.count_nonzero(found > 1.0) == 16


def test_flux_is_kept():
    rng = np.random.default_rng(2)
    image = np.zeros((30, 30))
    image[8:20, 9:22] = rng.uniform(size=(12, 13))
    kernel = rng.uniform(size=(5, 6))
    assert convolved(image, kernel / kernel.sum(), (2, 3)).sum() == pytest.approx(image.sum(), rel=1e-13)


MASK = np.ones((9, 11), dtype=bool)
MASK[2, 3] = MASK[6, 7] = MASK[6, 8] = False


@pytest.mark.parametrize("kernel_shape", [(3, 3), (4, 5), (1, 6), (15, 2)])
@pytest.mark.parametrize("place", ["start", "middle", "end"])
def test_evaluation_grid_holds_exactly_what_is_needed(kernel_shape, place):
    """Every pixel p - k + origin of the definition, and no other."""
    origin = {
        "start": (0, 0),
        "middle": tuple(n // 2 for n in kernel_shape),
        "end": tuple(n - 1 for n in kernel_shape),
    }[place]
    mask = Mask2D(MASK, Frame2D((9, 11), 0.1))
    grid, used, first = evaluation_grid(mask, Grid2D(mask).over_sample_size, kernel_shape, tuple(map(float, origin)))
    assert used == origin
    needed = {
        (row - ky + origin[0], column - kx + origin[1])
        for row, column in ((2, 3), (6, 7), (6, 8))
        for ky in range(kernel_shape[0])
        for kx in range(kernel_shape[1])
    }
    rows, columns = np.unravel_index(grid.mask.indices, grid.shape_native)
    assert {(int(r) + first[0], int(c) + first[1]) for r, c in zip(rows, columns, strict=True)} == needed
    y, x = mask.frame.sky_from(rows + first[0], columns + first[1])
    np.testing.assert_allclose(grid.array, np.stack([y, x], axis=-1), atol=1e-14)


def test_evaluation_grid_moves_by_the_fraction_of_the_kernel_center():
    frame = Frame2D((9, 11), 0.1, center=(3.2, 5.0), north_angle=20.0)
    grid, origin, first = evaluation_grid(Mask2D.none(frame), Grid2D(frame).over_sample_size, (4, 4), (1.5, 2.25))
    assert origin == (1, 2) and first == (-2, -1)
    y, x = frame.sky_from(first[0] + 0.5, first[1] + 0.25)
    np.testing.assert_allclose(grid.array[0], (y, x), atol=1e-14)


def test_evaluation_grid_samples_each_pixel_as_the_image_does():
    frame = Frame2D((6, 7), 0.1)
    sizes = np.arange(1, 43).reshape(6, 7) % 3 + 1
    grid, _, first = evaluation_grid(Mask2D.none(frame), Grid2D(frame, sizes).over_sample_size, (3, 3), (1.0, 1.0))
    assert first == (-1, -1)
    np.testing.assert_array_equal(grid.over_sample_size.native, np.pad(sizes, 1, mode="edge"))


def test_a_mask_without_pixels_is_refused():
    mask = Mask2D(np.ones((4, 4), dtype=bool), Frame2D((4, 4), 0.1))
    with pytest.raises(ShapeError, match="keeps no pixel"):
        evaluation_grid(mask, OverSampling(1, mask), (3, 3), (1.0, 1.0))


def test_superposed_is_the_sum_of_convolutions():
    rng = np.random.default_rng(5)
    images, kernels = rng.normal(size=(3, 11, 14)), rng.normal(size=(3, 4, 5))
    expected = sum(convolved(i, k, (1, 3)) for i, k in zip(images, kernels, strict=True))
    np.testing.assert_allclose(superposed(images, kernels, (1, 3)), expected, rtol=0, atol=1e-13)
    np.testing.assert_allclose(convolved(images, kernels, (1, 3)).sum(axis=0), expected, rtol=0, atol=1e-13)


def test_superposed_keeps_leading_axes():
    rng = np.random.default_rng(6)
    images, kernels = rng.normal(size=(2, 3, 12, 15)), rng.normal(size=(3, 5, 4))
    together = superposed(images, kernels, (2, 1))
    for stack, found in zip(images, together, strict=True):
        np.testing.assert_allclose(found, superposed(stack, kernels, (2, 1)), atol=1e-13)


def test_refined_pixels_cover_the_same_sky():
    frame = Frame2D((4, 5), 0.3, center=(1.2, 2.5), north_angle=30.0, mirrored=True)
    mask = Mask2D(np.arange(20).reshape(4, 5) % 3 == 0, frame)
    sampling = OverSampling(np.arange(20).reshape(4, 5) % 7 + 1, mask)
    fine, finer = refined(mask, sampling, 3)
    assert fine.frame.shape_native == (12, 15) and fine.frame.pixel_scale == pytest.approx(0.1)
    np.testing.assert_array_equal(fine.array, np.repeat(np.repeat(mask.array, 3, axis=0), 3, axis=1))
    for row, column in ((0, 0), (3, 4), (1, 2)):
        middle = fine.frame.sky_from(3 * row + 1, 3 * column + 1)
        assert middle == pytest.approx(frame.sky_from(row, column), abs=1e-14)
    sizes = np.where(sampling.native == 1, 1, np.maximum(2, np.ceil(sampling.native / 3)))
    np.testing.assert_array_equal(finer.native, np.repeat(np.repeat(sizes, 3, axis=0), 3, axis=1))
    assert refined(mask, sampling, 1) == (mask, sampling)
