"""The least-squares fit: truth recovered, uncertainties that can be trusted, and honest flags."""

import dataclasses
import pickle

import numpy as np
import pytest
from scipy.stats import kstest

from diskarray.backend.pytree import component, replace
from diskarray.dataset.imaging import Imaging
from diskarray.dataset.simulate import simulate
from diskarray.errors import ParameterError, ShapeError
from diskarray.fit.posterior import Posterior
from diskarray.model.disk import Disk
from diskarray.model.scene import Scene
from diskarray.parameters.parameter import parameter
from diskarray.parameters.priors import LogUniform, Normal, TruncatedNormal, Uniform, UniformAngle
from diskarray.parameters.space import ParameterSpace, Tied
from diskarray.profiles.density import TwoPowerLaw
from diskarray.profiles.phase_function import HenyeyGreenstein
from diskarray.scattering.quadrature import Quadrature
from diskarray.search.least_squares import LeastSquares
from diskarray.search.optimize import optimize
from diskarray.search.problem import Problem
from diskarray.search.scaling import Scaling
from diskarray.structures.grid import Grid2D
from diskarray.structures.image import Image2D

TRUTH = Scene(
    disks={
        "belt": Disk(
            density=TwoPowerLaw(radius=60.0, alpha_in=8.0, alpha_out=-6.0, scale_height=3.0),
            phase_function=HenyeyGreenstein(0.3),
            inclination=60.0,
            position_angle=30.0,
            distance=60.0,
            optical_depth=2e-3,
        )
    }
)
GRID = Grid2D.uniform((40, 40), 0.08)
SMALL = Grid2D.uniform((15, 15), 0.2)
BELT = "disks.belt."
FIVE = {
    BELT + "inclination": Uniform(0, 90),
    BELT + "position_angle": UniformAngle(0, 180),
    BELT + "density.radius": LogUniform(10, 200),
    BELT + "optical_depth": LogUniform(1e-5, 1e-1),
    BELT + "phase_function.g": Uniform(-1, 1),
}


def observed(truth=TRUTH, grid=SMALL, signal_to_noise=20.0, seed=1):
    return simulate(truth, grid, background=truth.image_2d_from(grid).max() / signal_to_noise, seed=seed)


def posterior_of(priors, truth=TRUTH, model=TRUTH, **how):
    return Posterior(observed(truth, **how), ParameterSpace.of(model, priors))


def fitted(posterior, start=None, **settings):
    return optimize(posterior, LeastSquares(**settings), start=start, progress=False)


class Spy(Scene):
    """A scene that counts its images."""

    images = 0

    def image_2d_from(self, grid, *, xp=np):
        Spy.images += 1
        return super().image_2d_from(grid, xp=xp)


def spying():
    Spy.images = 0
    return Spy(disks=TRUTH.disks)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_truth_is_recovered(seed):
    posterior = posterior_of(FIVE, grid=GRID, seed=seed)
    best = fitted(posterior, start=[50.0, 10.0, 50.0, 1e-3, 0.0])
    assert best.status == "converged" and best.succeeded and best.at_bound == best.unconstrained == ()
    pulls = (best.vector - posterior.space.to_vector(TRUTH)) / best.sigma
    assert np.all(np.abs(pulls) < 4) and np.sqrt(np.mean(pulls**2)) < 2
    assert best.reduced_chi_squared == pytest.approx(1, abs=5 * np.sqrt(2 / 1600))
    assert best.n_data == 1600 and best.names == posterior.space.names and best.units == ("deg", "deg", "au", "", "")
    fit = posterior.fit_from(best.scene)
    assert best.chi_squared == fit.chi_squared and best.log_likelihood == fit.log_likelihood
    assert best.reduced_chi_squared == fit.reduced_chi_squared(5)


def test_it_is_the_maximum_of_the_likelihood():
    posterior = posterior_of(FIVE)
    best = fitted(posterior)
    for k, sigma in enumerate(best.sigma):
        for step in (-0.1, 0.1):
            moved = best.vector.copy()
            moved[k] += step * sigma
            assert posterior.log_likelihood(moved) < best.log_likelihood


def test_covariance_is_the_curvature_of_the_likelihood():
    """Second differences of log L, taken with steps of a fifth of a sigma."""
    posterior = posterior_of(FIVE, signal_to_noise=300.0)
    best = fitted(posterior)
    steps = np.diag(0.2 * best.sigma)

    def second(i, j):
        return sum(
            a * b * posterior.log_likelihood(best.vector + a * steps[i] + b * steps[j])
            for a in (1, -1)
            for b in (1, -1)
        ) / (4 * steps[i, i] * steps[j, j])

    fisher = -np.array([[second(i, j) for j in range(5)] for i in range(5)])
    sigma = np.sqrt(np.diag(np.linalg.inv(fisher)))
    np.testing.assert_allclose(best.sigma, sigma, rtol=0.02)
    np.testing.assert_allclose(np.diag(best.correlation), 1, rtol=1e-12)


def test_a_linear_parameter_in_closed_form():
    """Optical depth alone: tau = sum(d t / s^2) / sum(t^2 / s^2) with t the image for tau = 1, and its scatter."""
    pulls = []
    for seed in range(40):
        posterior = posterior_of({BELT + "optical_depth": Uniform(0, 1)}, seed=seed)
        unit = posterior.space.to_model(np.array([1.0])).image_2d_from(SMALL).slim
        weight = 1 / posterior.data.noise_map.slim**2
        expected = np.sum(posterior.data.data.slim * unit * weight) / np.sum(unit**2 * weight)
        sigma = np.sum(unit**2 * weight) ** -0.5
        best = fitted(posterior)
        assert best.vector[0] == pytest.approx(expected, abs=1e-3 * sigma)
        assert best.sigma[0] == pytest.approx(sigma, rel=1e-6)
        pulls.append((best.vector[0] - 2e-3) / best.sigma[0])
    assert kstest(pulls, "norm").pvalue > 1e-3
    assert np.std(pulls) == pytest.approx(1, abs=4 / np.sqrt(2 * 40))


@pytest.mark.parametrize("prior", [Normal(2.2e-3, 2e-5), TruncatedNormal(2.2e-3, 2e-5, 0.0, 1.0)])
def test_a_gaussian_prior_pulls_as_it_should(prior):
    free = fitted(posterior_of({BELT + "optical_depth": Uniform(0, 1)}))
    pulled = fitted(posterior_of({BELT + "optical_depth": prior}))
    weights = np.array([free.sigma[0] ** -2, 2e-5**-2])
    assert pulled.vector[0] == pytest.approx(np.sum(weights * [free.vector[0], 2.2e-3]) / weights.sum(), rel=1e-6)
    assert pulled.sigma[0] == pytest.approx(weights.sum() ** -0.5, rel=1e-4)


def test_a_parameter_at_its_bound_is_flagged():
    priors = FIVE | {BELT + "inclination": Uniform(0, 50)}
    best = fitted(posterior_of(priors), start=[40.0, 20.0, 55.0, 1e-3, 0.0])
    assert best.at_bound == (BELT + "inclination",)
    assert best.vector[0] == pytest.approx(50, abs=1e-3) and np.isnan(best.sigma[0])
    assert np.all(np.isfinite(best.sigma[1:]))
    held = fitted(
        posterior_of(
            {k: v for k, v in priors.items() if "inclination" not in k},
            model=replace(TRUTH, BELT + "inclination", float(best.vector[0])),
        )
    )
    np.testing.assert_allclose(best.sigma[1:], held.sigma, rtol=1e-3)
    assert "(at bound)" in repr(best)


def test_an_excluded_end_of_a_physical_range_is_approached_safely():
    """A razor-thin disk asks for a scale height of 0, which is no height: the fit stops short of it, and says so."""
    thin = replace(replace(TRUTH, BELT + "density.scale_height", 1e-3), BELT + "inclination", 85.0)
    posterior = posterior_of(
        {BELT + "density.scale_height": Uniform(0, 5)}, truth=thin, model=thin, seed=2, signal_to_noise=50.0, grid=GRID
    )
    best = fitted(posterior, start=[2.0])
    assert 0 < best.vector[0] < 0.3
    if best.at_bound:
        assert np.isnan(best.sigma[0])


def test_degenerate_parameters_are_flagged():
    best = fitted(
        posterior_of(
            {
                BELT + "distance": Uniform(50, 70),
                BELT + "density.radius": Uniform(50, 70),
                BELT + "density.scale_height": Uniform(2, 4),
                BELT + "position_angle": Uniform(0, 90),
            },
        )
    )  # lengths and distance scale together, but for nothing else
    assert set(best.unconstrained) == {BELT + n for n in ("distance", "density.radius", "density.scale_height")}
    assert np.isnan(best.sigma[:3]).all() and np.isfinite(best.sigma[3])


@pytest.mark.parametrize(
    ("path", "model"),
    [
        ("density.argument_of_pericenter", TRUTH),
        ("position_angle", replace(TRUTH, BELT + "inclination", 0.0)),
    ],
)
def test_an_angle_without_meaning_is_flagged(path, model):
    """The pericenter of a circle; the position angle of a face-on disk."""
    best = fitted(
        posterior_of(
            {BELT + path: UniformAngle(0, 180), BELT + "density.radius": Uniform(50, 70)}, truth=model, model=model
        )
    )
    assert best.unconstrained == (BELT + path,)
    assert np.isnan(best.sigma[0]) and best.sigma[1] < 1


@pytest.mark.parametrize("seam", [(2.0, 176.0, 0.0, 180.0), (178.0, 4.0, 0.0, 180.0), (-89.0, 86.0, -90.0, 90.0)])
def test_a_periodic_angle_crosses_its_seam(seam):
    """Isotropic scattering: the image repeats after half a turn of the position angle."""
    value, start, lower, upper = seam
    truth = replace(replace(TRUTH, BELT + "phase_function.g", 0.0), BELT + "position_angle", value)
    best = fitted(
        posterior_of({BELT + "position_angle": UniformAngle(lower, upper)}, truth=truth, model=truth), start=[start]
    )
    assert best.vector[0] == pytest.approx(value, abs=5 * best.sigma[0]) and best.sigma[0] < 1
    assert lower <= best.vector[0] < upper and best.at_bound == ()


def test_start_at_a_bound_is_moved_inside():
    best = fitted(posterior_of(FIVE), start=[90.0, 10.0, 50.0, 1e-3, 0.0])
    assert best.vector[0] == pytest.approx(60, abs=5)


def test_start_may_be_a_scene():
    posterior = posterior_of(FIVE)
    near = replace(TRUTH, BELT + "inclination", 50.0)
    np.testing.assert_allclose(fitted(posterior, start=near).vector, fitted(posterior).vector, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize(
    ("start", "error", "cure"),
    [
        (
            [95.0, 10.0, 50.0, 1e-3, 0.0],
            ParameterError,
            "outside the bounds of disks.belt.inclination: move it or widen",
        ),
        ([50.0, 10.0, 5.0, 1.0, 0.0], ParameterError, "disks.belt.density.radius, disks.belt.optical_depth"),
        ([np.nan, 10.0, 50.0, 1e-3, 0.0], ParameterError, "outside the bounds of disks.belt.inclination"),
        ([50.0, 10.0], ShapeError, r"a Scene or a vector of shape \(5,\)"),
    ],
)
def test_start_errors_name_the_cure(start, error, cure):
    with pytest.raises(error, match=cure):
        fitted(posterior_of(FIVE), start=start)


@component
class Broken:
    level: float = parameter(1.0)

    def image_2d_from(self, grid, *, xp=np):
        return Image2D.from_slim(np.nan * grid.y, grid.mask)


def test_residuals_that_are_not_finite_are_refused():
    data = Imaging(data=np.ones((4, 4)), noise_map=np.ones((4, 4)), pixel_scale=0.1)
    with pytest.raises(ParameterError, match="not finite"):
        fitted(Posterior(data, ParameterSpace.of(Broken(), {"level": Uniform(0, 2)})))


def test_too_few_iterations_say_so():
    best = fitted(posterior_of(FIVE), start=[20.0, 150.0, 100.0, 1e-4, -0.5], max_iterations=2)
    assert best.status == "max_evaluations" and not best.succeeded
    assert np.all(np.isfinite(best.vector))


def test_n_evaluations_is_the_number_of_images():
    posterior = posterior_of({k: FIVE[k] for k in (BELT + "inclination", BELT + "density.radius")}, model=spying())
    Spy.images = 0
    best = fitted(posterior, start=[50.0, 55.0])
    assert best.n_evaluations == Spy.images > 8


def test_tied_parameters_move_together():
    two = Scene(disks={"a": TRUTH.disks["belt"], "b": replace(TRUTH.disks["belt"], "density.radius", 30.0)})
    priors = {"disks.a.inclination": Uniform(0, 90), "disks.b.inclination": Tied("disks.a.inclination")}
    best = fitted(Posterior(observed(two), ParameterSpace.of(two, priors)), start=[50.0])
    assert best.scene.disks["b"].inclination == best.scene.disks["a"].inclination == best.vector[0]
    assert best.vector[0] == pytest.approx(60, abs=5 * best.sigma[0])


class NoBar:
    def update(self, n):
        pass


@pytest.mark.parametrize("where", ["inside", "at the lower bounds", "at the upper bounds"])
def test_jacobian_against_higher_order_differences(where):
    """Fourth-order central differences with a larger step (inside), one-sided ones at a bound."""
    priors = FIVE | {BELT + "density.alpha_in": Normal(8.0, 1.0), BELT + "inclination": Uniform(55, 65)}
    priors |= {BELT + "phase_function.g": Uniform(0.2, 0.4)}
    fine = Scene(disks={"belt": dataclasses.replace(TRUTH.disks["belt"], rule=Quadrature("panels", 24))})
    posterior = posterior_of(priors, model=fine)
    scaling = Scaling.of(posterior.space)
    problem = Problem(posterior, scaling, np, NoBar())
    point = scaling.to_coordinates(posterior.space.to_vector(TRUTH)) + 0.01
    for index in (0, 4):
        point[index] = {
            "inside": 0.4,
            "at the lower bounds": scaling.lower[index],
            "at the upper bounds": scaling.upper[index],
        }[where]
    found = problem.jacobian(point)
    n_pixels = posterior.data.mask.n_unmasked
    assert found.shape == (n_pixels + 1, 6)
    for k in range(6):

        def along(steps, k=k, h=1e-3):
            at = point.copy()
            at[k] += steps * h
            vector = scaling.to_vector(at)
            return np.append(posterior.residuals(vector), (vector[5] - 8.0) / 1.0) / h

        if where == "inside" or k not in (0, 4):
            expected = (along(-2) - 8 * along(-1) + 8 * along(1) - along(2)) / 12
        else:
            s = 1 if where == "at the lower bounds" else -1
            expected = s * sum(c * along(s * m) for m, c in enumerate((-25 / 12, 4, -3, 4 / 3, -1 / 4)))
        np.testing.assert_allclose(found[:, k], expected, atol=2e-6 * np.abs(expected).max())
    np.testing.assert_allclose(found[n_pixels], [0, 0, 0, 0, 0, 1], atol=1e-9)


@pytest.mark.parametrize(
    ("wrong", "cure"),
    [
        ({"tolerance": 0.0}, "LeastSquares.tolerance"),
        ({"tolerance": 1.0}, "LeastSquares.tolerance"),
        ({"max_iterations": 0}, "LeastSquares.max_iterations"),
        ({"max_iterations": 3.5}, "LeastSquares.max_iterations"),
    ],
)
def test_settings_errors(wrong, cure):
    with pytest.raises(ParameterError, match=cure):
        LeastSquares(**wrong)


def test_optimize_needs_settings():
    with pytest.raises(ParameterError, match=r"settings such as LeastSquares\(\)"):
        optimize(posterior_of(FIVE), "least squares")


def test_result_pickles_and_says_what_it_is():
    best = fitted(posterior_of(FIVE))
    copy = pickle.loads(pickle.dumps(best))
    np.testing.assert_array_equal(copy.vector, best.vector)
    np.testing.assert_array_equal(copy.scene.image_2d_from(SMALL).array, best.scene.image_2d_from(SMALL).array)
    assert "converged" in repr(best) and "disks.belt.inclination = " in repr(best) and best.message in repr(best)
