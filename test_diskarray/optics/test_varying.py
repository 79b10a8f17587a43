"""The spatially varying operator against a sum over pixels, its adjoint, and the weights between PSFs."""

import numpy as np
import pytest

from diskarray.errors import ParameterError, ShapeError
from diskarray.optics.convolution import convolved, flipped
from diskarray.optics.varying import SpatiallyVaryingPSF, interpolation_weights, maps_on_pixels
from diskarray.structures.frame import Frame2D

RANDOM = np.random.default_rng(7)
SHAPE = (12, 15)
WEIGHTS = RANDOM.uniform(0, 1, (4, *SHAPE))
WEIGHTS /= WEIGHTS.sum(axis=0)
TRANSMISSION = RANDOM.uniform(0, 1, SHAPE)
KERNEL_SHAPES = [(5, 5), (4, 6), (7, 2), (1, 1), (19, 21)]


def kernels_of(shape):
    return RANDOM.uniform(0.1, 1, (4, *shape))


def brute_force(psf, image):
    """Every pixel's light, spread with its own mixture of kernels, one pixel at a time."""
    kernels = psf.kernels / psf.kernels.sum(axis=(1, 2), keepdims=True)
    transmission = np.ones(SHAPE) if psf.transmission is None else psf.transmission
    center = psf.center or tuple((n - 1) / 2 for n in kernels.shape[1:])
    origin = [int(np.floor(c)) for c in center]
    total = np.zeros(image.shape)
    for row, column in np.ndindex(image.shape):
        mixture = np.tensordot(psf.weight_maps[:, row, column], kernels, axes=1)
        for ky, kx in np.ndindex(mixture.shape):
            there = row + ky - origin[0], column + kx - origin[1]
            if 0 <= there[0] < image.shape[0] and 0 <= there[1] < image.shape[1]:
                total[there] += mixture[ky, kx] * transmission[row, column] * image[row, column]
    return total


@pytest.mark.parametrize("shape", KERNEL_SHAPES)
@pytest.mark.parametrize("transmission", [None, TRANSMISSION])
def test_operator_is_the_sum_over_pixels(shape, transmission):
    center = None if shape != (4, 6) else (0.0, 5.0)
    psf = SpatiallyVaryingPSF(kernels_of(shape), WEIGHTS, transmission, center=center)
    image = RANDOM.normal(size=SHAPE)
    np.testing.assert_allclose(psf.forward(image), brute_force(psf, image), rtol=0, atol=1e-13)


@pytest.mark.parametrize("times", [1, 3])
@pytest.mark.parametrize("shape", KERNEL_SHAPES)
def test_adjoint_passes_the_dot_product_test(shape, times):
    psf = SpatiallyVaryingPSF(kernels_of(shape), WEIGHTS, TRANSMISSION, over_sample_size=times)
    a, b = RANDOM.normal(size=(2, SHAPE[0] * times, SHAPE[1] * times))
    there, back = np.sum(a * psf.forward(b)), np.sum(psf.adjoint(a) * b)
    assert there == pytest.approx(back, abs=1e-12 * np.linalg.norm(a) * np.linalg.norm(b))
    assert shape == (1, 1) or np.abs(psf.adjoint(a) - psf.forward(a)).max() > 1e-3


def test_adjoint_is_the_transposed_matrix():
    psf = SpatiallyVaryingPSF(kernels_of((4, 3))[:, :, :], WEIGHTS, TRANSMISSION, center=(3.0, 0.0))
    units = np.eye(SHAPE[0] * SHAPE[1]).reshape(-1, *SHAPE)
    forward = np.stack([psf.forward(u).ravel() for u in units], axis=1)
    adjoint = np.stack([psf.adjoint(u).ravel() for u in units], axis=1)
    np.testing.assert_allclose(adjoint, forward.T, rtol=0, atol=1e-14)


@pytest.mark.parametrize("shape", KERNEL_SHAPES)
def test_one_psf_is_the_plain_convolution(shape):
    kernel, image = kernels_of(shape)[:1], RANDOM.normal(size=SHAPE)
    psf = SpatiallyVaryingPSF(kernel, np.ones((1, *SHAPE)))
    origin = tuple((n - 1) // 2 for n in shape)
    plain = convolved(image, kernel[0] / kernel[0].sum(), origin)
    np.testing.assert_allclose(psf.forward(image), plain, rtol=0, atol=1e-15)
    same = SpatiallyVaryingPSF(np.repeat(kernel, 4, axis=0), WEIGHTS)
    np.testing.assert_allclose(same.forward(image), plain, rtol=0, atol=1e-14)


def test_over_sampled_kernels_take_the_maps_of_the_pixel_around():
    kernels, image = kernels_of((4, 5)), RANDOM.normal(size=(24, 30))
    fine = [np.kron(m, np.ones((2, 2))) for m in (*WEIGHTS, TRANSMISSION)]
    expected = SpatiallyVaryingPSF(kernels, np.stack(fine[:4]), fine[4]).forward(image)
    found = SpatiallyVaryingPSF(kernels, WEIGHTS, TRANSMISSION, over_sample_size=2).forward(image)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-15)


def test_flipped_kernel_and_origin():
    kernel, image, other = kernels_of((4, 5))[0], RANDOM.normal(size=SHAPE), RANDOM.normal(size=SHAPE)
    there = np.sum(other * convolved(image, kernel, (0, 3)))
    assert there == pytest.approx(np.sum(convolved(other, *flipped(kernel, (0, 3))) * image), rel=1e-12)


def test_own_sums_are_kept_on_request():
    kernels = kernels_of((3, 3))
    np.testing.assert_array_equal(SpatiallyVaryingPSF(kernels, WEIGHTS, normalize=False).kernel_from(0.1), kernels)


def test_maps_beyond_the_edge_are_those_of_the_edge():
    psf = SpatiallyVaryingPSF(kernels_of((3, 3)), WEIGHTS, TRANSMISSION)
    found = maps_on_pixels(psf, np.arange(-2, SHAPE[0] + 1), np.arange(-1, SHAPE[1] + 2))
    expected = np.pad(WEIGHTS * TRANSMISSION, ((0, 0), (2, 1), (1, 2)), mode="edge")
    np.testing.assert_array_equal(found, expected)


POLAR = np.array([(0.0, 0.0), *((r * np.cos(t), r * np.sin(t)) for r in (0.3, 1.0) for t in np.arange(6) * np.pi / 3)])
FRAME = Frame2D((31, 28), 0.05, center=(14.2, 13.0), north_angle=25.0, mirrored=True)


def test_linear_weights_reproduce_a_plane():
    """Inside the outermost positions a linear function of position comes out exactly; everywhere they add up to 1."""
    weights = interpolation_weights(POLAR, FRAME)
    assert weights.shape == (13, 31, 28) and weights.min() >= 0
    np.testing.assert_allclose(weights.sum(axis=0), 1, rtol=1e-12)
    y, x = FRAME.sky_from(*np.indices((31, 28)))
    inside = np.hypot(y, x) < 0.8
    for coordinate, values in ((y, POLAR[:, 0]), (x, POLAR[:, 1])):
        found = np.tensordot(values, weights, axes=1)
        np.testing.assert_allclose(found[inside], coordinate[inside], rtol=0, atol=1e-12)


def test_a_position_on_a_pixel_gets_its_own_psf():
    frame = Frame2D((9, 9), 0.1)
    positions = np.stack(frame.sky_from([2, 2, 6, 6, 4], [2, 6, 2, 6, 4]), axis=-1)
    weights = interpolation_weights(positions, frame)
    for k, (row, column) in enumerate([(2, 2), (2, 6), (6, 2), (6, 6), (4, 4)]):
        assert weights[k, row, column] == pytest.approx(1, abs=1e-12)


def test_nearest_weights_and_beyond_all_triangles():
    y, x = FRAME.sky_from(*np.indices((31, 28)))
    nearest = interpolation_weights(POLAR, FRAME, "nearest")
    chosen = np.argmin((y[..., None] - POLAR[:, 0]) ** 2 + (x[..., None] - POLAR[:, 1]) ** 2, axis=-1)
    np.testing.assert_array_equal(nearest.argmax(axis=0), chosen)
    assert set(np.unique(nearest)) == {0.0, 1.0}
    beyond = np.hypot(y, x) > 1.0
    assert beyond.any()
    np.testing.assert_array_equal(interpolation_weights(POLAR, FRAME)[:, beyond], nearest[:, beyond])


def test_between_makes_the_weights():
    psf = SpatiallyVaryingPSF.between(
        RANDOM.uniform(0.1, 1, (13, 3, 3)), POLAR, FRAME, interpolation="nearest", transmission=np.ones((31, 28))
    )
    np.testing.assert_array_equal(psf.weight_maps, interpolation_weights(POLAR, FRAME, "nearest"))
    one = SpatiallyVaryingPSF.between(np.ones((1, 3, 3)), [(0.0, 0.0)], FRAME)
    np.testing.assert_array_equal(one.weight_maps, np.ones((1, 31, 28)))


def make(**changed):
    given = {"kernels": kernels_of((3, 3)), "weight_maps": WEIGHTS, **changed}
    return SpatiallyVaryingPSF(**given)


@pytest.mark.parametrize(
    ("wrong", "error", "cure"),
    [
        (
            lambda: make(kernels=np.ones((3, 3))),
            ShapeError,
            r"kernels of shape \(K, ky, kx\) and a weight map for each",
        ),
        (
            lambda: make(weight_maps=WEIGHTS[:3]),
            ShapeError,
            r"kernels of shape \(K, ky, kx\) and a weight map for each",
        ),
        (lambda: make(transmission=np.ones((3, 3))), ShapeError, r"transmission has shape \(3, 3\)"),
        (lambda: make(kernels=-kernels_of((3, 3))), ParameterError, "finite with a positive sum"),
        (lambda: make(weight_maps=np.full((4, *SHAPE), np.nan)), ParameterError, "weight_maps must be finite"),
        (lambda: make(transmission=np.full(SHAPE, np.inf)), ParameterError, "give 0 where no light passes"),
        (lambda: make(center=(3.0, 0.0)), ShapeError, "not a pixel of its kernel"),
        (lambda: make(over_sample_size=0), ParameterError, "SpatiallyVaryingPSF.over_sample_size is a whole number"),
        (lambda: make(pixel_scale=0.1).kernel_from(0.2), ShapeError, "resample the PSF first"),
        (lambda: make().forward(np.ones((3, 3))), ShapeError, r"acts on images of shape \(12, 15\), got \(3, 3\)"),
        (lambda: interpolation_weights([(0, 1), (0, 2), (0, 3)], FRAME), ParameterError, "use interpolation='nearest'"),
        (lambda: interpolation_weights([(0, 1), (0, 2)], FRAME), ParameterError, "use interpolation='nearest'"),
        (lambda: interpolation_weights([0.0, 1.0], FRAME), ShapeError, r"rows of \(y, x\)"),
        (lambda: interpolation_weights(POLAR, FRAME, "cubic"), ParameterError, "'linear' or 'nearest', got 'cubic'"),
    ],
)
def test_errors_name_the_cure(wrong, error, cure):
    with pytest.raises(error, match=cure):
        wrong()
