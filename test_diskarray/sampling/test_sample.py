"""The verb and its gate: a good start passes, a bad one is refused with the reason."""

import dataclasses
import math

import numpy as np
import pytest
from problems import PROBLEMS, best_fit, bounded, conjugate, correlated

from diskarray.errors import CheckpointError, ParameterError, SamplerError, ShapeError
from diskarray.files.journal import Journal
from diskarray.sampling.evaluations import Evaluations
from diskarray.sampling.sample import sample
from diskarray.sampling.warm_start import checked_start


@dataclasses.dataclass(frozen=True)
class Echo:
    """An engine that returns what it was given."""

    def run(self, posterior, start, **given):
        """Nothing is sampled."""
        given["journal"].step("echo", (), dict)
        return start, given


def gate(problem, start):
    return checked_start(problem, start, Evaluations(problem, Journal.in_memory()))


def off(problem, sigmas, index=0):
    """The best fit moved by a number of standard deviations along one parameter, the others following it."""
    best = best_fit(problem)
    column = best.covariance[:, index] / math.sqrt(best.covariance[index, index])
    return dataclasses.replace(best, vector=best.vector + sigmas * np.nan_to_num(column))


@pytest.mark.parametrize("name", PROBLEMS)
def test_a_best_fit_passes(name):
    problem = PROBLEMS[name]()
    best = best_fit(problem)
    assert gate(problem, best) is best
    assert np.array_equal(gate(problem, best.vector), best.vector)
    assert gate(problem, None) is None


@pytest.mark.parametrize("inflation", [0.05, 1.0, 30.0])
def test_the_rise_is_that_of_the_posterior_whatever_the_size_of_the_covariance(inflation):
    """n/2 + 3 sqrt(n/2) = 6.2 of log probability for four parameters: 3.5 sigma of one of them."""
    problem = correlated()
    for sigmas, passes in [(3.4, True), (-3.4, True), (4.2, False), (-4.2, False)]:
        start = off(problem, sigmas)
        start = dataclasses.replace(start, covariance=inflation * start.covariance)
        if passes:
            assert gate(problem, start) is start
        else:
            with pytest.raises(SamplerError, match=f"rises by about {0.5 * sigmas**2:.3g} "):
                gate(problem, start)


def test_the_parameter_and_the_step_are_named():
    problem = correlated(correlation=0.0)
    sigma = math.sqrt(problem.exact_covariance[2, 2])
    start = off(problem, 6.0, index=2)
    with pytest.raises(SamplerError, match="far from the posterior's maximum.*mostly along c") as raised:
        gate(problem, start)
    assert f"(by {-6.0 * sigma:+.3g})" in str(raised.value)


def test_bounds_do_not_hide_a_bad_start():
    problem = bounded()
    start = off(problem, 6.0, index=1)
    assert math.isnan(start.covariance[0, 0])
    with pytest.raises(SamplerError, match="mostly along b"):
        gate(problem, start)


def test_a_start_next_to_a_bound_is_judged_by_what_room_there_is():
    problem = bounded()
    best = best_fit(problem)
    full = dataclasses.replace(best, vector=best.vector + [1e-9, 0, 0], covariance=np.diag([1.0, 0.5, 0.3]))
    assert gate(problem, full) is full


def test_probes_stay_within_the_bounds():
    """A tenth of a standard deviation off the bound, where every axis would leave the prior to one side."""
    problem = bounded()
    vector = np.array([0.1, problem.exact_mean[1] + 6.0, problem.exact_mean[2]])
    covariance = np.linalg.inv(problem.whiten.T @ problem.whiten)
    start = dataclasses.replace(best_fit(problem), vector=vector, covariance=covariance)
    with pytest.raises(SamplerError, match="mostly along b"):
        gate(problem, start)


def test_a_search_that_did_not_converge_is_refused():
    best = dataclasses.replace(best_fit(conjugate()), status="max_evaluations", message="stopped early")
    with pytest.raises(SamplerError, match="search ended as 'max_evaluations' .stopped early"):
        gate(conjugate(), best)


def test_a_start_without_any_error_passes():
    best = best_fit(conjugate())
    start = dataclasses.replace(best, covariance=np.full((3, 3), np.nan), unconstrained=best.names)
    assert gate(conjugate(), start) is start


@pytest.mark.parametrize(
    ("vector", "error", "words"),
    [
        ([1.0, 2.0], ShapeError, r"shape \(3,\), got shape \(2,\)"),
        ([1.0, 31.0, 0.0], ParameterError, "bounds of b"),
        ([1.0, math.nan, 0.0], ParameterError, "bounds of b"),
        ([math.inf, 0.0, 0.0], SamplerError, "zero at the start"),
    ],
)
def test_a_vector_is_checked(vector, error, words):
    with pytest.raises(error, match=words):
        gate(conjugate(), np.array(vector))


def test_a_best_fit_of_other_parameters_is_refused():
    with pytest.raises(ParameterError, match="other parameters, a, b, c, d; this posterior has a, b, c"):
        gate(conjugate(), best_fit(correlated(4)))


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_log_probability_that_is_no_number_is_one_error(value):
    class Broken:
        space = conjugate().space

        def log_probabilities(self, rows, *, xp):
            return np.where(rows[:, 0] > 0.5, value, 0.0)

    evaluations = Evaluations(Broken(), Journal.in_memory())
    assert np.array_equal(evaluations("x", np.zeros((3, 3))), np.zeros(3)) and evaluations.count == 3
    with pytest.raises(SamplerError, match=f"log probability is {value} at a = 0.75, b = 2, c = 3"):
        evaluations("x", [[0.0, 0.0, 0.0], [0.75, 2.0, 3.0]])


def test_evaluations_come_in_batches_of_one_size_and_the_best_is_kept():
    problem, sizes = conjugate(), []

    class Watched:
        space = problem.space

        def log_probabilities(self, rows, *, xp):
            sizes.append(len(rows))
            return problem.log_probabilities(rows)

    evaluations = Evaluations(Watched(), Journal.in_memory(), batch=8)
    rows = problem.exact_mean + 0.3 * np.random.default_rng(0).normal(size=(21, 3))
    values = evaluations("x", rows)
    assert sizes == [8, 8, 8] and np.array_equal(values, problem.log_probabilities(rows))
    assert evaluations.highest[1] == values.max() and np.array_equal(evaluations.highest[0], rows[values.argmax()])


def test_the_verb_hands_everything_on(tmp_path):
    best = best_fit(conjugate())
    start, given = sample(conjugate(), Echo(), start=best, seed=np.int64(3), progress=False)
    assert start is best and given["seed"] == 3 and given["xp"] is np and given["journal"].folder is None
    start, given = sample(conjugate(), Echo(), start=best.vector, checkpoint=tmp_path / "run", progress=False)
    assert np.array_equal(start, best.vector) and given["journal"].replayed == 0
    assert sample(conjugate(), Echo(), start=best.vector, checkpoint=tmp_path / "run")[1]["journal"].replayed == 2
    with pytest.raises(CheckpointError, match="seed is 1, there 0"):
        sample(conjugate(), Echo(), start=best.vector, checkpoint=tmp_path / "run", seed=1)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"engine": Echo}, "engine must be settings"),
        ({"engine": 3}, "engine"),
        ({"seed": -1}, "seed"),
        ({"seed": 1.5}, "seed"),
        ({"seed": True}, "seed"),
    ],
)
def test_bad_arguments(given, words):
    with pytest.raises(ParameterError, match=words):
        sample(conjugate(), **{"engine": Echo(), **given})
