"""Searches on small analytic problems: basins, robust losses, limits, errors, L-BFGS-B, and failed searches."""

from types import SimpleNamespace

import numpy as np
import pytest
from scipy.optimize import least_squares, minimize

from diskarray.backend.pytree import component
from diskarray.errors import ParameterError
from diskarray.parameters.parameter import parameter
from diskarray.parameters.priors import LogUniform, Normal, Uniform
from diskarray.parameters.space import ParameterSpace
from diskarray.search.lbfgs import LBFGSB
from diskarray.search.least_squares import LeastSquares
from diskarray.search.local_search import ARRIVED, _Chain, _Slopes, local_search, remaining_gain
from diskarray.search.optimize import optimize
from diskarray.search.problem import LOSSES, Problem
from diskarray.search.scaling import Scaling


@component
class Curve:
    """amplitude * exp(-rate t) + level."""

    amplitude: float = parameter(3.0)
    rate: float = parameter(1.0)
    level: float = parameter(0.5)

    def at(self, t):
        return self.amplitude * np.exp(-self.rate * t) + self.level


TIMES = np.linspace(0, 4, 60)


_TRUTH = Curve()


class CurvePosterior:
    """Noisy samples of a Curve; any function of the model's parameters may take its place."""

    data = None

    def __init__(self, priors, sigma=0.1, seed=0, truth=_TRUTH, outliers=(), function=None):
        self.space = ParameterSpace.of(truth, priors)
        noise = sigma * np.random.default_rng(seed).normal(size=TIMES.size)
        self.sigma, self.values = sigma, truth.at(TIMES) + noise
        self.values[list(outliers)] += 40 * sigma
        self.function = function

    def residuals(self, vector, *, xp=np):
        if self.function is not None:
            return self.function(np.asarray(vector))
        return (self.values - self.space.to_model(vector).at(TIMES)) / self.sigma

    def log_likelihood(self, vector, *, xp=np):
        return -0.5 * float(np.sum(self.residuals(vector) ** 2))

    def log_probability(self, vector, *, xp=np):
        return float(self.space.log_prior(vector)) + self.log_likelihood(vector)

    def fit_from(self, model):
        residual = self.residuals(self.space.to_vector(model))
        chi_squared = float(np.sum(residual**2))
        return SimpleNamespace(chi_squared=chi_squared, log_likelihood=-0.5 * chi_squared, n_data=residual.size)


WIDE = {"amplitude": Uniform(0, 10), "rate": LogUniform(0.05, 20), "level": Uniform(-3, 3)}


def fitted(posterior, engine=None, start=None, **settings):
    return optimize(posterior, engine or LeastSquares(**settings), start=start, progress=False)


def independent(posterior, start, loss="linear"):
    """scipy alone, in the parameters themselves."""
    return least_squares(
        posterior.residuals, start, method="trf", loss=loss, xtol=1e-15, ftol=1e-15, gtol=1e-15, x_scale=[1, 1, 1]
    )


def test_the_minimum_is_scipys():
    posterior = CurvePosterior(WIDE)
    best, alone = fitted(posterior), independent(posterior, [3, 1, 0.5])
    np.testing.assert_allclose(best.vector, alone.x, atol=0.02 * np.min(best.sigma))
    np.testing.assert_allclose(best.covariance, np.linalg.inv(alone.jac.T @ alone.jac), rtol=1e-3)
    assert best.chi_squared == pytest.approx(2 * alone.cost, abs=1e-3)
    assert best.remaining_gain < ARRIVED and best.noise_scale == pytest.approx(np.sqrt(2 * alone.cost / 57), rel=1e-4)


@pytest.mark.parametrize("loss", sorted(set(LOSSES) - {"linear"}))
def test_a_robust_loss_is_scipys_and_says_so(loss):
    posterior = CurvePosterior(WIDE, outliers=(5, 20, 33))
    best, alone = fitted(posterior, loss=loss), independent(posterior, [3, 1, 0.5], loss)
    np.testing.assert_allclose(best.vector, alone.x, atol=0.05 * np.min(best.sigma))
    assert best.loss == loss and best.chi_squared == pytest.approx(2 * alone.cost, rel=1e-5)
    assert f"loss {loss}: chi-squared and covariance refer to it" in repr(best)
    plain = fitted(posterior)
    truth = np.array([3.0, 1.0, 0.5])
    assert np.linalg.norm(best.vector - truth) < 0.5 * np.linalg.norm(plain.vector - truth)


def test_a_robust_loss_leaves_gaussian_priors_alone():
    tight = WIDE | {"level": Normal(5.0, 1e-3)}
    best = fitted(CurvePosterior(tight), loss="cauchy")
    assert best.vector[2] == pytest.approx(5.0, abs=0.05)


@pytest.mark.parametrize("loss", sorted(LOSSES))
def test_derivatives_of_the_losses(loss):
    z = np.array([0.01, 0.5, 0.99, 1.01, 3.0, 40.0])
    (_, first, second), step = LOSSES[loss](z), 1e-6
    above, below = LOSSES[loss](z + step), LOSSES[loss](z - step)
    np.testing.assert_allclose(first, (above[0] - below[0]) / (2 * step), rtol=1e-6)
    np.testing.assert_allclose(second, (above[1] - below[1]) / (2 * step), atol=1e-6)


def two_valleys(vector):
    """Minima near (0.3, 0.3) and, deeper, at (0.8, 0.6)."""
    x, y = vector[:2]
    near, far = (x - 0.3) ** 2 + (y - 0.3) ** 2, (x - 0.8) ** 2 + (y - 0.6) ** 2
    return np.array([1500 * near * far, 3 * (x - 0.8), 3 * (y - 0.6)])


VALLEYS = {"amplitude": Uniform(0, 1), "rate": Uniform(0, 1)}


@pytest.mark.parametrize("seed", range(5))
def test_several_starts_find_the_deeper_of_two_basins_and_report_both(seed):
    posterior = CurvePosterior(VALLEYS, function=two_valleys, truth=Curve(0.3, 0.3))
    one, many = fitted(posterior, start=[0.3, 0.31]), fitted(posterior, start=[0.3, 0.31], starts=8, seed=seed)
    assert np.hypot(*(one.vector - [0.3, 0.3])) < 0.05 < 0.1 < one.chi_squared
    np.testing.assert_allclose(many.vector, [0.8, 0.6], atol=1e-3)
    assert len(many.basins) == 2 and many.basins[0].chosen and not many.basins[1].chosen
    assert sum(basin.n_starts for basin in many.basins) <= 8 and all(basin.n_starts for basin in many.basins)
    np.testing.assert_allclose(many.basins[1].vector, one.vector, atol=0.02)
    assert many.basins[0].chi_squared < many.basins[1].chi_squared and "8 starts" in many.steps[0]


def test_a_linear_parameter_is_solved_for_at_every_start():
    """The amplitude of the start is 10^4 times too large: nothing else would survive the screening."""
    posterior = CurvePosterior(WIDE | {"amplitude": Uniform(0, 1e5)})
    best = fitted(posterior, start=[3e4, 15.0, 2.0], starts=4)
    np.testing.assert_allclose(best.vector, fitted(posterior).vector, atol=0.1 * np.min(best.sigma))


def test_limit_of_a_parameter_at_its_bound_is_that_of_the_profile():
    posterior = CurvePosterior(WIDE | {"level": Uniform(0.6, 3)}, seed=1, sigma=0.3)
    best = fitted(posterior, start=[3.0, 1.0, 0.8])
    (limit,) = best.limits
    assert best.at_bound == ("level",) and (limit.name, limit.side, limit.level) == ("level", "upper", 0.95)

    def profile(level):
        return 2 * least_squares(lambda v: posterior.residuals([*v, level]), best.vector[:2], xtol=1e-14).cost

    assert profile(limit.value) - best.chi_squared == pytest.approx(2.706, rel=0.06)
    assert "< " in repr(best) and best.limit("level") is limit and best.limit("rate") is None


def test_a_lower_limit_at_an_upper_bound():
    best = fitted(CurvePosterior(WIDE | {"level": Uniform(-3, 0.45)}, seed=1), start=[3.0, 1.0, 0.2])
    assert best.limits[0].side == "lower" and best.limits[0].value < best.vector[2]


def test_a_parameter_that_may_be_anything_has_no_limit():
    """The rate of a curve without amplitude."""
    posterior = CurvePosterior({"rate": LogUniform(0.5, 2), "level": Uniform(-3, 3)}, truth=Curve(amplitude=1e-5))
    best = fitted(posterior)
    assert best.unconstrained == ("rate",) and best.limits == ()


def test_scaled_errors_follow_the_noise_scale():
    posterior = CurvePosterior(WIDE)
    posterior.sigma = 0.05  # half of what it is
    formal, scaled = fitted(posterior), fitted(posterior, errors="scaled")
    assert formal.errors == "independent" and scaled.errors == "scaled"
    np.testing.assert_allclose(scaled.sigma, formal.sigma * formal.noise_scale, rtol=1e-6)
    np.testing.assert_allclose(scaled.error_inflation, formal.noise_scale, rtol=1e-6)
    assert formal.noise_scale == pytest.approx(2, rel=0.3)


def test_correlated_errors_need_images():
    with pytest.raises(ParameterError, match='use "independent" or "scaled"'):
        fitted(CurvePosterior(WIDE), errors="correlated")


def test_condition_and_degenerate_pairs():
    close = CurvePosterior(WIDE, truth=Curve(3.0, 0.1, 0.5))
    best = fitted(close)
    assert best.condition > 1e3 and abs(best.degenerate[0][2]) > 0.95
    assert abs(best.correlation[0, 2]) == pytest.approx(max(abs(pair[2]) for pair in best.degenerate), rel=1e-6)
    assert fitted(CurvePosterior({"level": Uniform(-3, 3)})).condition == 1.0


def test_lbfgsb_finds_the_same_minimum():
    posterior = CurvePosterior(WIDE)
    start = [6.0, 0.3, -1.0]
    by_squares, by_gradient = fitted(posterior, start=start), fitted(posterior, LBFGSB(), start=start)
    assert abs(by_gradient.chi_squared - by_squares.chi_squared) < 0.01
    np.testing.assert_allclose(by_gradient.sigma, by_squares.sigma, rtol=0.02)
    assert by_gradient.engine == "LBFGSB" and by_gradient.succeeded


def test_lbfgsb_sees_the_density_of_the_prior():
    """A LogUniform prior on an amplitude known to 30 %: the density peaks below the minimum of chi-squared."""
    posterior = CurvePosterior({"amplitude": LogUniform(1e-3, 10)}, sigma=1.0, truth=Curve(amplitude=1.0))
    alone = minimize(
        lambda x: -posterior.log_probability(np.array([np.exp(x[0])])),
        [0.0],
        method="Nelder-Mead",
        options={"xatol": 1e-10, "fatol": 1e-12},
    )
    best = fitted(posterior, LBFGSB())
    assert best.vector[0] == pytest.approx(np.exp(alone.x[0]), rel=1e-4)
    assert best.vector[0] < fitted(posterior).vector[0] - 0.02


class NoSquares:
    """A skewed density that is no sum of squares."""

    data = None

    def __init__(self):
        self.space = ParameterSpace.of(Curve(2.0, 3.0), {"amplitude": Uniform(0.1, 20), "rate": Uniform(0.1, 20)})

    def log_likelihood(self, vector, *, xp=np):
        a, b = vector
        return 5 * np.log(a) - a + 8 * np.log(b) - 2 * b - 0.05 * a * b

    def log_probability(self, vector, *, xp=np):
        return float(self.space.log_prior(vector)) + self.log_likelihood(vector)


def test_lbfgsb_without_residuals_has_the_covariance_of_the_curvature():
    best = fitted(NoSquares(), LBFGSB())
    a, b = best.vector
    assert 5 / a - 1 - 0.05 * b == pytest.approx(0, abs=1e-4) and 8 / b - 2 - 0.05 * a == pytest.approx(0, abs=1e-4)
    np.testing.assert_allclose(best.covariance, np.linalg.inv([[5 / a**2, 0.05], [0.05, 8 / b**2]]), rtol=1e-3)


@pytest.mark.parametrize("wrong", [{"tolerance": 0}, {"max_iterations": 0}, {"max_iterations": True}])
def test_lbfgsb_settings(wrong):
    with pytest.raises(ParameterError, match="LBFGSB"):
        LBFGSB(**wrong)


@pytest.mark.parametrize(
    "wrong",
    [
        {"loss": "squared"},
        {"errors": "none"},
        {"starts": 0},
        {"seed": -1},
        {"loss_scale": 0},
        {"derivatives": "backward"},
    ],
)
def test_settings_that_make_no_sense(wrong):
    with pytest.raises(ParameterError, match=f"LeastSquares.{next(iter(wrong))}"):
        LeastSquares(**wrong)


def test_exact_derivatives_need_a_library_that_has_them():
    with pytest.raises(ParameterError, match="need JAX"):
        fitted(CurvePosterior(WIDE), derivatives="exact")


class Silent:
    def update(self, n):
        pass


def problem_of(posterior, **settings):
    return Problem(posterior, Scaling.of(posterior.space), np, Silent(), **settings)


def search(problem, start):
    x = problem.scaling.strictly_inside(problem.scaling.to_coordinates(np.array(start, float)))
    return local_search(problem, x, tolerance=1e-8, max_iterations=100)


def test_a_search_that_breaks_off_is_repeated_from_inside_and_says_so():
    posterior = CurvePosterior(WIDE)
    problem, calls = problem_of(posterior), []
    plain = problem.quick_jacobian

    def broken_once(x, residual):
        calls.append(1)
        return plain(x, residual) if len(calls) > 1 else np.full((TIMES.size, 3), np.nan)

    problem.quick_jacobian = broken_once
    found = search(problem, [6, 0.3, -1])
    assert found.arrived and "broke off" in found.steps[0] and "from 1 % inside the bounds" in found.steps[1]


def test_a_search_that_stops_early_goes_on_with_the_same_loss_and_names_every_step():
    posterior = CurvePosterior(WIDE, outliers=(5, 20))
    for loss in ("linear", "soft_l1"):
        problem = problem_of(posterior, loss=loss)
        x = problem.scaling.to_coordinates(np.array([9.0, 0.06, -2.9]))
        found = local_search(problem, x, tolerance=0.9, max_iterations=50)
        assert len(found.steps) > 1 and found.arrived and problem.loss == loss
        alone = independent(posterior, [3, 1, 0.5], loss)
        assert found.cost == pytest.approx(2 * alone.cost, abs=0.01)


def counted(problem):
    """Where Jacobians were computed."""
    places, plain = [], problem.quick_jacobian

    def noted(x, residual):
        places.append(x.copy())
        return plain(x, residual)

    problem.quick_jacobian = noted
    return places


def test_most_jacobians_of_a_search_are_corrected_and_the_last_is_computed():
    problem = problem_of(CurvePosterior(WIDE))
    places = counted(problem)
    found = search(problem, [6, 0.3, -1])
    trials = int(found.steps[0].split(": ")[1].split(" ")[0])
    assert found.arrived and 1 < len(places) <= 1 + trials / 2
    assert len({tuple(place) for place in places}) == len(places)  # never twice at one point
    np.testing.assert_allclose(found.jacobian, problem.jacobian(found.x), atol=2e-3 * np.max(np.abs(found.jacobian)))


def test_a_corrected_jacobian_agrees_with_what_the_last_step_changed():
    problem = problem_of(CurvePosterior(WIDE))
    slopes = _Slopes(problem, quick=True, measured=None, corrections=2)
    places, computed = (
        [np.array([0.3, 0.5, 0.6]) + 0.05 * k * np.array([1, -1, 0.5]) for k in range(4)],
        counted(problem),
    )
    residuals, jacobians = [], []
    for x in places:
        residuals.append(slopes.residuals(x))
        jacobians.append(slopes.jacobian(x))
    for k in (1, 2):
        step = places[k] - places[k - 1]
        np.testing.assert_allclose(jacobians[k] @ step, residuals[k] - residuals[k - 1], rtol=1e-10)
    assert [tuple(x) for x in computed] == [tuple(places[0]), tuple(places[3])]


def test_gauss_newton_steps_end_at_a_bound_where_the_minimum_is():
    bound = CurvePosterior(WIDE | {"level": Uniform(0.6, 3)}, seed=1)
    problem = problem_of(bound)
    x = problem.scaling.strictly_inside(problem.scaling.to_coordinates(np.array([2.5, 1.3, 0.8])))
    chain = _Chain(problem, x, 100)
    chain.arrived()
    chain.gauss_newton("steps")
    alone = least_squares(lambda v: bound.residuals([*v, 0.6]), [3.0, 1.0], xtol=1e-14)
    assert chain.gain <= ARRIVED and chain.at_bound.tolist() == [False, False, True]
    assert chain.cost == pytest.approx(2 * alone.cost, abs=ARRIVED) and chain.steps[0].startswith("steps: ")


def test_what_is_left_to_gain_is_what_a_search_gains():
    """A linear problem: exactly; with a parameter held by its bound left out."""
    posterior = CurvePosterior({"amplitude": Uniform(0, 10), "level": Uniform(-3, 3)})
    problem = problem_of(posterior)
    x = problem.scaling.to_coordinates(np.array([3.4, 0.3]))
    residual = problem.residuals(x)
    _, gain = remaining_gain(x, residual, problem.jacobian(x), problem.scaling)
    assert gain == pytest.approx(np.sum(residual**2) - search(problem, [3.4, 0.3]).cost, rel=1e-6)
    bound = CurvePosterior({"amplitude": Uniform(4, 10), "level": Uniform(-3, 3)})
    found = search(problem_of(bound), [5.0, 0.0])
    assert found.at_bound.tolist() == [True, False] and found.gain < ARRIVED


def test_derivatives_that_are_not_finite_are_replaced(monkeypatch):
    """An array library whose derivative with respect to the second parameter is NaN."""
    posterior = CurvePosterior(WIDE)
    problem = problem_of(posterior)
    wanted = problem.jacobian(np.array([0.3, 0.5, 0.6]))
    from diskarray.search import problem as module

    def broken(function, subject, extended, *, xp):
        vector, step = extended[:-1], 1e-6
        columns = [
            (function(subject, extended + step * row, xp=np) - function(subject, extended - step * row, xp=np))
            / (2 * step)
            for row in np.eye(extended.size)
        ]
        columns[1] = np.full(TIMES.size, np.nan)
        assert vector.size == 3
        return np.stack(columns, axis=-1)

    monkeypatch.setattr(module, "exact_jacobian", broken)
    monkeypatch.setattr(module, "has_derivatives", lambda xp: True)
    replaced = problem_of(posterior)
    np.testing.assert_allclose(replaced.jacobian(np.array([0.3, 0.5, 0.6])), wanted, rtol=1e-4, atol=1e-4)
    assert replaced.repaired == {"rate"}
    np.testing.assert_allclose(
        replaced.residuals(np.array([0.3, 0.5, 0.6])), problem.residuals(np.array([0.3, 0.5, 0.6])), rtol=1e-7
    )
    best = fitted(posterior, derivatives="exact")
    assert any("rate, which was not finite" in step for step in best.steps) and best.succeeded


def test_lbfgsb_says_that_it_was_stopped_before_it_settled():
    best = fitted(CurvePosterior(WIDE), LBFGSB(max_iterations=1), start=[6.0, 0.3, -1.0])
    assert not best.succeeded and best.status != "converged"


def test_lbfgsb_refuses_a_start_without_a_probability(monkeypatch):
    monkeypatch.setattr(NoSquares, "log_likelihood", lambda self, vector, *, xp=np: np.nan)
    with pytest.raises(ParameterError, match="no finite log probability"):
        fitted(NoSquares(), LBFGSB())
