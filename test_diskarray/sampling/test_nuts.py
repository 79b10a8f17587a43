"""The no-U-turn sampler as far as NumPy goes: its settings, where chains begin, and what it refuses.

What it draws needs JAX and is tested in workspace_test/parity_nuts.py.
"""

import array_api_strict
import numpy as np
import problems
import pytest

from diskarray.errors import BackendError, ParameterError, ShapeError
from diskarray.files.journal import Journal
from diskarray.sampling.bijectors import Unconstrained
from diskarray.sampling.hamiltonian import Frame, chain_starts
from diskarray.sampling.nuts import NUTS, _center, _factor, _precision


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"draws": 0}, "draws"),
        ({"draws": 10.0}, "draws"),
        ({"warmup": 19}, "20 or above"),
        ({"chains": True}, "chains"),
        ({"max_tree_depth": 0}, "max_tree_depth"),
        ({"block": 0}, "block"),
        ({"target_acceptance": 1.0}, "acceptance"),
        ({"target_acceptance": "high"}, "acceptance"),
        ({"vectorized": 1}, "vectorized"),
    ],
)
def test_settings_out_of_range(settings, words):
    with pytest.raises(ParameterError, match=words):
        NUTS(**settings)


@pytest.mark.parametrize("xp", [np, array_api_strict])
def test_without_jax_it_says_what_it_needs(xp):
    with pytest.raises(BackendError, match=r"gradients.*enable_jax"):
        NUTS().run(problems.conjugate(), None, seed=0, xp=xp, journal=Journal.in_memory(), progress=None)


def pieces(name, start):
    problem = problems.PROBLEMS[name]()
    coordinates = Unconstrained.of(problem.space)
    start = problems.best_fit(problem) if start else None
    return problem, coordinates, _center(problem.space, coordinates, start), start


def test_chains_begin_with_the_covariance_of_the_best_fit():
    problem, coordinates, center, start = pieces("correlated", True)
    np.testing.assert_allclose(coordinates.to_vector(center), start.vector, rtol=1e-12)
    precision = _precision(problem, coordinates, center, start, np)
    frame = Frame(center, _factor(precision, coordinates.spread))
    starts = chain_starts(frame, 4000, seed=2)
    vectors = coordinates.to_vector(frame.coordinates(starts).T)
    sigma = np.sqrt(np.diag(problem.exact_covariance))
    got = np.cov(vectors) / np.outer(sigma, sigma)
    np.testing.assert_allclose(got, problem.exact_covariance / np.outer(sigma, sigma), atol=0.1)
    assert np.array_equal(starts, chain_starts(frame, 4000, seed=2))
    assert not np.array_equal(starts, chain_starts(frame, 4000, seed=3))


def test_a_parameter_at_its_bound_begins_inside_and_as_wide_as_its_prior():
    problem, coordinates, center, start = pieces("bounded", True)
    assert start.vector[0] == 0.0 and np.isnan(start.covariance[0, 0])
    inside = coordinates.to_vector(center)
    assert 0 < inside[0] < 0.02 and inside[1:] == pytest.approx(start.vector[1:])
    factor = _factor(_precision(problem, coordinates, center, start, np), coordinates.spread)
    covariance = factor @ factor.T
    assert covariance[0, 0] == pytest.approx(coordinates.spread[0] ** 2)
    expected = coordinates.covariance(start.covariance, center)[1:, 1:]
    np.testing.assert_allclose(covariance[1:, 1:], expected, rtol=0.02)


def test_what_data_do_not_say_is_as_wide_as_the_prior():
    spread = np.array([1.8, 1.0, 1.8])
    precision = np.diag([1e4, 1e-6, -3.0])
    factor = _factor(precision, spread)
    np.testing.assert_allclose(np.diag(factor @ factor.T), [1e-4, 1.0, 1 / 3.0], rtol=1e-9)
    flat = _factor(np.full((3, 3), np.nan), spread)
    np.testing.assert_allclose(flat @ flat.T, np.diag(spread**2), atol=1e-12)


def test_without_a_covariance_the_curvature_counts():
    """The problem's gradient by finite differences stands in for the compiled one."""
    problem, coordinates, center, _ = pieces("conjugate", False)

    class Differences:
        space = problem.space

        def value_and_gradient(self, vector, *, xp):
            value, rows = problem.log_probability, 1e-3 * np.eye(3)
            return None, np.array([(value(vector + h) - value(vector - h)) / 2e-3 for h in rows])

    precision = _precision(Differences(), coordinates, center, None, np)
    derivative = coordinates.derivatives(center)
    inverse = np.linalg.inv(problem.exact_covariance) * np.outer(derivative, derivative)
    np.testing.assert_allclose(precision[0, [0, 2]], inverse[0, [0, 2]], rtol=1e-3)
    bounded = precision[1, 1] - inverse[1, 1]  # of a flat prior's coordinate: its own density and the slope of the map
    assert 0 < bounded < 0.5 * inverse[1, 1] + 1


@pytest.mark.parametrize(
    ("start", "error", "words"),
    [
        (np.zeros(2), ShapeError, r"\(3,\)"),
        (np.array([-1.0, 1.0, 4.0]), ParameterError, "bounds of a"),
    ],
)
def test_a_start_that_is_none(start, error, words):
    problem = problems.bounded()
    with pytest.raises(error, match=words):
        _center(problem.space, Unconstrained.of(problem.space), start)
