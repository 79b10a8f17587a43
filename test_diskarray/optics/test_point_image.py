"""A point source between pixels: formulas, shifted kernels, frames that are turned."""

import numpy as np
import pytest

from diskarray.backend.pytree import replace
from diskarray.optics.point_image import pixel_position, point_image
from diskarray.optics.psf import EmpiricalPSF, GaussianPSF, MoffatPSF
from diskarray.optics.varying import SpatiallyVaryingPSF
from diskarray.structures.frame import Frame2D
from diskarray.structures.grid import Grid2D
from diskarray.structures.mask import Mask2D

SCALE, SHAPE = 0.05, (60, 63)
FRAMES = [
    Frame2D(SHAPE, SCALE),
    Frame2D(SHAPE, SCALE, center=(29.3, 30.8), north_angle=35.0),
    Frame2D(SHAPE, SCALE, center=(31.0, 30.0), north_angle=-110.0, mirrored=True),
]
WIDE = GaussianPSF(fwhm=0.3, half_width=1.0)  # 2.5 pixels of sigma and 8 sigma wide: neither aliases nor an edge
ROUND = [WIDE, GaussianPSF(fwhm=0.15), MoffatPSF(fwhm=0.15, exponent=4.0)]


def native(psf, y, x, grid):
    image = np.zeros(grid.shape_native)
    image.ravel()[grid.mask.indices] = point_image(psf, y, x, grid)
    return image


def as_measured(psf):
    return EmpiricalPSF(psf.kernel_from(SCALE))


@pytest.mark.parametrize("frame", FRAMES, ids=["north up", "turned", "mirrored"])
def test_the_source_is_at_its_sky_position(frame):
    grid = Grid2D(frame)
    rows, columns = np.indices(SHAPE)
    for psf in (WIDE, as_measured(WIDE)):
        for y, x in ((0.12, -0.07), (-0.131, 0.02)):
            image = native(psf, y, x, grid)
            centroid = np.sum(rows * image) / image.sum(), np.sum(columns * image) / image.sum()
            assert centroid == pytest.approx(tuple(frame.pixel_from(y, x)), abs=1e-9)
            assert tuple(pixel_position(y, x, frame)) == pytest.approx(tuple(frame.pixel_from(y, x)), abs=1e-12)
            assert image.sum() == pytest.approx(1, abs=1e-10)


UNEVEN = EmpiricalPSF(np.random.default_rng(1).uniform(size=(6, 5)))


@pytest.mark.parametrize("psf", [*ROUND, as_measured(ROUND[1]), UNEVEN])
def test_on_the_center_of_a_pixel_it_is_the_kernel(psf):
    kernel = psf.kernel_from(SCALE)
    frame = Frame2D(SHAPE, SCALE, center=(30.0, 31.0))
    half = [(n - 1) / 2 for n in kernel.shape]
    row, column = 28 + half[0] % 1, 33 + half[1] % 1  # an even kernel's source sits between pixels
    image = native(psf, *frame.sky_from(row, column), Grid2D(frame))
    first = int(row - half[0]), int(column - half[1])
    window = image[first[0] : first[0] + kernel.shape[0], first[1] : first[1] + kernel.shape[1]]
    np.testing.assert_allclose(window, kernel, rtol=0, atol=1e-13)


@pytest.mark.parametrize("place", [(0.012, -0.191), (0.3, 0.31), (-1.477, 1.5), (0.0, 0.0)])
def test_a_measured_gaussian_moves_as_the_formula_does(place):
    """The kernel of a well-sampled Gaussian, moved between pixels, is the Gaussian there; beyond the edges too."""
    for frame in FRAMES:
        exact, moved = (native(psf, *place, Grid2D(frame)) for psf in (WIDE, as_measured(WIDE)))
        np.testing.assert_allclose(moved, exact, rtol=0, atol=1e-11 * WIDE.kernel_from(SCALE).max())


def test_an_elliptical_psf_keeps_its_axes():
    """Its angle is that of the image's axes, so the same source on a turned frame has the same shape."""
    psf = GaussianPSF(fwhm=0.3, axis_ratio=0.4, angle=20.0)
    turned = Frame2D(SHAPE, SCALE, north_angle=90.0)
    north_up = native(psf, 0.0, 0.0, Grid2D(FRAMES[0]))
    np.testing.assert_allclose(native(psf, 0.0, 0.0, Grid2D(turned)), north_up, rtol=0, atol=1e-15)
    across = native(replace(psf, "angle", 110.0), 0.0, 0.0, Grid2D(turned))
    assert np.abs(across - north_up).max() > 0.3 * north_up.max()


def test_masked_pixels_get_nothing_and_the_others_the_same():
    mask = Mask2D.circular(FRAMES[1], 0.5)
    for psf in (*ROUND, as_measured(WIDE)):
        full = native(psf, 0.11, 0.03, Grid2D(FRAMES[1]))
        np.testing.assert_allclose(
            native(psf, 0.11, 0.03, Grid2D(mask)), np.where(mask.array, 0.0, full), rtol=0, atol=1e-16
        )


@pytest.mark.parametrize("times", [2, 3])
def test_over_sampled_kernel(times):
    """Fine pixels are added up: the formula evaluated on them is the reference."""
    psf = EmpiricalPSF(WIDE.kernel_from(SCALE / times), over_sample_size=times)
    frame = FRAMES[1]
    fine = Frame2D(
        tuple(n * times for n in SHAPE), SCALE / times, tuple((c + 0.5) * times - 0.5 for c in frame.center), 35.0
    )
    expected = native(WIDE, 0.123, -0.234, Grid2D(fine)).reshape(SHAPE[0], times, SHAPE[1], times).sum(axis=(1, 3))
    found = native(psf, 0.123, -0.234, Grid2D(frame))
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-11 * expected.max())


def test_center_and_own_sum_of_a_kernel():
    kernel = 0.3 * np.pad(WIDE.kernel_from(SCALE), ((3, 0), (0, 2)))
    center = ((kernel.shape[0] - 4) / 2 + 3, (kernel.shape[1] - 3) / 2)
    psf = EmpiricalPSF(kernel, center=center, normalize=False)
    grid = Grid2D(FRAMES[2])
    expected = 0.3 * native(as_measured(WIDE), 0.1, 0.04, grid)
    np.testing.assert_allclose(native(psf, 0.1, 0.04, grid), expected, rtol=0, atol=1e-14)


def test_spatially_varying_psf_mixes_kernels_at_the_source():
    """On a pixel: its own mixture. Half way between two pixels: the mean of theirs. Beyond the edge: the edge's."""
    random = np.random.default_rng(5)
    kernels = np.stack([GaussianPSF(fwhm=f, half_width=0.6).kernel_from(SCALE) for f in (0.3, 0.4, 0.25)])
    weights, transmission = random.uniform(size=(3, *SHAPE)), random.uniform(size=SHAPE)
    psf = SpatiallyVaryingPSF(kernels, weights, transmission)
    frame = FRAMES[0]

    def mixture(row, column, share):
        single = [native(EmpiricalPSF(k), *frame.sky_from(row, column), Grid2D(frame)) for k in kernels]
        return np.tensordot(share, np.stack(single), axes=1)

    maps = weights * transmission
    for row, column, share in (
        (12.0, 17.0, maps[:, 12, 17]),
        (12.5, 17.0, 0.5 * (maps[:, 12, 17] + maps[:, 13, 17])),
        (12.25, 17.5, 0.375 * maps[:, 12, 17:19].sum(axis=1) + 0.125 * maps[:, 13, 17:19].sum(axis=1)),
        (-2.0, 70.0, maps[:, 0, -1]),
    ):
        found = native(psf, *frame.sky_from(row, column), Grid2D(frame))
        np.testing.assert_allclose(found, mixture(row, column, share), rtol=0, atol=1e-15)


def test_the_operator_on_a_lit_pixel_is_the_point_source_there():
    random = np.random.default_rng(6)
    psf = SpatiallyVaryingPSF(random.uniform(size=(2, 5, 5)), random.uniform(size=(2, *SHAPE)))
    image = np.zeros(SHAPE)
    image[11, 20] = 1.0
    found = native(psf, *FRAMES[1].sky_from(11, 20), Grid2D(FRAMES[1]))
    np.testing.assert_allclose(found, psf.forward(image), rtol=0, atol=1e-14)


def test_far_away_nothing_is_left():
    for psf in (WIDE, as_measured(WIDE)):
        assert np.abs(native(psf, 40.0, -25.0, Grid2D(FRAMES[0]))).max() < 1e-5
