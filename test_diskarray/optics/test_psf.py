"""Point-spread functions: unit sum, width, and what is refused."""

import pickle

import numpy as np
import pytest

from diskarray.backend.pytree import replace
from diskarray.errors import ParameterError, ShapeError
from diskarray.optics.psf import PSF, EmpiricalPSF, GaussianPSF, kernel_center
from diskarray.optics.registry import PSFS


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


@pytest.mark.parametrize("psf", [GaussianPSF(fwhm=0.1), EmpiricalPSF(np.eye(3), pixel_scale=0.02, center=(1, 1.5))])
def test_contract_and_pickle(psf):
    assert isinstance(psf, PSF) and type(psf) in PSFS.values()
    copy = pickle.loads(pickle.dumps(psf))
    np.testing.assert_array_equal(copy.kernel_from(0.02), psf.kernel_from(0.02))
    assert kernel_center(copy, (3, 3)) == kernel_center(psf, (3, 3))


@pytest.mark.parametrize(("make", "error", "cure"), [
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
    (lambda: EmpiricalPSF(np.ones((3, 3)), pixel_scale=0.01).kernel_from(0.02), ShapeError, "resample the PSF first"),
    (lambda: GaussianPSF(fwhm=0.0), ParameterError, "GaussianPSF.fwhm"),
    (lambda: GaussianPSF(fwhm=-0.1), ParameterError, "GaussianPSF.fwhm"),
    (lambda: GaussianPSF(fwhm=np.nan), ParameterError, "GaussianPSF.fwhm"),
    (lambda: GaussianPSF(fwhm=np.inf), ParameterError, "GaussianPSF.fwhm"),
    (lambda: GaussianPSF(fwhm=None), ParameterError, "GaussianPSF.fwhm"),
    (lambda: GaussianPSF(half_width=0.0), ParameterError, "GaussianPSF.half_width"),
])
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
