"""Point-spread functions: unit sum, width, and what is refused."""

import pickle

import numpy as np
import pytest
from astropy.modeling.models import Gaussian2D, Moffat2D

from diskarray.backend.pytree import replace
from diskarray.errors import DataError, ParameterError, ShapeError
from diskarray.files.fits import FitsHDU, write_fits
from diskarray.optics.psf import PSF, EmpiricalPSF, GaussianPSF, MoffatPSF, kernel_center
from diskarray.optics.registry import PSFS
from diskarray.parameters.parameter import parameters_of

RANDOM = np.random.default_rng(8)
STACK = RANDOM.uniform(0.1, 1, (3, 6, 5))
ARRAYS = {"kernel": STACK[0], "kernels": STACK, "weight_maps": RANDOM.uniform(0, 1, (3, 8, 9))}
EVERY = list(PSFS.items())


def example(cls):
    """A PSF of a registered class; what has no default is taken from ARRAYS."""
    return cls(**{name: value for name, value in ARRAYS.items() if name in cls.__dataclass_fields__})


@pytest.mark.parametrize(("name", "cls"), EVERY)
def test_every_psf_has_finite_kernels_of_unit_sum(name, cls):
    psf = example(cls)
    for pixel_scale in (0.0072, 0.0142, 0.1):
        kernel = psf.kernel_from(pixel_scale)
        assert np.all(np.isfinite(kernel)) and kernel.ndim in (2, 3)
        np.testing.assert_allclose(kernel.sum(axis=(-2, -1)), 1, rtol=0, atol=1e-14)
        if hasattr(psf, "values_at"):
            np.testing.assert_allclose(kernel, kernel[::-1, ::-1], rtol=1e-12)
            assert np.argmax(kernel) == kernel.size // 2


@pytest.mark.parametrize(("name", "cls"), EVERY)
def test_every_psf_obeys_the_protocol_and_survives_pickling(name, cls):
    psf = example(cls)
    assert isinstance(psf, PSF)
    copy = pickle.loads(pickle.dumps(psf))
    np.testing.assert_array_equal(copy.kernel_from(0.02), psf.kernel_from(0.02))
    assert repr(copy) == repr(psf) and len(repr(psf)) < 200


@pytest.mark.parametrize(("name", "cls"), EVERY)
def test_every_parameter_has_its_meaning_and_range(name, cls):
    psf = example(cls)
    for parameter, spec in parameters_of(cls).items():
        assert spec.doc and parameter in cls.__doc__ and getattr(psf, parameter) == spec.default
        assert all(spec.contains(spec.prior.from_unit(u)) for u in (0.001, 0.5, 0.999))
        beyond = [e - s for e, s in ((spec.minimum, 1), (spec.above, 0)) if e is not None]
        beyond += [e + s for e, s in ((spec.maximum, 1), (spec.below, 0)) if e is not None]
        for value in (*beyond, np.nan, np.inf, None, "wide"):
            with pytest.raises(ParameterError, match=f"{cls.__name__}.{parameter}"):
                replace(psf, parameter, value)


@pytest.mark.parametrize("fwhm", [0.001, 0.03, 0.054, 0.2])
@pytest.mark.parametrize("pixel_scale", [0.0072, 0.0142])
def test_gaussian_sums_to_one(fwhm, pixel_scale):
    kernel = GaussianPSF(fwhm=fwhm).kernel_from(pixel_scale)
    assert kernel.ndim == 2 and kernel.shape[0] == kernel.shape[1] and kernel.shape[0] % 2 == 1
    assert kernel.sum() == pytest.approx(1, abs=1e-14) and np.all(kernel >= 0)
    np.testing.assert_array_equal(kernel, kernel[::-1, ::-1])
    np.testing.assert_array_equal(kernel, kernel.T)


def test_gaussian_width():
    """Half the maximum at half the FWHM from the center, in both directions; the wings hold less than 1e-5."""
    kernel = GaussianPSF(fwhm=0.2).kernel_from(0.01)
    k = kernel.shape[0] // 2
    assert kernel[k, k + 10] / kernel[k, k] == pytest.approx(0.5, rel=1e-12)
    assert kernel[k - 10, k] / kernel[k, k] == pytest.approx(0.5, rel=1e-12)
    assert kernel[k + 6, k + 8] / kernel[k, k] == pytest.approx(0.5, rel=1e-12)
    assert kernel[0, k] / kernel[k, k] < 1e-5
    second = np.sum(kernel * (np.arange(-k, k + 1) * 0.01) ** 2)
    assert second == pytest.approx((0.2 / 2.354820045) ** 2, rel=1e-4)


SCALE, SIGMAS = 0.02, np.array([0.13, 0.07])


def offsets_of(kernel):
    """Up and right of every kernel pixel, arcsec."""
    return [(places - (n - 1) / 2) * SCALE for places, n in zip(np.indices(kernel.shape), kernel.shape, strict=True)]


@pytest.mark.parametrize("angle", [0.0, 30.0, 90.0, 125.0])
def test_elliptical_gaussian_against_astropy(angle):
    """astropy's theta is that of the first axis, counter-clockwise from +x; ours is the wide axis from +y."""
    psf = GaussianPSF(fwhm=SIGMAS[0] * 2.354820045, axis_ratio=SIGMAS[1] / SIGMAS[0], angle=angle)
    kernel = psf.kernel_from(SCALE)
    up, right = offsets_of(kernel)
    expected = Gaussian2D(1, 0, 0, *SIGMAS, theta=np.radians(angle + 90))(right, up)
    np.testing.assert_allclose(kernel / kernel.max(), expected, rtol=0, atol=1e-9)


def test_the_angle_is_east_of_north_on_a_north_up_image():
    """At 30 degrees the wide axis goes up and to the left, where East is."""
    kernel = GaussianPSF(fwhm=0.4, axis_ratio=0.3, angle=30.0).kernel_from(SCALE)
    middle = kernel.shape[0] // 2
    up, left = int(round(10 * np.cos(np.pi / 6))), int(round(10 * np.sin(np.pi / 6)))
    assert kernel[middle + up, middle - left] > 100 * kernel[middle + up, middle + left]


def test_gaussian_moments():
    psf = GaussianPSF(fwhm=SIGMAS[0] * 2.354820045, axis_ratio=SIGMAS[1] / SIGMAS[0], angle=40.0)
    kernel = psf.kernel_from(SCALE)
    up, right = offsets_of(kernel)
    covariance = np.array([[np.sum(kernel * a * b) for b in (up, right)] for a in (up, right)])
    np.testing.assert_allclose(np.linalg.eigvalsh(covariance), np.sort(SIGMAS**2), rtol=2e-4)


@pytest.mark.parametrize("exponent", [1.2, 2.5, 4.765, 30.0])
def test_moffat_against_astropy(exponent):
    gamma = 0.1 / (2 * np.sqrt(2 ** (1 / exponent) - 1))
    kernel = MoffatPSF(fwhm=0.1, exponent=exponent).kernel_from(SCALE)
    up, right = offsets_of(kernel)
    np.testing.assert_allclose(kernel / kernel.max(), Moffat2D(1, 0, 0, gamma, exponent)(right, up), rtol=1e-12)
    assert Moffat2D(1, 0, 0, gamma, exponent).fwhm == pytest.approx(0.1)


def test_a_moffat_of_large_exponent_is_a_gaussian():
    size = {"fwhm": 0.1, "half_width": 0.25, "axis_ratio": 0.6, "angle": 70.0}
    narrow, gaussian = MoffatPSF(exponent=1e6, **size).kernel_from(0.01), GaussianPSF(**size).kernel_from(0.01)
    np.testing.assert_allclose(narrow, gaussian, rtol=0, atol=1e-4 * gaussian.max())


def test_the_elliptical_moffat_is_a_squeezed_round_one():
    round_one = MoffatPSF(fwhm=0.3, half_width=0.6).kernel_from(0.02)
    squeezed = MoffatPSF(fwhm=0.3, half_width=0.6, axis_ratio=0.5).kernel_from(0.02)
    np.testing.assert_allclose(
        squeezed[:, 15:46] / squeezed.max(), round_one[:, ::2][:, :31] / round_one.max(), rtol=1e-12
    )


def test_half_width_sets_the_kernel():
    assert GaussianPSF(fwhm=0.05, half_width=0.1).kernel_from(0.01).shape == (21, 21)
    assert GaussianPSF(fwhm=0.05, half_width=0.101).kernel_from(0.01).shape == (23, 23)
    narrower = replace(GaussianPSF(fwhm=0.05, half_width=0.1), "fwhm", 0.02)
    assert narrower.kernel_from(0.01).shape == (21, 21)


def test_default_reach_is_at_least_five_sigma_and_follows_the_width():
    for fwhm in np.geomspace(0.01, 1, 13):
        sigmas = GaussianPSF(fwhm=fwhm).reach / (fwhm / 2.354820045)
        assert 5 - 1e-9 <= sigmas <= 5 * 2**0.5 + 1e-9
    wide = replace(GaussianPSF(fwhm=0.01), "fwhm", 0.5)
    assert wide.reach == GaussianPSF(fwhm=0.5).reach


def test_prepare_makes_room_for_the_widest():
    settled = GaussianPSF(fwhm=0.05).prepare({"fwhm": (0.02, 0.3)})
    assert settled.fwhm == 0.05 and settled.half_width >= 5 * 0.3 / 2.354820045
    shapes = {replace(settled, "fwhm", f).kernel_from(0.02).shape for f in (0.02, 0.1, 0.3)}
    assert len(shapes) == 1
    given = GaussianPSF(fwhm=0.05, half_width=0.2)
    assert given.prepare({"fwhm": (0.02, 0.3)}) is given
    open_ended = GaussianPSF(fwhm=0.05)
    assert open_ended.prepare({"fwhm": (0.0, np.inf)}) is open_ended
    assert open_ended.prepare({"angle": (0.0, 180.0)}) is open_ended
    turned = GaussianPSF(fwhm=0.05, axis_ratio=0.5, angle=20.0).prepare({"fwhm": (0.02, 0.3), "angle": (0.0, 180.0)})
    assert (turned.axis_ratio, turned.angle, turned.half_width) == (0.5, 20.0, settled.half_width)
    moffat = MoffatPSF(fwhm=0.05, exponent=3.0).prepare({"fwhm": (0.02, 0.3)})
    assert moffat.exponent == 3.0 and moffat.half_width >= 6 * 0.3


def test_empirical_is_normalized_and_keeps_its_shape():
    kernel = np.random.default_rng(1).uniform(size=(6, 9))
    psf = EmpiricalPSF(40 * kernel, pixel_scale=0.0142)
    np.testing.assert_allclose(psf.kernel_from(0.0142), kernel / kernel.sum(), rtol=1e-13)
    assert psf.kernel_from(0.0142 * 1.005).shape == (6, 9)
    negative_wings = EmpiricalPSF(kernel - 0.1)
    assert negative_wings.kernel_from(0.1).sum() == pytest.approx(1)


def test_kernel_center():
    assert kernel_center(GaussianPSF(), (7, 7)) == (3, 3)
    assert kernel_center(EmpiricalPSF(np.ones((4, 5))), (4, 5)) == (1.5, 2.0)
    assert kernel_center(EmpiricalPSF(np.ones((4, 5)), center=(0, 3.25)), (4, 5)) == (0.0, 3.25)


def point_at(center, shape=(21, 24), sigma=1.7):
    rows, columns = np.indices(shape)
    return 250 * np.exp(-0.5 * ((rows - center[0]) ** 2 + (columns - center[1]) ** 2) / sigma**2)


@pytest.mark.parametrize("center", [(10.0, 11.5), (9.37, 12.81), (6.2, 17.9)])
def test_centroid_is_measured_and_said(center):
    image = point_at(center, (25, 30))
    psf = EmpiricalPSF(image, center="centroid")
    assert psf.center == pytest.approx(center, abs=2e-5)
    assert f"({center[0]:.3f}, {center[1]:.3f}), normalized to unit sum from {image.sum():.4g}" in repr(psf)
    with_companion = EmpiricalPSF(image + 0.02 * point_at((20.0, 24.0), (25, 30)), center="centroid")
    assert with_companion.center == pytest.approx(center, abs=0.01)


@pytest.mark.parametrize(("core", "tolerance"), [(1.5, 0.02), (3.0, 1e-4)])
def test_centroid_of_a_moffat_with_wide_wings(core, tolerance):
    rows, columns = np.indices((51, 51))
    image = Moffat2D(1, 25.3, 24.6, core, 2.5)(columns, rows)
    assert EmpiricalPSF(image, center="centroid").center == pytest.approx((24.6, 25.3), abs=tolerance)


def test_normalization_is_on_request_and_said():
    kernel = 0.001 * point_at((10.0, 11.5))
    kept = EmpiricalPSF(kernel, normalize=False)
    np.testing.assert_array_equal(kept.kernel_from(0.1), kernel)
    assert f"not normalized, sum {kernel.sum():.4g}" in repr(kept)
    assert EmpiricalPSF(kernel).kernel_from(0.1).sum() == pytest.approx(1)


def test_over_sampled_kernel_names_its_own_pixel_scale():
    psf = EmpiricalPSF(np.ones((8, 8)), pixel_scale=0.01, over_sample_size=4)
    assert psf.kernel_from(0.04).shape == (8, 8) and "4 per pixel of the data" in repr(psf)
    with pytest.raises(ShapeError, match=r"the image 0.01 / 4: resample the PSF first"):
        psf.kernel_from(0.01)


def test_from_fits(tmp_path):
    image = point_at((9.4, 12.3))
    write_fits(tmp_path / "psf.fits", [FitsHDU(), FitsHDU(np.stack([image, -image]), name="PSF")])
    psf = EmpiricalPSF.from_fits(tmp_path / "psf.fits", "PSF", 0, center="centroid", pixel_scale=0.01)
    np.testing.assert_allclose(psf.kernel, image, rtol=1e-12)
    assert psf.center == pytest.approx((9.4, 12.3), abs=1e-6) and psf.pixel_scale == 0.01
    with pytest.raises(DataError, match=r"psf\.fits, HDU 1 \(PSF\): a PSF kernel must be finite with a positive sum"):
        EmpiricalPSF.from_fits(tmp_path / "psf.fits", "PSF", 1)
    with pytest.raises(DataError, match="give plane="):
        EmpiricalPSF.from_fits(tmp_path / "psf.fits", "PSF")


@pytest.mark.parametrize(
    ("make", "error", "cure"),
    [
        (lambda: EmpiricalPSF(np.ones(5)), ShapeError, "2D image"),
        (lambda: EmpiricalPSF(np.ones((2, 2, 2))), ShapeError, "2D image"),
        (lambda: EmpiricalPSF([[1.0, np.nan]]), ParameterError, "finite with a positive sum"),
        (lambda: EmpiricalPSF([[1.0, np.inf]]), ParameterError, "finite with a positive sum"),
        (lambda: EmpiricalPSF(np.zeros((3, 3))), ParameterError, "finite with a positive sum"),
        (lambda: EmpiricalPSF(-np.ones((3, 3))), ParameterError, "finite with a positive sum"),
        (lambda: EmpiricalPSF(np.ones((3, 3)), pixel_scale=0.0), ParameterError, "EmpiricalPSF.pixel_scale"),
        (lambda: EmpiricalPSF(np.ones((3, 3)), center=(3, 1)), ShapeError, "not a pixel of its kernel"),
        (lambda: EmpiricalPSF(np.ones((3, 3)), center=(-0.1, 1)), ShapeError, "not a pixel of its kernel"),
        (lambda: EmpiricalPSF(np.ones((3, 3)), center=(np.nan, 1)), ShapeError, "not a pixel of its kernel"),
        (lambda: EmpiricalPSF(np.ones((3, 3)), center=(1, 1, 1)), ShapeError, "not a pixel of its kernel"),
        (
            lambda: EmpiricalPSF(np.ones((3, 3)), center="peak"),
            ParameterError,
            "a pixel .y, x. or 'centroid', got 'peak'",
        ),
        (
            lambda: EmpiricalPSF(np.ones((9, 9)), center="centroid"),
            ParameterError,
            r"give its pixel as center=\(y, x\)",
        ),
        (
            lambda: EmpiricalPSF(np.ones((3, 3)), over_sample_size=0),
            ParameterError,
            "over_sample_size is a whole number",
        ),
        (
            lambda: EmpiricalPSF(np.ones((3, 3)), over_sample_size=2.0),
            ParameterError,
            "over_sample_size is a whole number",
        ),
        (
            lambda: EmpiricalPSF(np.ones((3, 3)), normalize="yes"),
            ParameterError,
            "EmpiricalPSF.normalize is True or False",
        ),
        (lambda: MoffatPSF(half_width=-1.0), ParameterError, "MoffatPSF.half_width"),
        (
            lambda: EmpiricalPSF(np.ones((3, 3)), pixel_scale=0.01).kernel_from(0.02),
            ShapeError,
            "resample the PSF first",
        ),
        (lambda: GaussianPSF(fwhm=0.0), ParameterError, "GaussianPSF.fwhm"),
        (lambda: GaussianPSF(fwhm=-0.1), ParameterError, "GaussianPSF.fwhm"),
        (lambda: GaussianPSF(fwhm=np.nan), ParameterError, "GaussianPSF.fwhm"),
        (lambda: GaussianPSF(fwhm=np.inf), ParameterError, "GaussianPSF.fwhm"),
        (lambda: GaussianPSF(fwhm=None), ParameterError, "GaussianPSF.fwhm"),
        (lambda: GaussianPSF(half_width=0.0), ParameterError, "GaussianPSF.half_width"),
    ],
)
def test_errors_name_the_cure(make, error, cure):
    with pytest.raises(error, match=cure):
        make()


def test_the_callers_kernel_is_neither_changed_nor_shared():
    kernel = np.ones((3, 3))
    psf = EmpiricalPSF(kernel)
    kernel[0, 0] = 100.0
    assert psf.kernel[0, 0] == 1.0 and kernel.flags.writeable


def test_registry_is_read_only():
    with pytest.raises(TypeError):
        PSFS["mine"] = object
