"""The unit cube with periodic angles, batches of likelihoods, and draws of equal weight."""

import math

import numpy as np
import problems
import pytest

from diskarray.errors import SamplerError
from diskarray.files.journal import Journal
from diskarray.parameters.priors import Normal, Uniform, UniformAngle
from diskarray.sampling.nested import LikelihoodQueue, UnitCube, equal_weight_indices


def space(*priors):
    return problems.space_of(priors, [1.0] * len(priors))


class Counter:
    """Progress that adds up."""

    def __init__(self):
        self.n = 0

    def update(self, n=1, **figures):
        self.n += n


def queue_of(problem, **settings):
    return LikelihoodQueue(problem, Journal.in_memory(), Counter(), **settings)


def test_the_cube_is_the_prior_and_the_seam_lies_opposite_the_start():
    mixed = space(Uniform(-2, 2), UniformAngle(0, 360), UniformAngle(-90, 90))
    u = np.random.default_rng(1).random((500, 3))
    start = np.array([0.5, 350.0, -85.0])
    plain, turned = UnitCube.of(mixed), UnitCube.of(mixed, start)
    assert np.allclose([plain.to_vector(row) for row in u], [mixed.from_unit_cube(row) for row in u], rtol=0, atol=0)
    assert turned.to_vector(np.full(3, 0.5))[1:] == pytest.approx(start[1:])
    seam = turned.to_vector(np.array([0.5, 1e-9, 1e-9]))
    assert seam[1:] == pytest.approx([170.0, 5.0], abs=1e-5)
    rows = np.array([turned.to_vector(row) for row in u])
    assert np.all((rows >= [-2, 0, -90]) & (rows < [2, 360, 90]))
    assert np.array_equal(rows[:, 0], -2 + 4 * u[:, 0])
    from scipy.stats import kstest

    assert kstest(rows[:, 1] / 360, "uniform").pvalue > 0.01


@pytest.mark.parametrize(
    ("priors", "expected"),
    [
        ([Uniform(0, 1), UniformAngle()], [1]),
        ([UniformAngle(), UniformAngle(0, 180)], None),
        ([Normal(0, 1)], None),
    ],
)
def test_coordinates_that_a_sampler_may_wrap(priors, expected):
    found = UnitCube.of(space(*priors)).periodic
    assert expected is None and found is None or found.tolist() == expected


@pytest.mark.parametrize("batch", [1, 4, 100])
def test_batches_give_the_likelihood_of_every_row(batch):
    problem = problems.bounded()
    rows = np.random.default_rng(2).normal(1.0, 1.0, (11, 3)) + [1.0, 0.0, 0.0]
    queue = queue_of(problem, batch=batch)
    assert queue(rows) == pytest.approx([problem.log_likelihood(row) for row in rows], rel=1e-14)
    assert queue.of_one(rows[3]) == pytest.approx(problem.log_likelihood(rows[3]))
    assert queue.evaluated == queue.progress.n == 12


def test_the_highest_posterior_is_kept_not_the_highest_likelihood():
    problem = problems.conjugate()
    rows = np.vstack([problem.center, problem.exact_mean, problem.exact_mean + 1.0])
    queue = queue_of(problem)
    assert np.argmax(queue(rows)) == 0
    vector, value = queue.highest
    assert vector == pytest.approx(problem.exact_mean)
    assert value == pytest.approx(float(problem.log_probability(problem.exact_mean)))
    queue(rows[:1])
    assert queue.highest[0] == pytest.approx(problem.exact_mean)


class Odd:
    """A posterior over (0, inf) whose likelihood is what the test says."""

    def __init__(self, value):
        from diskarray.model.disk import Disk
        from diskarray.parameters.space import ParameterSpace
        from diskarray.profiles.density import TwoPowerLaw
        from diskarray.profiles.phase_function import HenyeyGreenstein

        disk = Disk(density=TwoPowerLaw(), phase_function=HenyeyGreenstein(), distance=50.0)
        self.space = ParameterSpace.of(disk, {"density.radius": Normal(1.0, 3.0)})
        self.value, self.seen = value, []

    def log_likelihoods(self, rows, *, xp=np):
        self.seen += rows[:, 0].tolist()
        return np.full(len(rows), self.value)


def test_nothing_is_evaluated_outside_the_physical_range():
    odd = Odd(-3.0)
    values = queue_of(odd, batch=1)(np.array([[2.0], [-1.0], [0.0], [5.0]]))
    assert values.tolist() == [-3.0, -math.inf, -math.inf, -3.0]
    assert odd.seen == [2.0, 5.0]
    assert queue_of(odd)(np.array([[-1.0]])).tolist() == [-math.inf]


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_likelihood_that_is_no_number_is_refused_with_its_place(value):
    with pytest.raises(SamplerError, match=r"(nan|inf) at density.radius = 2\.5"):
        queue_of(Odd(value))(np.array([[2.5], [3.0]]))


def test_the_error_of_a_posterior_is_kept_and_raised():
    class Broken(Odd):
        def log_likelihoods(self, rows, *, xp=np):
            raise ZeroDivisionError("broken")

    queue = queue_of(Broken(0.0))
    with pytest.raises(ZeroDivisionError) as raised:
        queue(np.array([[2.5]]))
    assert queue.error is raised.value


def test_equal_draws_come_in_proportion_to_the_weights():
    random = np.random.default_rng(3)
    weights = random.gamma(0.5, size=300)
    log_weight = np.log(weights / weights.sum())
    effective = int(1 / np.sum(np.exp(log_weight) ** 2))
    counts = np.zeros(300)
    for _ in range(400):
        chosen = equal_weight_indices(log_weight, random)
        assert len(chosen) == effective
        counts += np.bincount(chosen, minlength=300)
    share = counts / counts.sum()
    assert np.max(np.abs(share - np.exp(log_weight))) < 5 * np.sqrt(0.25 / (400 * effective))
    once = np.bincount(equal_weight_indices(log_weight, random), minlength=300)
    assert np.all(np.abs(once - np.exp(log_weight) * effective) < 1 + 1e-9)


def test_equal_draws_are_shuffled_and_of_the_generator_alone():
    log_weight = np.full(50, -math.log(50))
    one, same, other = (equal_weight_indices(log_weight, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other) and not np.array_equal(one, np.sort(one))
    assert equal_weight_indices(np.array([0.0]), np.random.default_rng(1)).tolist() == [0]
