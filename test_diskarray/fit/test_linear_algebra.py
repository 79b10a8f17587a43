"""Least squares of a fixed shape, against NumPy's and SciPy's."""

import numpy as np
import pytest
from scipy.optimize import lsq_linear

from diskarray.fit.linear_algebra import (
    back_substituted,
    bounded_minimum,
    covariance_of,
    n_sets,
    orthogonalized,
)

RANDOM = np.random.default_rng(8)


def problem(m=40, k=5, scales=1.0):
    return RANDOM.normal(size=(m, k)) * scales, RANDOM.normal(size=m)


def test_the_solution_and_the_rest_are_those_of_numpy_whatever_the_units():
    columns, target = problem(scales=10.0 ** np.array([-8, 0, 9, 3, -2]))
    R, z, rest, kept = orthogonalized(columns, target)
    solution = back_substituted(R, z[:, None])[:, 0]
    expected = np.linalg.lstsq(columns / np.linalg.norm(columns, axis=0), target, rcond=None)[0]
    np.testing.assert_allclose(solution * np.linalg.norm(columns, axis=0), expected, rtol=1e-12)
    np.testing.assert_allclose(rest, target - columns @ solution, atol=1e-12)
    assert kept.all() and np.array_equal(R, np.triu(R))


def test_nearly_dependent_columns_keep_their_accuracy():
    columns, target = problem()
    columns[:, 4] = columns[:, 0] - 2 * columns[:, 1] + 1e-6 * columns[:, 4]
    R, z, _, kept = orthogonalized(columns, target)
    assert kept.all()
    solution, expected = back_substituted(R, z[:, None])[:, 0], np.linalg.lstsq(columns, target, rcond=None)[0]
    np.testing.assert_allclose(solution, expected, rtol=1e-8)


def test_the_covariance():
    columns, target = problem()
    R, _, _, kept = orthogonalized(columns, target)
    np.testing.assert_allclose(covariance_of(R, kept), np.linalg.inv(columns.T @ columns), rtol=1e-11, atol=1e-14)


@pytest.mark.parametrize("dependent", [lambda c: c[:, 0] - 3 * c[:, 2], lambda c: 0 * c[:, 0], lambda c: c[:, 1]])
def test_a_dependent_column_is_left_out_and_nothing_else_changes(dependent):
    columns, target = problem()
    columns[:, 3] = dependent(columns)
    others = [0, 1, 2, 4]
    R, z, rest, kept = orthogonalized(columns, target)
    solution = back_substituted(R, z[:, None])[:, 0]
    assert kept.tolist() == [True, True, True, False, True] and solution[3] == 0
    np.testing.assert_allclose(solution[others], np.linalg.lstsq(columns[:, others], target, rcond=None)[0], rtol=1e-9)
    inverse = np.linalg.inv(columns[:, others].T @ columns[:, others])
    np.testing.assert_allclose(covariance_of(R, kept)[np.ix_(others, others)], inverse, rtol=1e-9, atol=1e-14)
    assert not covariance_of(R, kept)[3].any() and np.isfinite(rest).all()


def test_batches_are_solved_one_by_one():
    several = [problem() for _ in range(3)]
    R, z, _, _ = orthogonalized(*(np.stack(parts) for parts in zip(*several, strict=True)))
    for k, (columns, target) in enumerate(several):
        np.testing.assert_allclose(
            back_substituted(R[k], z[k][:, None])[:, 0], np.linalg.lstsq(columns, target, rcond=None)[0], rtol=1e-11
        )


@pytest.mark.parametrize("seed", range(40))
def test_bounds_as_scipy_has_them(seed):
    random = np.random.default_rng(seed)
    columns = random.normal(size=(12, 4)) + random.normal(size=(12, 1))
    target = columns @ random.normal(0, 2, size=4) + random.normal(size=12)
    lower = np.where(random.uniform(size=4) < 0.6, -random.uniform(0, 1, 4), -np.inf)
    upper = np.where(random.uniform(size=4) < 0.5, random.uniform(0.1, 1, 4), np.inf)
    R, z, _, _ = orthogonalized(columns, target)
    expected = lsq_linear(columns, target, (lower, upper), method="bvls", tol=1e-14).x
    np.testing.assert_allclose(bounded_minimum(R, z, lower, upper), expected, atol=1e-9)


def test_the_number_of_sets():
    assert n_sets(np.array([0, -np.inf, 1, -1]), np.array([np.inf, np.inf, 2, 1])) == 2 * 1 * 3 * 3
