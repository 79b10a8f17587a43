"""The ensemble sampler against exact posteriors, and its start, its bounds, its workers and its checkpoints."""

import dataclasses
import math
import multiprocessing
import sys

import numpy as np
import pytest
from faulty import Faulty
from problems import PROBLEMS, Point, PosteriorSurface, best_fit, bounded, conjugate, correlated

from diskarray.errors import BackendError, Interrupted, MissingExtraError, ParameterError, SamplerError
from diskarray.files.journal import Journal
from diskarray.parameters.priors import LogUniform, Normal, Uniform, UniformAngle
from diskarray.parameters.space import ParameterSpace
from diskarray.sampling.emcee_engine import Emcee
from diskarray.sampling.evaluations import Evaluations
from diskarray.sampling.sample import sample
from diskarray.sampling.start_ball import around, start_ball

pytest.importorskip("emcee")
SHORT = Emcee(autocorrelation_times=3, burn_in=1, max_steps=100)


def drawn(problem, engine=SHORT, start=None, **given):
    return sample(problem, engine, start=best_fit(problem) if start is None else start, progress=False, **given)


def same(one, other):
    """Draws, counters, maximum, and everything that is said about the run but its duration."""
    assert np.array_equal(one.samples, other.samples) and np.array_equal(one.log_probability, other.log_probability)
    assert np.array_equal(one.vector, other.vector) and one.maximum_log_probability == other.maximum_log_probability
    assert (one.n_evaluations, one.status, one.message) == (other.n_evaluations, other.status, other.message)


@pytest.mark.parametrize("name", PROBLEMS)
def test_exact_means_and_covariances(name):
    """Within 4 Monte Carlo errors of effective sample sizes of at least 1000, and 5 for the many covariances."""
    problem = PROBLEMS[name]()
    result = drawn(problem, Emcee(), seed=11)
    size = result.diagnostics.ess_bulk[:-1].min()
    assert result.status == "converged" and result.established and size > 1000
    sigma = np.sqrt(np.diag(problem.exact_covariance))
    assert np.all(np.abs(result.mean - problem.exact_mean) < 4 * sigma / math.sqrt(size))
    scale = np.outer(sigma, sigma)
    correlation = problem.exact_covariance / scale
    error = np.sqrt((1 + correlation**2) / size) * (1.6 if name == "two_modes" else 1.0)
    assert np.all(np.abs(result.covariance - problem.exact_covariance) / scale < 5 * error)
    assert not result.independent_chains and result.log_evidence is None
    assert result.maximum_log_probability >= result.log_probability.max()


def test_the_stretch_move_agrees_too():
    problem = conjugate()
    result = drawn(problem, Emcee(move="stretch", autocorrelation_times=12))
    sigma, size = np.sqrt(np.diag(problem.exact_covariance)), result.diagnostics.ess_bulk[:-1].min()
    assert np.all(np.abs(result.mean - problem.exact_mean) < 4 * sigma / math.sqrt(size))


def test_a_run_that_is_too_short_says_so():
    result = drawn(correlated(), Emcee(max_steps=60))
    assert result.status == "max_steps" and not result.established
    assert result.samples.shape[1] >= 30  # at least half is kept


def test_the_seed_and_nothing_else_decides():
    one = drawn(conjugate(), seed=5)
    np.random.seed(1)  # noqa: NPY002 - emcee must not look at it
    same(one, drawn(conjugate(), seed=5))
    assert not np.array_equal(one.samples, drawn(conjugate(), seed=6).samples)


def test_it_leaves_the_global_random_numbers_alone():
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    drawn(conjugate(), Emcee(max_steps=20))
    assert np.array_equal(np.random.get_state()[1], before)  # noqa: NPY002


# periodic angles


class Angle(PosteriorSurface):
    """A peak of 40 degrees at 350 degrees, and one straight parameter."""

    space = ParameterSpace.of(Point(a=350.0), {"a": UniformAngle(0, 360), "b": Normal(0, 1)})
    concentration = 2.0
    arrays = ()

    def log_likelihood(self, vector, *, xp=np):
        """A von Mises density."""
        return self.concentration * np.cos(np.radians(vector[..., 0] - 350.0))


class AnyAngle(Angle):
    """An angle about which nothing is known."""

    concentration = 0.0


def test_an_angle_across_its_seam():
    from scipy.stats import vonmises

    result = drawn(Angle(), Emcee(), start=np.array([355.0, 0.1]), seed=2)
    angles = result.samples[..., 0]
    assert result.established and angles.min() >= 0 and angles.max() < 360
    beyond = np.mean(np.cos(np.radians(angles - 350.0)))
    size = result.diagnostics.ess_bulk[0]
    assert abs(beyond - vonmises(2.0).expect(np.cos)) < 4 * 0.5 / math.sqrt(size)
    assert np.any(angles < 30) and np.any(angles > 330)


def test_an_angle_that_nothing_is_known_about():
    result = drawn(AnyAngle(), Emcee(), start=np.array([355.0, 0.1]), seed=3)
    counts = np.histogram(result.samples[..., 0], bins=6, range=(0, 360))[0] / result.samples[..., 0].size
    assert result.established and np.all(np.abs(counts - 1 / 6) < 0.04)
    assert abs(result.sigma[1] - 1) < 0.1


def test_around_a_center():
    rows = np.array([[0.0, 1.0], [169.0, 2.0], [171.0, 3.0], [720.0, 4.0]])
    np.testing.assert_allclose(around(Angle.space, np.array([350.0, 0.0]), rows)[:, 0], [360.0, 529.0, 171.0, 360.0])


# where walkers start


def ball(problem, start, walkers=400, spread=1.0, seed=0):
    evaluations = Evaluations(problem, Journal.in_memory())
    rows, values = start_ball(problem, start, walkers, np.random.default_rng(seed), evaluations, spread)
    assert np.all(np.isfinite(values)) and np.array_equal(values, problem.log_probabilities(rows))
    return rows


def test_the_ball_is_the_gaussian_around_the_best_fit():
    problem = correlated()
    rows = ball(problem, best_fit(problem), 4000, spread=0.5)
    scale = np.sqrt(np.outer(np.diag(problem.exact_covariance), np.diag(problem.exact_covariance)))
    np.testing.assert_allclose(np.cov(rows.T) / scale, 0.25 * problem.exact_covariance / scale, atol=0.03)


def test_a_parameter_at_its_bound_gets_its_own_scale():
    problem = bounded()
    rows = ball(problem, best_fit(problem))
    assert rows[:, 0].min() >= 0.0
    assert 0.3 < rows[:, 0].std() / math.sqrt(problem.exact_covariance[0, 0]) < 2.0
    assert rows[:, 1].std() == pytest.approx(math.sqrt(best_fit(problem).covariance[1, 1]), rel=0.12)


def test_a_start_without_errors_gets_scales_from_the_posterior():
    problem = correlated(correlation=0.0)
    rows = ball(problem, problem.exact_mean)
    np.testing.assert_allclose(rows.std(axis=0) / np.sqrt(np.diag(problem.exact_covariance)), 1.0, atol=0.25)


def test_a_parameter_that_is_not_constrained_starts_from_its_prior():
    class Half(PosteriorSurface):
        space = ParameterSpace.of(Point(a=1.0, b=0.1), {"a": Uniform(-5, 5), "b": LogUniform(1e-3, 1e3)})

        def log_likelihood(self, vector, *, xp=np):
            flat_in_log_b = np.log(np.maximum(vector[..., 1], 1e-9))
            return -0.5 * ((vector[..., 0] - 1.0) / 0.01) ** 2 + flat_in_log_b

    rows = ball(Half(), np.array([1.0, 0.1]))
    assert rows[:, 0].std() == pytest.approx(0.01, rel=0.3)
    assert rows[:, 1].min() < 0.01 and rows[:, 1].max() > 100


def test_walkers_outside_the_posterior_are_drawn_again():
    class Wedge(PosteriorSurface):
        space = ParameterSpace.of(Point(), {"a": Normal(0, 1), "b": Normal(0, 1)})

        def log_likelihood(self, vector, *, xp=np):
            return np.where(np.abs(vector[..., 1]) <= 0.3 * np.abs(vector[..., 0]) + 1e-3, 0.0, -np.inf)

    rows = ball(Wedge(), np.zeros(2), 60)
    assert np.ptp(rows[:, 0]) > 0.1


def test_no_place_for_walkers_is_one_error():
    class Needle(PosteriorSurface):
        space = ParameterSpace.of(Point(), {"a": Normal(0, 1), "b": Normal(0, 1)})

        def log_likelihood(self, vector, *, xp=np):
            return np.where(np.all(vector == 0, axis=-1), 0.0, -np.inf)

    with pytest.raises(SamplerError, match="walkers find no place"):
        ball(Needle(), np.zeros(2), 32)


# workers


def test_the_draws_do_not_depend_on_the_number_of_workers():
    engine = dataclasses.replace(SHORT, max_steps=15)
    one = drawn(conjugate(), engine)
    for workers in (1, 2):
        same(one, drawn(conjugate(), dataclasses.replace(engine, workers=workers)))
    assert multiprocessing.active_children() == []


def test_a_killed_worker_changes_nothing(tmp_path):
    engine, start = Emcee(max_steps=15, workers=2), best_fit(conjugate()).vector
    result = drawn(Faulty("kill once", tmp_path), engine, start)
    assert (tmp_path / "killed").exists()
    same(result, drawn(conjugate(), dataclasses.replace(engine, workers=0), start))


@pytest.mark.parametrize(
    ("fault", "words"),
    [("raise", "a fault in the model"), ("nan", "log probability is nan at a = 1"), ("kill", "died 2 times")],
)
def test_a_fault_in_a_worker_is_one_error(fault, words):
    with pytest.raises(SamplerError, match=words):
        drawn(Faulty(fault), Emcee(max_steps=15, workers=2), best_fit(conjugate()).vector - [1.0, 0, 0])
    assert multiprocessing.active_children() == []


# checkpoints


class Stops(Journal):
    """A journal that is asked to stop at a step."""

    at = None

    def step(self, name, inputs, compute):
        if self.steps == self.at:
            self.stop_requested = "test"
        return super().step(name, inputs, compute)


def test_interrupted_runs_end_as_if_they_had_not_been(tmp_path, monkeypatch):
    whole = drawn(conjugate(), seed=4)
    monkeypatch.setattr("diskarray.sampling.checkpoint.Journal", Stops)
    for at in (0, 1, 3, 100):
        monkeypatch.setattr(Stops, "at", at)
        for _ in range(2):  # the second time it stops before anything new is computed
            with pytest.raises(Interrupted):
                drawn(conjugate(), seed=4, checkpoint=tmp_path / f"at{at}")
        monkeypatch.setattr(Stops, "at", None)
        same(whole, drawn(conjugate(), seed=4, checkpoint=tmp_path / f"at{at}"))


def test_a_finished_run_can_be_made_longer(tmp_path):
    short = drawn(conjugate(), Emcee(max_steps=60), checkpoint=tmp_path / "run")
    assert short.status == "max_steps"
    longer = drawn(conjugate(), Emcee(max_steps=150, workers=0), checkpoint=tmp_path / "run")
    same(longer, drawn(conjugate(), Emcee(max_steps=150)))


# settings


@pytest.mark.parametrize(
    "settings",
    [
        {"walkers": 3},
        {"walkers": 8.0},
        {"max_steps": 0},
        {"workers": -1},
        {"autocorrelation_times": 0.0},
        {"burn_in": math.nan},
        {"spread": 0.0},
        {"move": "slide"},
        {"burn_in": "5"},
    ],
)
def test_settings_that_make_no_sense(settings):
    with pytest.raises(ParameterError, match=f"Emcee.{next(iter(settings))}"):
        Emcee(**settings)


def test_too_few_walkers():
    with pytest.raises(ParameterError, match="at least 6, twice the number of parameters, got 5"):
        drawn(conjugate(), Emcee(walkers=5))


def test_a_start_is_needed():
    with pytest.raises(ParameterError, match="begins around a best fit"):
        sample(conjugate(), Emcee(), progress=False)


def test_workers_are_for_numpy():
    strict = pytest.importorskip("array_api_strict")
    with pytest.raises(BackendError, match="Emcee.workers"):
        Emcee(workers=2).run(conjugate(), best_fit(conjugate()), seed=0, xp=strict, journal=None, progress=None)


def test_without_emcee_it_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "emcee", None)
    with pytest.raises(MissingExtraError, match=r"diskarray\[sample\]"):
        sample(correlated(2), Emcee(), start=best_fit(correlated(2)), progress=False)
