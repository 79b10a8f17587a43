"""Searches on a small disk: near sides, faint disks, correlated noise, linear parameters, the coarse image."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from diskarray.backend.pytree import replace
from diskarray.dataset.imaging import Imaging
from diskarray.fit.posterior import Posterior
from diskarray.model.disk import Disk
from diskarray.model.instrument import Instrument
from diskarray.model.scene import Scene
from diskarray.optics.psf import EmpiricalPSF, GaussianPSF
from diskarray.parameters.priors import Linear, LogUniform, Uniform, UniformAngle
from diskarray.parameters.space import ParameterSpace
from diskarray.profiles.density import TwoPowerLaw
from diskarray.profiles.phase_function import HenyeyGreenstein
from diskarray.scattering.quadrature import Quadrature
from diskarray.search.coarse import coarse_posterior, near_posterior
from diskarray.search.correlated import Autocovariance, sandwich
from diskarray.search.least_squares import LeastSquares
from diskarray.search.optimize import optimize
from diskarray.structures.grid import Grid2D

BELT = "disks.belt."
RULE = Quadrature("layer", 6)
TRUTH = Scene(
    disks={
        "belt": Disk(
            density=TwoPowerLaw(radius=60.0, alpha_in=8.0, alpha_out=-6.0, scale_height=3.0),
            rule=RULE,
            phase_function=HenyeyGreenstein(0.4),
            inclination=60.0,
            position_angle=30.0,
            distance=60.0,
            optical_depth=2e-3,
        )
    }
)
FRAME = (32, 32), 0.1
PRIORS = {
    BELT + "inclination": Uniform(0, 89),
    BELT + "position_angle": UniformAngle(0, 360),
    BELT + "density.radius": Uniform(30, 100),
    BELT + "optical_depth": LogUniform(1e-6, 1e-1),
    BELT + "phase_function.g": Uniform(-0.95, 0.95),
}


def data_of(truth=TRUTH, ratio=20.0, seed=1, smooth=0.0, frame=FRAME):
    image = np.asarray(truth.image_2d_from(Grid2D.uniform(*frame)).array)
    noise = np.random.default_rng(seed).normal(size=image.shape)
    if smooth:
        noise = gaussian_filter(noise, smooth, mode="wrap")
        noise /= noise.std()
    sigma = np.asarray(TRUTH.image_2d_from(Grid2D.uniform(*frame)).array).max() / ratio
    return Imaging(image + sigma * noise, np.full_like(image, sigma), pixel_scale=frame[1])


def posterior_of(priors=PRIORS, model=TRUTH, **how):
    return Posterior(data_of(**how), ParameterSpace.of(model, priors))


def fitted(posterior, start=None, **settings):
    return optimize(posterior, LeastSquares(**settings), start=start, progress=False)


@pytest.mark.parametrize("start", [(50.0, 200.0, 55.0, 1e-4, 0.3), (50.0, 20.0, 55.0, 1e-2, 0.3)])
def test_the_forward_side_is_found_from_either_side_and_both_are_reported(start):
    posterior = posterior_of()
    best = fitted(posterior, start=start, starts=4)
    np.testing.assert_allclose(best.vector, posterior.space.to_vector(TRUTH), atol=5 * np.max(best.sigma))
    assert best.vector[1] == pytest.approx(30, abs=2) and best.vector[4] > 0.2
    first, second = best.basins[:2]
    assert second.image_of == 0 and first.chi_squared == second.chi_squared
    assert abs(first.vector[1] - second.vector[1]) == pytest.approx(180) and first.vector[4] == -second.vector[4]
    assert [basin.chosen for basin in best.basins].count(True) == 1
    np.testing.assert_allclose(next(b.vector for b in best.basins if b.chosen), best.vector, rtol=1e-12)
    assert all(posterior.fit_from(b.vector).chi_squared == pytest.approx(b.chi_squared, rel=1e-9) for b in best.basins)


def test_one_start_on_the_backward_side_ends_on_the_forward_side():
    best = fitted(posterior_of(), start=[60.0, 210.0, 60.0, 2e-3, -0.4])
    assert best.vector[1] == pytest.approx(30, abs=2) and best.vector[4] == pytest.approx(0.4, abs=0.1)
    assert best.basins[1].chosen and best.basins[1].image_of == 0 and best.succeeded
    assert np.all(np.isfinite(best.sigma))


def test_a_disk_that_is_not_there_ends_as_not_constrained_with_an_upper_limit():
    nothing = replace(TRUTH, BELT + "optical_depth", 1e-9)
    posterior = posterior_of(truth=nothing)
    best = fitted(posterior)
    assert best.status == "not_constrained" and not best.succeeded and set(best.unconstrained) == set(best.names)
    assert best.detection.chi_squared_gain < best.detection.threshold and not best.detection.is_detected
    limit = best.limit(BELT + "optical_depth")
    assert limit.side == "upper" and 1e-7 < limit.value < 4e-4


def test_a_disk_that_is_there_is_detected():
    best = fitted(posterior_of())
    assert best.detection.is_detected and best.detection.chi_squared_gain > 10 * best.detection.threshold
    assert best.detection.inflation == pytest.approx(1, abs=0.5)


def test_correlated_noise_makes_errors_larger_and_true():
    """The amplitude alone, over many seeds: its scatter is the correlated error, and far beyond the independent one."""
    only = {BELT + "optical_depth": Uniform(0, 1)}
    values, sigmas, formal = [], [], []
    for seed in range(40):
        best = fitted(posterior_of(only, seed=seed, smooth=1.5), errors="correlated")
        values.append(best.vector[0])
        sigmas.append(best.sigma[0])
        formal.append(best.sigma[0] / best.error_inflation[0])
    scatter = np.std(values)
    assert np.mean(sigmas) == pytest.approx(scatter, rel=0.3)
    assert scatter > 2 * np.mean(formal)


def test_sandwich_against_the_matrix_itself():
    """Autocovariance known exactly on a small image: (J'J)^-1 J' G J (J'J)^-1 by dense matrices."""
    random = np.random.default_rng(2)
    mask = random.uniform(size=(9, 11)) < 0.2
    rows, columns = np.nonzero(~mask)
    kernel = np.array([[0.1, 0.3, 0.1], [0.3, 1.5, 0.3], [0.1, 0.3, 0.1]])
    G = np.zeros((rows.size, rows.size))
    for i in range(rows.size):
        for j in range(rows.size):
            dy, dx = rows[i] - rows[j], columns[i] - columns[j]
            if max(abs(dy), abs(dx)) <= 1:
                G[i, j] = kernel[dy + 1, dx + 1]
    prior = np.array([[0.0, 0.0, 0.7]])
    jacobian = np.concatenate([random.normal(size=(rows.size, 3)), prior])
    whole = np.eye(rows.size + 1)
    whole[:-1, :-1] = G
    inverse = np.linalg.inv(jacobian.T @ jacobian)
    found = sandwich(jacobian, inverse, Autocovariance((mask,), (kernel,)))
    np.testing.assert_allclose(found, inverse @ jacobian.T @ whole @ jacobian @ inverse, rtol=1e-10)


def test_white_residuals_leave_errors_as_they_are():
    independent, correlated = (fitted(posterior_of(), errors=errors) for errors in ("independent", "correlated"))
    np.testing.assert_allclose(correlated.sigma / independent.sigma, 1, atol=0.35)


def test_linear_parameters_have_the_errors_of_a_fit_that_searches_for_them():
    searched = fitted(posterior_of(PRIORS | {BELT + "optical_depth": Uniform(0, 1), "background": Uniform(-1, 1)}))
    inside = fitted(posterior_of(PRIORS | {BELT + "optical_depth": Linear(), "background": Linear()}))
    assert inside.linear.names == (BELT + "optical_depth", "background") and inside.n_free == searched.n_free
    assert inside.chi_squared == pytest.approx(searched.chi_squared, abs=0.01)
    for k, name in enumerate(inside.linear.names):
        where = searched.names.index(name)
        assert inside.linear.values[k] == pytest.approx(searched.vector[where], abs=0.05 * searched.sigma[where])
        assert inside.linear.sigma[k] == pytest.approx(searched.sigma[where], rel=0.02)
    shared = [searched.names.index(name) for name in inside.names]
    np.testing.assert_allclose(inside.sigma, searched.sigma[shared], rtol=0.02)
    both = [searched.names.index(name) for name in inside.linear.names]
    np.testing.assert_allclose(
        inside.linear.cross_covariance / np.outer(inside.sigma, inside.linear.sigma),
        searched.correlation[np.ix_(shared, both)],
        atol=0.03,
    )
    assert inside.scene.disks["belt"].optical_depth == pytest.approx(inside.linear.values[0])


WITH_PSF = Scene(disks={"belt": TRUTH.disks["belt"]}, instrument=Instrument(psf=GaussianPSF(fwhm=0.16)))
LARGE = (96, 96), 0.04


def test_the_coarse_image_is_the_mean_of_its_pixels_and_as_sensitive():
    posterior = posterior_of(model=WITH_PSF, truth=WITH_PSF, frame=LARGE)
    coarse = coarse_posterior(posterior)
    assert coarse.n_data == 32 * 32 and coarse.data.frame.pixel_scale == pytest.approx(0.12)
    fine, binned = posterior.data, coarse.data
    np.testing.assert_allclose(binned.data.array[3, 5], fine.data.array[9:12, 15:18].mean(), rtol=1e-12)
    np.testing.assert_allclose(binned.noise_map.array[3, 5], fine.noise_map.array[0, 0] / 3, rtol=1e-12)
    y, x = fine.frame.sky_from(10, 16)
    np.testing.assert_allclose(binned.frame.sky_from(3, 5), (y, x), atol=1e-12)
    vector = posterior.space.to_vector(TRUTH)
    assert np.sum(coarse.residuals(vector) ** 2) / coarse.n_data < 1.5
    assert coarse_posterior(posterior_of()) is None  # few enough pixels


def test_what_fits_the_pixels_of_the_image_only_has_no_coarse_version():
    sharp = Scene(disks=TRUTH.disks, instrument=Instrument(psf=EmpiricalPSF(np.ones((3, 3)), pixel_scale=0.04)))
    assert coarse_posterior(posterior_of(model=sharp, truth=sharp, frame=LARGE)) is None


def test_a_search_by_way_of_the_coarse_image_ends_at_the_same_minimum():
    posterior = posterior_of(model=WITH_PSF, truth=WITH_PSF, frame=LARGE)
    best = fitted(posterior, start=[50.0, 10.0, 50.0, 1e-3, 0.1], starts=3)
    assert "3 starts on a binned image of 1024 pixels" in best.steps[0] and best.succeeded
    again = fitted(posterior, start=best.vector, tolerance=1e-14)
    assert np.max(np.abs(again.vector - best.vector) / best.sigma) < 0.1


def test_the_quadrature_near_a_vector_is_the_one_chosen_there():
    open_rule = replace(
        TRUTH,
        "disks.belt",
        Disk(
            **{
                **{
                    name: getattr(TRUTH.disks["belt"], name)
                    for name in (
                        "density",
                        "phase_function",
                        "inclination",
                        "position_angle",
                        "distance",
                        "optical_depth",
                    )
                },
                "rule": Quadrature(),
            }
        ),
    )
    posterior = posterior_of(PRIORS | {BELT + "inclination": Uniform(0, 90)}, model=open_rule)
    for inclination in (40.0, 89.0):
        vector = posterior.space.to_vector(replace(TRUTH, BELT + "inclination", inclination))
        near = near_posterior(posterior, vector)
        rule = near.space.template.disks["belt"].rule
        assert rule.nodes in ("layer", "panels")
        np.testing.assert_allclose(near.residuals(vector), posterior.residuals(vector), rtol=1e-10, atol=1e-10)
