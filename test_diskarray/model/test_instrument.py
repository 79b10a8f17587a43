"""The instrument: star offset, convolution of the sky, throughput."""

import numpy as np
import pytest
from scipy.signal import convolve2d

from diskarray.errors import ParameterError, ShapeError
from diskarray.model.disk import Disk
from diskarray.model.instrument import Instrument
from diskarray.model.scene import Scene
from diskarray.optics.psf import EmpiricalPSF, GaussianPSF
from diskarray.optics.varying import SpatiallyVaryingPSF
from diskarray.profiles.density import TwoPowerLaw
from diskarray.structures.frame import Frame2D
from diskarray.structures.grid import Grid2D
from diskarray.structures.mask import Mask2D

SCALE = 0.1
BELT = Disk(density=TwoPowerLaw(radius=70.0, scale_height=5.0), inclination=55.0, position_angle=30.0, distance=60.0)
STAR_PIXEL = 1e-9  # of the peak: in the pixel that holds the star a grid takes the mean, a reference the center
KERNELS = {
    "odd": np.random.default_rng(1).uniform(0.1, 1, (5, 7)),
    "even": np.random.default_rng(2).uniform(0.1, 1, (6, 4)),
}


def scene(**instrument):
    return Scene(disks={"belt": BELT}, instrument=Instrument(**instrument))


def sky_around(shape, before, after, shift=(0.0, 0.0)):
    """The disk on pixels that reach beyond an image, its points moved by a fraction of a pixel."""
    rows = np.arange(-before[0], shape[0] + after[0]) - (shape[0] - 1) / 2 + shift[0]
    columns = np.arange(-before[1], shape[1] + after[1]) - (shape[1] - 1) / 2 + shift[1]
    return BELT.image_2d_from(tuple(np.meshgrid(rows * SCALE, columns * SCALE, indexing="ij")))


def brute_force(shape, kernel, center):
    """The sum over kernel pixels of the sky at the displaced position, one evaluation of the disk for each."""
    total = np.zeros(shape)
    rows, columns = np.meshgrid(*(np.arange(n) - (n - 1) / 2 for n in shape), indexing="ij")
    for ky, kx in np.ndindex(kernel.shape):
        y, x = (rows - (ky - center[0])) * SCALE, (columns - (kx - center[1])) * SCALE
        total += kernel[ky, kx] / kernel.sum() * BELT.image_2d_from((y, x))
    return total


def assert_same(first, second, tolerance=1e-12):
    np.testing.assert_allclose(first, second, rtol=0, atol=tolerance * np.max(np.abs(second)))


@pytest.mark.parametrize("shape", [(24, 31), (25, 20)])
@pytest.mark.parametrize("kernel", KERNELS.values(), ids=KERNELS)
def test_convolution_agrees_with_scipy_and_knows_the_sky_beyond_the_edge(kernel, shape):
    whole = [n // 2 for n in kernel.shape]
    psf = EmpiricalPSF(kernel, center=whole)
    before = [k - 1 - c for k, c in zip(kernel.shape, whole, strict=True)]
    expected = convolve2d(sky_around(shape, before, whole), kernel / kernel.sum(), mode="valid")
    assert_same(scene(psf=psf).image_2d_from(Grid2D.uniform(shape, SCALE)).array, expected)


@pytest.mark.parametrize("center", [None, (2.0, 1.0), (2.3, 1.8), (0.0, 0.0), (5.0, 3.0), (4.99, 0.01)])
def test_kernel_center(center):
    """A fractional center, or the middle of an even kernel, is honored to rounding."""
    kernel = KERNELS["even"]
    found = scene(psf=EmpiricalPSF(kernel, center=center)).image_2d_from(Grid2D.uniform((18, 21), SCALE)).array
    assert_same(found, brute_force((18, 21), kernel, center or (2.5, 1.5)), STAR_PIXEL)


@pytest.mark.parametrize("size", [4, 5])
def test_kernel_does_not_shift_the_image(size):
    """Centroid of a symmetric disk under a symmetric kernel, odd or even."""
    offsets = np.arange(size) - (size - 1) / 2
    kernel = np.exp(-(offsets[:, None] ** 2 + offsets**2) / 3)
    face_on = Disk(density=TwoPowerLaw(radius=20.0, alpha_out=-15.0, scale_height=2.0), distance=60.0)
    grid = Grid2D.uniform((40, 41), 0.05)
    image = Scene(disks={"belt": face_on}, instrument=Instrument(psf=EmpiricalPSF(kernel))).image_2d_from(grid).slim
    for coordinate in (grid.y, grid.x):
        assert np.sum(coordinate * image) / np.sum(image) == pytest.approx(0, abs=1e-10)


def test_flux_is_kept():
    small = Disk(density=TwoPowerLaw(radius=40.0, alpha_out=-15.0, scale_height=2.0), distance=60.0)
    grid = Grid2D.uniform((101, 101), 0.04)
    sharp = Scene(disks={"belt": small}).image_2d_from(grid).sum()
    for psf, tolerance in (
        (GaussianPSF(fwhm=0.15), 1e-6),
        (EmpiricalPSF(KERNELS["odd"]), 1e-6),
        (EmpiricalPSF(KERNELS["even"]), 1e-3),
    ):  # its sky is sampled half a pixel away
        blurred = Scene(disks={"belt": small}, instrument=Instrument(psf=psf)).image_2d_from(grid).sum()
        assert blurred == pytest.approx(sharp, rel=tolerance)


@pytest.mark.parametrize("psf", [GaussianPSF(fwhm=0.25), EmpiricalPSF(KERNELS["even"]), EmpiricalPSF(KERNELS["odd"])])
@pytest.mark.parametrize("over_sample_size", [1, 2])
def test_masked_image_is_the_full_one_then_masked(psf, over_sample_size):
    """Light from behind the mask, and from beyond the frame's edge, enters."""
    frame = Frame2D((26, 30), SCALE)
    full = scene(psf=psf).image_2d_from(Grid2D(frame, over_sample_size)).array
    ragged = np.random.default_rng(3).random((26, 30)) < 0.8
    for mask in (Mask2D.annular(frame, 0.4, 0.8), Mask2D(ragged, frame), Mask2D.wedge(frame, 10.0, 80.0)):
        masked = scene(psf=psf).image_2d_from(Grid2D(mask, over_sample_size))
        assert_same(masked.array, np.where(mask.array, 0.0, full))
        assert masked.mask == mask


def test_light_from_behind_the_mask_matters():
    """One open pixel in the gap of the ring is lit by the masked ring around it."""
    frame = Frame2D((31, 31), SCALE)
    only = np.ones((31, 31), dtype=bool)
    only[15, 15] = False
    grid = Grid2D(Mask2D(only, frame))
    sharp, blurred = scene().image_2d_from(grid).max(), scene(psf=GaussianPSF(fwhm=1.0)).image_2d_from(grid).max()
    assert blurred > 10 * sharp


@pytest.mark.parametrize("psf", [None, GaussianPSF(fwhm=0.25), EmpiricalPSF(KERNELS["even"])])
def test_star_offset_is_a_moved_center(psf):
    moved = scene(psf=psf, offset_y=0.13, offset_x=-0.07).image_2d_from(Grid2D.uniform((22, 25), SCALE)).array
    center = (10.5 + 0.13 / SCALE, 12.0 - 0.07 / SCALE)
    assert_same(moved, scene(psf=psf).image_2d_from(Grid2D.uniform((22, 25), SCALE, center=center)).array, STAR_PIXEL)


def test_turned_and_mirrored_frame_with_a_psf():
    """A round kernel commutes with turning the axes: the blurred image at a sky position is the same."""
    psf = GaussianPSF(fwhm=0.25)
    north_up = scene(psf=psf).image_2d_from(Grid2D(Frame2D((25, 25), SCALE))).array
    quarter = scene(psf=psf).image_2d_from(Grid2D(Frame2D((25, 25), SCALE, north_angle=90.0))).array
    assert_same(quarter, np.rot90(north_up, -1))
    mirrored = scene(psf=psf).image_2d_from(Grid2D(Frame2D((25, 25), SCALE, mirrored=True))).array
    assert_same(mirrored, north_up[:, ::-1])


@pytest.mark.parametrize("times", [2, 3])
@pytest.mark.parametrize("kernel", KERNELS.values(), ids=KERNELS)
def test_over_sampled_kernel(kernel, times):
    """The sky on the kernel's pixels, each spread by the brute-force sum, averaged over those of the image."""
    shape = (8, 9)
    fine = brute_force_fine(kernel, shape, times)
    expected = fine.reshape(shape[0], times, shape[1], times).mean(axis=(1, 3))
    psf = EmpiricalPSF(kernel, over_sample_size=times, pixel_scale=SCALE / times)
    grid = Grid2D.uniform(shape, SCALE)
    assert_same(scene(psf=psf).image_2d_from(grid).array, expected, STAR_PIXEL)
    mask = Mask2D.circular(grid.frame, 0.3)
    masked = scene(psf=psf).image_2d_from(Grid2D(mask)).array
    assert_same(masked, np.where(mask.array, 0.0, expected), STAR_PIXEL)


def brute_force_fine(kernel, shape, times):
    total, center = np.zeros([n * times for n in shape]), [(n - 1) / 2 for n in kernel.shape]
    rows, columns = np.meshgrid(*(np.arange(n * times) - (n * times - 1) / 2 for n in shape), indexing="ij")
    for ky, kx in np.ndindex(kernel.shape):
        y, x = (rows - (ky - center[0])) * SCALE / times, (columns - (kx - center[1])) * SCALE / times
        total += kernel[ky, kx] / kernel.sum() * BELT.image_2d_from((y, x))
    return total


def test_an_over_sampled_kernel_samples_the_sky_at_least_as_finely_as_asked():
    """A pixel that asks for 4 x 4 points has 2 x 2 small pixels with 2 x 2 points each; the star's own has its own."""
    one = EmpiricalPSF(np.ones((1, 1)), over_sample_size=2)
    star = np.zeros((9, 9), dtype=bool)
    star[4, 4] = True
    grid = Grid2D(Mask2D(star, Frame2D((9, 9), SCALE)), 4)
    assert_same(scene(psf=one).image_2d_from(grid).array, scene().image_2d_from(grid).array)


def varying(shape, kernel_shape, **settings):
    random = np.random.default_rng(9)
    kernels, maps = random.uniform(0.1, 1, (3, *kernel_shape)), random.uniform(size=(3, *shape))
    return SpatiallyVaryingPSF(kernels, maps, random.uniform(size=shape), **settings)


@pytest.mark.parametrize("kernel_shape", [(5, 7), (6, 4)])
def test_spatially_varying_psf_on_the_sky(kernel_shape):
    """Light from beyond the edge enters with the edge's weights; every kernel pixel is one evaluation of the disk."""
    shape, kernel_center = (11, 13), [(n - 1) / 2 for n in kernel_shape]
    psf = varying(shape, kernel_shape)
    kernels, maps = psf.kernel_from(SCALE), psf.maps_from()
    expected = np.zeros(shape)
    rows, columns = np.meshgrid(*(np.arange(n) for n in shape), indexing="ij")
    for ky, kx in np.ndindex(kernel_shape):
        y = (rows - (ky - kernel_center[0]) - (shape[0] - 1) / 2) * SCALE
        x = (columns - (kx - kernel_center[1]) - (shape[1] - 1) / 2) * SCALE
        source = (
            np.clip(rows - ky + int(kernel_center[0]), 0, shape[0] - 1),
            np.clip(columns - kx + int(kernel_center[1]), 0, shape[1] - 1),
        )
        mixture = np.tensordot(kernels[:, ky, kx], maps, axes=1)[source]
        expected += mixture * BELT.image_2d_from((y, x))
    assert_same(scene(psf=psf).image_2d_from(Grid2D.uniform(shape, SCALE)).array, expected, STAR_PIXEL)
    mask = Mask2D.circular(Frame2D(shape, SCALE), 0.4)
    masked = scene(psf=psf).image_2d_from(Grid2D(mask)).array
    assert_same(masked, np.where(mask.array, 0.0, expected), STAR_PIXEL)


@pytest.mark.parametrize("kernel", KERNELS.values(), ids=KERNELS)
@pytest.mark.parametrize("times", [1, 2])
def test_one_spatially_varying_psf_is_the_empirical_one(kernel, times):
    grid = Grid2D(Mask2D.circular(Frame2D((15, 16), SCALE), 0.6))
    one = SpatiallyVaryingPSF(kernel[None], np.ones((1, 15, 16)), over_sample_size=times)
    plain = scene(psf=EmpiricalPSF(kernel, over_sample_size=times)).image_2d_from(grid).array
    assert_same(scene(psf=one).image_2d_from(grid).array, plain, 1e-14)


def test_weight_maps_must_fit_the_image():
    with pytest.raises(ShapeError, match=r"weight maps have shape \(11, 13\), the image \(12, 13\)"):
        scene(psf=varying((11, 13), (3, 3))).image_2d_from(Grid2D.uniform((12, 13), SCALE))


def test_throughput_multiplies_after_the_convolution():
    grid = Grid2D.uniform((20, 23), SCALE)
    mask = Mask2D.circular(grid.frame, 0.9)
    throughput = np.random.default_rng(4).uniform(0, 1, (20, 23))
    for psf in (None, GaussianPSF(fwhm=0.3)):
        plain = scene(psf=psf).image_2d_from(grid).array
        np.testing.assert_array_equal(scene(psf=psf, throughput=np.ones((20, 23))).image_2d_from(grid).array, plain)
        assert_same(scene(psf=psf, throughput=throughput).image_2d_from(grid).array, plain * throughput, 1e-15)
        masked = scene(psf=psf, throughput=throughput).image_2d_from(Grid2D(mask)).array
        assert_same(masked, np.where(mask.array, 0.0, plain * throughput))


class Delta:
    """A user's plain class: everything one pixel up."""

    center = (0.0, 0.0)

    def kernel_from(self, pixel_scale, *, xp=np):
        return xp.asarray([[0.0], [1.0]])


def test_a_users_plain_psf():
    grid = Grid2D.uniform((20, 21), SCALE)
    moved = scene(psf=Delta()).image_2d_from(grid).array
    assert_same(moved[1:], scene().image_2d_from(grid).array[:-1])


def test_the_callers_arrays_are_not_changed():
    kernel, throughput = KERNELS["odd"].copy(), np.full((10, 10), 0.5)
    instrument = Instrument(psf=EmpiricalPSF(kernel), throughput=throughput)
    Scene(disks={"belt": BELT}, instrument=instrument).image_2d_from(Grid2D.uniform((10, 10), SCALE))
    np.testing.assert_array_equal(kernel, KERNELS["odd"])
    assert throughput.flags.writeable
    throughput[:] = 0
    assert np.all(instrument.throughput == 0.5)


def test_errors_name_the_cure():
    with pytest.raises(ParameterError, match=r"psf needs a \.kernel_from\(pixel_scale, \*, xp\) method"):
        Instrument(psf=np.ones((3, 3)))
    with pytest.raises(ShapeError, match="native 2D map"):
        Instrument(throughput=np.ones(5))
    with pytest.raises(ParameterError, match="set it to 0 where no light arrives"):
        Instrument(throughput=np.full((5, 5), np.nan))
    with pytest.raises(ShapeError, match=r"throughput has shape \(5, 5\), the image \(6, 5\)"):
        scene(throughput=np.ones((5, 5))).image_2d_from(Grid2D.uniform((6, 5), SCALE))
    with pytest.raises(ShapeError, match="give a Grid2D"):
        scene(throughput=np.ones((5, 5))).image_2d_from([(0.0, 1.0)])
    with pytest.raises(ParameterError, match="Instrument.offset_y must be finite"):
        Instrument(offset_y=np.inf)
