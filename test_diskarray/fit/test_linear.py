"""Linear parameters solved and integrated inside, against explicit optimization and integration."""

import math

import numpy as np
import pytest
from linear_models import NOISE, SHAPE, Pair, Spot, integrated, log_likelihood, posterior_of, simulated
from scipy.optimize import minimize
from scipy.stats import kstest, multivariate_normal, norm, truncnorm, uniform

from diskarray.backend.pytree import component
from diskarray.dataset.imaging import Imaging
from diskarray.errors import ParameterError
from diskarray.fit.linear import bounded_ones
from diskarray.fit.linear_draws import draws_within
from diskarray.fit.posterior import Posterior
from diskarray.parameters.parameter import parameter
from diskarray.parameters.priors import Linear, Normal, Uniform
from diskarray.parameters.space import ParameterSpace, Tied
from diskarray.structures.decorators import to_image

FREE = {"minimum": -math.inf, "maximum": math.inf}
WIDTH = 0.9


def flat(value):
    return 0.0


CASES = {  # priors, their log densities, the box that holds the integrand
    "flat": ({"level": Linear()}, (flat,), ((-4, 5),)),
    "gaussian": ({"level": Linear(0.3, 0.05)}, (norm(0.3, 0.05).logpdf,), ((-0.3, 0.9),)),
    "bound": ({"peak": Linear()}, (flat,), ((0, 12),)),
    "box": ({"peak": Linear(maximum=1.5)}, (uniform(0, 1.5).logpdf,), ((0, 1.5),)),
    "narrow box": ({"peak": Linear(minimum=3.0, maximum=3.001)}, (uniform(3, 0.001).logpdf,), ((3, 3.001),)),
    "cut gaussian": ({"peak": Linear(-1.0, 0.8)}, (truncnorm(1.25, np.inf, -1, 0.8).logpdf,), ((0, 8),)),
    "two free": ({"slope": Linear(), "level": Linear(0.0, 2.0)}, (flat, norm(0, 2).logpdf), ((-1.5, 2.5), (-2, 4))),
    "one bounded": ({"level": Linear(), "peak": Linear()}, (flat, flat), ((-4, 5), (0, 12))),
    "two bounded": (
        {"level": Linear(maximum=0.5), "peak": Linear(maximum=2.5)},
        (flat, uniform(0, 2.5).logpdf),
        ((-6, 0.5), (0, 2.5)),
    ),
}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_likelihood_is_integrated_over_the_amplitudes(case):
    priors, densities, ranges = CASES[case]
    data, names = simulated(), list(priors)

    def integrand(*values):
        prior = sum(float(density(value)) for density, value in zip(densities, values, strict=True))
        return log_likelihood(data, NOISE, WIDTH, **dict(zip(names, values, strict=True))) + prior

    expected = integrated(integrand, ranges, panels=12 if len(ranges) == 1 else 5)
    assert posterior_of(priors).log_likelihood([WIDTH]) == pytest.approx(expected, abs=1e-8)


@pytest.mark.parametrize("level", [-3.0, -30.0, -3000.0])
def test_far_beyond_a_bound(level):
    data = simulated(peak=level)

    def integrand(peak):
        return log_likelihood(data, NOISE, WIDTH, peak=peak)

    reach = 40 / abs((integrand(1e-6) - integrand(0)) / 1e-6)
    posterior = posterior_of({"peak": Linear()}, data)
    assert posterior.log_likelihood([WIDTH]) == pytest.approx(integrated(integrand, ((0, reach),)), rel=1e-10)
    assert posterior.linear_solution([WIDTH]).at_bound == ("peak",)


@pytest.mark.parametrize(
    "priors",
    [
        {"peak": Linear(), "slope": Linear(), "level": Linear()},
        {"peak": Linear(0.5, 0.3), "slope": Linear(2.0, 0.1, maximum=1.8), "level": Linear(minimum=1.6, maximum=3.0)},
        {"peak": Linear(maximum=0.5), "slope": Linear(minimum=0.9), "level": Linear(-1.0, 0.01)},
    ],
)
def test_the_solution_is_the_constrained_maximum(priors):
    posterior, data = posterior_of(priors), simulated()
    bounds = posterior.space.linear_bounds
    gaussian = [(k, p) for k, p in enumerate(posterior.space.linear_priors) if p.is_gaussian]

    def cost(values):
        likelihood = log_likelihood(data, NOISE, WIDTH, **dict(zip(priors, values, strict=True)))
        return -likelihood - sum(norm.logpdf(values[k], p.mean, p.sigma) for k, p in gaussian)

    start = np.clip([1.0, 1.0, 1.0], *bounds)
    found = minimize(
        cost, start, bounds=list(zip(*bounds, strict=True)), method="L-BFGS-B", options={"ftol": 1e-15, "gtol": 1e-10}
    )
    solution = posterior.linear_solution([WIDTH])
    assert solution.names == tuple(priors) and solution.units == ("", "Jy", "")
    np.testing.assert_allclose(solution.values, found.x, atol=2e-5)
    residuals = posterior.residuals([WIDTH])
    constant = cost(solution.values) - 0.5 * np.sum(residuals**2)
    assert residuals.shape == (data.size + len(gaussian),)
    moved = np.clip(solution.values + [0.01, -0.02, 0.005], *bounds)
    assert cost(moved) >= cost(solution.values) - 1e-9
    np.testing.assert_allclose(
        constant,
        0.5 * np.sum(np.log(2 * np.pi * NOISE**2)) + sum(0.5 * np.log(2 * np.pi * p.sigma**2) for _, p in gaussian),
        rtol=1e-12,
    )


def test_the_covariance_of_the_solution():
    posterior = posterior_of({"level": Linear(), "slope": Linear(0.0, 0.2)})
    solution = posterior.linear_solution([WIDTH])
    y = posterior.data.grid.y / NOISE.ravel()
    precision = np.array([[np.sum(NOISE**-2.0), np.sum(y / NOISE.ravel())], [0, np.sum(y * y) + 25.0]])
    precision[1, 0] = precision[0, 1]
    np.testing.assert_allclose(solution.covariance, np.linalg.inv(precision), rtol=1e-12)
    np.testing.assert_allclose(solution.sigma, np.sqrt(np.diag(solution.covariance)))


def test_amplitudes_at_a_bound_have_no_covariance_and_the_others_are_conditional():
    posterior = posterior_of({"peak": Linear(), "level": Linear()}, simulated(peak=-20.0))
    solution = posterior.linear_solution([WIDTH])
    assert solution.at_bound == ("peak",) and solution.values[0] == 0
    assert np.isnan(solution.covariance[0]).all() and solution.covariance[1, 1] == pytest.approx(
        1 / np.sum(NOISE**-2.0)
    )


def test_profile_and_marginal_differ_by_the_volume():
    posterior = posterior_of({"level": Linear(), "slope": Linear()})
    covariance = posterior.linear_solution([WIDTH]).covariance
    volume = 0.5 * np.log(np.linalg.det(2 * np.pi * covariance))
    difference = posterior.log_likelihood([WIDTH]) - posterior.profile_log_likelihood([WIDTH])
    assert difference == pytest.approx(volume, rel=1e-10)
    constant = posterior.profile_log_likelihood([WIDTH]) + 0.5 * np.sum(posterior.residuals([WIDTH]) ** 2)
    assert constant == pytest.approx(-0.5 * np.sum(np.log(2 * np.pi * NOISE**2)), rel=1e-12)


def test_the_profile_holds_the_prior_of_the_amplitudes():
    posterior = posterior_of({"peak": Linear(3.0, 0.1, maximum=3.05), "level": Linear(0.5, 0.2)})
    peak, level = posterior.linear_solution([WIDTH]).values
    expected = (
        log_likelihood(simulated(), NOISE, WIDTH, peak=peak, level=level)
        + norm.logpdf(level, 0.5, 0.2)
        + truncnorm.logpdf(peak, -30, 0.5, 3.0, 0.1)
    )
    assert posterior.profile_log_likelihood([WIDTH]) == pytest.approx(expected, rel=1e-12)


def test_without_linear_parameters_nothing_changes():
    posterior = posterior_of({"level": Normal(0.0, 1.0)})
    vector = [WIDTH, 0.3]
    assert posterior.log_likelihood(vector) == posterior.profile_log_likelihood(vector)
    assert posterior.log_likelihood(vector) == pytest.approx(log_likelihood(simulated(), NOISE, *vector[:1], level=0.3))
    solution = posterior.linear_solution(vector)
    assert solution.names == () and solution.values.shape == (0,) and solution.covariance.shape == (0, 0)
    assert posterior.draw_linear([vector] * 3, seed=1).shape == (3, 0)


def test_the_scene_and_the_fit_hold_the_solution():
    posterior = posterior_of({"peak": Linear(), "level": Linear()})
    scene, solution = posterior.scene_from([WIDTH]), posterior.linear_solution([WIDTH])
    assert (scene.peak, scene.level, scene.width) == (*solution.values, WIDTH)
    fit = posterior.fit_from([WIDTH])
    assert fit.chi_squared == pytest.approx(np.sum(posterior.residuals([WIDTH]) ** 2), rel=1e-12)
    assert fit.log_likelihood == pytest.approx(posterior.profile_log_likelihood([WIDTH]), rel=1e-12)
    assert posterior.fit_from(scene).chi_squared == pytest.approx(fit.chi_squared, rel=1e-13)


def test_a_negative_amplitude_may_be_asked_for():
    posterior = posterior_of({"peak": Linear(**FREE)}, simulated(peak=-20.0))
    assert posterior.scene_from([WIDTH]).peak < -10 and posterior.linear_solution([WIDTH]).at_bound == ()


def test_probabilities_of_rows():
    posterior = posterior_of({"peak": Linear()})
    rows = np.array([[0.5], [0.9], [-1.0], [5.0]])
    likelihoods, probabilities = posterior.log_likelihoods(rows), posterior.log_probabilities(rows)
    assert likelihoods[:2] == pytest.approx([posterior.log_likelihood(row) for row in rows[:2]])
    assert likelihoods[2] == -np.inf and np.isfinite(likelihoods[3])
    assert probabilities[:2] == pytest.approx(likelihoods[:2] - np.log(2.9)) and np.all(np.isinf(probabilities[2:]))


DRAWN = {
    "free": {"level": Linear(), "slope": Linear(0.2, 0.1), "peak": Linear(**FREE)},
    "one bounded": {"level": Linear(), "slope": Linear(0.2, 0.1), "peak": Linear()},
    "two bounded": {"level": Linear(minimum=0.9), "slope": Linear(0.2, 0.1), "peak": Linear(maximum=2.2)},
}


@pytest.mark.parametrize("case", DRAWN, ids=str)
def test_draws_have_the_conditional_distribution(case):
    posterior = posterior_of(DRAWN[case])
    unbounded = posterior_of({name: Linear(p.mean, p.sigma, **FREE) for name, p in DRAWN[case].items()})
    solution = unbounded.linear_solution([WIDTH])
    means, covariances = np.tile(solution.values, (6000, 1)), np.tile(solution.covariance, (6000, 1, 1))
    settings = bounded_ones(posterior.space), *posterior.space.linear_bounds
    np.testing.assert_allclose(
        posterior.draw_linear([[WIDTH]] * 5, seed=4),
        draws_within(means[:5], covariances[:5], *settings, np.random.default_rng(4)),
        rtol=1e-6,
    )
    draws = draws_within(means, covariances, *settings, np.random.default_rng(4))
    by_rejection = multivariate_normal(solution.values, solution.covariance).rvs(200_000, random_state=1)
    lower, upper = posterior.space.linear_bounds
    by_rejection = by_rejection[np.all((by_rejection >= lower) & (by_rejection <= upper), axis=1)]
    assert len(by_rejection) > 5000 and np.all((draws >= lower) & (draws <= upper))
    for direction in (*np.eye(3), [1.0, 0.0, 1.0], [1.0, 3.0, -0.5]):
        assert kstest(draws @ direction, by_rejection @ direction).pvalue > 1e-3


def test_draws_repeat_with_their_seed_and_follow_their_rows():
    posterior = posterior_of(DRAWN["two bounded"])
    rows = np.linspace(0.3, 2.0, 5)[:, None]
    first = posterior.draw_linear(rows, seed=2)
    np.testing.assert_array_equal(first, posterior.draw_linear(rows, seed=2))
    assert not np.array_equal(first, posterior.draw_linear(rows, seed=3))


def test_draws_and_marginal_likelihood_make_the_joint_posterior():
    """Evidence by both routes: over width and level together, and over width alone."""
    posterior, data = posterior_of({"level": Linear(0.0, 1.0)}), simulated()

    def joint(width, level):
        return log_likelihood(data, NOISE, width, level=level) + norm.logpdf(level)

    def marginal(width):
        return posterior.log_likelihood([width])

    assert integrated(marginal, ((0.3, 1.5),), panels=3) == pytest.approx(
        integrated(joint, ((0.3, 1.5), (-1.0, 3.0)), panels=3), abs=1e-5
    )


def test_what_the_data_do_not_constrain_is_named_and_finite():
    twice = Posterior(
        Imaging(data=simulated(), noise_map=NOISE, pixel_scale=0.5),
        ParameterSpace.of(
            Pair(), {"width": Uniform(0.1, 3), "first": Linear(**FREE), "second": Linear(**FREE), "level": Linear()}
        ),
    )
    solution = twice.linear_solution([WIDTH])
    assert solution.degenerate == ("first", "second") and np.isfinite(solution.values).all()
    one = posterior_of({"peak": Linear(**FREE), "level": Linear()}, slope=0.0).linear_solution([WIDTH])
    assert solution.values[0] + solution.values[1] == pytest.approx(one.values[0])
    assert solution.covariance[2, 2] > 0 and np.isnan(solution.covariance[:2]).all()
    assert np.isfinite(twice.log_likelihood([WIDTH])) and np.isfinite(twice.residuals([WIDTH])).all()
    assert np.isfinite(twice.draw_linear([[WIDTH]], seed=1)).all()


def test_a_prior_settles_what_the_data_do_not():
    priors = {"width": Uniform(0.1, 3), "first": Linear(1.0, 0.1), "second": Linear(1.5, 0.2)}
    data = Imaging(data=simulated(), noise_map=NOISE, pixel_scale=0.5)
    twice = Posterior(data, ParameterSpace.of(Pair(level=1.0), priors))
    solution = twice.linear_solution([WIDTH])
    assert solution.degenerate == () and np.isfinite(solution.covariance).all()
    assert (solution.values[0] - 1.0) / 0.1**2 == pytest.approx((solution.values[1] - 1.5) / 0.2**2)


def test_a_dark_image_leaves_a_bounded_amplitude_to_its_prior():
    posterior = posterior_of({"peak": Linear(maximum=4.0)}, noise=1e9 * NOISE)
    flat_likelihood = log_likelihood(simulated(), 1e9 * NOISE, WIDTH, peak=0.0)
    assert posterior.log_likelihood([WIDTH]) == pytest.approx(flat_likelihood, abs=1e-6)
    draws = posterior.draw_linear(np.full((400, 1), WIDTH), seed=1)[:, 0]
    assert kstest(draws, uniform(0, 4).cdf).pvalue > 1e-3


def test_amplitudes_that_are_tied_are_one():
    data = Imaging(data=simulated(), noise_map=NOISE, pixel_scale=0.5)
    priors = {"width": Uniform(0.1, 3), "first": Linear(), "second": Tied("first")}
    scene = Posterior(data, ParameterSpace.of(Pair(level=1.0), priors)).scene_from([WIDTH])
    assert scene.first == scene.second
    one = Posterior(data, ParameterSpace.of(Pair(level=1.0, second=0.0), {"width": Uniform(0.1, 3), "first": Linear()}))
    assert 2 * scene.first == pytest.approx(one.scene_from([WIDTH]).first, rel=1e-12)


def test_three_bounded_amplitudes_can_be_solved_but_not_integrated():
    posterior = posterior_of({"peak": Linear(), "slope": Linear(minimum=0), "level": Linear(minimum=0)})
    assert np.isfinite(posterior.residuals([WIDTH])).all() and np.isfinite(posterior.profile_log_likelihood([WIDTH]))
    for function in (posterior.log_likelihood, posterior.log_probability, lambda v: posterior.draw_linear([v], 1)):
        with pytest.raises(ParameterError, match=r"3 bounded linear parameters \(peak, slope, level\)"):
            function([WIDTH])


def test_the_same_numbers_on_masked_data():
    masked = np.zeros(SHAPE, dtype=bool)
    masked[2:4, 1:3] = True
    data = Imaging(data=np.where(masked, 1e6, simulated()), noise_map=NOISE, pixel_scale=0.5, mask=masked)
    posterior = Posterior(data, ParameterSpace.of(Spot(), {"width": Uniform(0.1, 3), "level": Linear()}))
    kept, weights = ~masked, (NOISE**-2.0)[~masked]
    rest = (simulated() - Posterior.fit_from(posterior, Spot(width=WIDTH, level=0.0)).model_image.array)[kept]
    assert posterior.linear_solution([WIDTH]).values[0] == pytest.approx(np.average(rest, weights=weights))
    assert posterior.n_data == kept.sum()


@component
class Stripes:
    """Many brightnesses, none of them negative."""

    levels: object = parameter(1.0, minimum=0)
    width: float = parameter(0.7, above=0)

    @to_image
    def image_2d_from(self, grid, *, xp=np):
        return sum(level * xp.cos(k * grid.y / self.width) for k, level in enumerate(self.levels))


def test_too_many_bounds_to_try_are_refused():
    priors = {"width": Uniform(0.1, 3.0), "levels": Linear()}
    space = ParameterSpace.of(Stripes(levels=np.ones(9)), priors)
    posterior = Posterior(Imaging(data=np.ones(SHAPE), noise_map=NOISE, pixel_scale=0.1), space)
    with pytest.raises(ParameterError, match=r"too many bounded linear parameters .*levels"):
        posterior.residuals(np.array([0.5]))


def test_nothing_linear_has_no_linear_values():
    assert ParameterSpace.of(Spot(), {"width": Uniform(0.1, 3.0)}).linear_values().shape == (0,)
