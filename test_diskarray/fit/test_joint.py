"""Several images fitted together."""

import numpy as np
import pytest
from test_linear_basis import RULE, disk

import diskarray as da

SCENE = da.Scene(disks={"belt": disk(optical_depth=1e-3, polarization=da.RayleighPolarization(maximum=0.4))})
FINE, COARSE = da.Grid2D.uniform((14, 12), 0.2), da.Grid2D.uniform((9, 10), 0.3)
PRIORS = {"disks.belt.inclination": da.Uniform(40, 80), "disks.belt.polarization.maximum": da.Uniform(0, 1)}
VECTOR = np.array([57.0, 0.3])


def imaging(grid, observable, seed, unit=None):
    image = SCENE.observed_2d_from(grid, observable).array
    noise = np.full(image.shape, 0.05 * np.abs(image).max())
    return da.Imaging(
        data=image + noise * np.random.default_rng(seed).standard_normal(image.shape),
        noise_map=noise,
        frame=grid.frame,
        mask=np.hypot(grid.y, grid.x).reshape(image.shape) < 0.3,
        observable=observable,
        unit=unit,
    )


DATA = {"total": imaging(FINE, "total", 1), "polarized": imaging(COARSE, "Q_phi", 2), "cross": imaging(COARSE, "U", 3)}


def posterior_of(data=DATA, **linear):
    return da.Posterior(data, da.ParameterSpace.of(SCENE, PRIORS | linear))


def test_likelihoods_add_up():
    single = [posterior_of(data) for data in DATA.values()]
    joint = posterior_of()
    assert joint.log_likelihood(VECTOR) == pytest.approx(sum(p.log_likelihood(VECTOR) for p in single), rel=1e-13)
    np.testing.assert_array_equal(joint.residuals(VECTOR), np.concatenate([p.residuals(VECTOR) for p in single]))
    assert joint.n_data == joint.residuals(VECTOR).size == sum(p.n_data for p in single)


def test_every_image_is_compared_with_what_it_shows():
    image = SCENE.observed_2d_from(DATA["polarized"].grid, "Q_phi")
    fit = posterior_of().fit_from(SCENE)["polarized"]
    np.testing.assert_array_equal(fit.model_image.array, image.array)
    assert fit.chi_squared / fit.n_data < 2


def test_fits_have_the_names_of_the_data():
    fits = posterior_of().fit_from(VECTOR)
    assert list(fits) == list(DATA) and all(isinstance(fit, da.FitImaging) for fit in fits.values())
    total = sum(fit.chi_squared for fit in fits.values())
    assert total == pytest.approx(np.sum(posterior_of().residuals(VECTOR) ** 2), rel=1e-13)


def test_one_amplitude_for_all_images():
    linear = {"disks.belt.optical_depth": da.Linear()}
    joint, total = posterior_of(**linear), posterior_of(DATA["total"], **linear)
    assert joint.plans == ("parts",) * 3
    truth = np.array([60.0, 0.4])
    one, both = total.linear_solution(truth), joint.linear_solution(truth)
    assert both.sigma[0] < 0.9 * one.sigma[0] and abs(both.values[0] - 1e-3) < 4 * both.sigma[0]
    precision = sum(posterior_of(data, **linear).linear_solution(truth).sigma[0] ** -2 for data in DATA.values())
    assert both.sigma[0] == pytest.approx(precision**-0.5, rel=1e-9)


def test_units_of_every_image_are_checked():
    with pytest.raises(da.UnitError, match="no star with a unit"):
        posterior_of(DATA | {"calibrated": imaging(FINE, "total", 1, unit="mJy/arcsec2")})


def test_no_data():
    with pytest.raises(da.ParameterError, match="at least one named Imaging"):
        posterior_of({})


def test_the_quadrature_suits_all_images():
    scene = da.Scene(disks={"belt": da.replace(SCENE.disks["belt"], "inclination", 76.0)})
    scene = da.Scene(
        disks={
            "belt": da.Disk(
                density=scene.disks["belt"].density,
                inclination=76.0,
                distance=70.0,
                polarization=da.RayleighPolarization(maximum=0.4),
            )
        }
    )
    assert scene.disks["belt"].rule != RULE
    priors = {"disks.belt.inclination": da.Uniform(74, 78)}
    noisy = DATA["total"]
    clean = da.Imaging(data=noisy.data, noise_map=0.01 * noisy.noise_map)
    alone, strict, joint = (
        da.Posterior(data, da.ParameterSpace.of(scene, priors)).quadrature[0]
        for data in (noisy, clean, {"noisy": noisy, "clean": clean})
    )
    assert alone.quadrature != strict.quadrature == joint.quadrature
    assert joint.shift == pytest.approx(strict.shift, rel=0.2) and alone.shift < 0.1
