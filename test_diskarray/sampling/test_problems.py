"""The exact moments and evidences of the test problems against brute-force integration."""

import numpy as np
import pytest
from problems import PROBLEMS, best_fit, bounded, conjugate, two_modes


@pytest.mark.parametrize("make", [conjugate, bounded, two_modes])
def test_moments_and_evidence_by_brute_force(make):
    problem = make()
    sigma = np.sqrt(np.diag(problem.exact_covariance))
    lower, upper = problem.space.bounds
    n = 81 if problem.space.size == 3 else 401
    axes = []
    for k in range(problem.space.size):
        ends = np.clip(problem.exact_mean[k] + np.array([-8, 8]) * sigma[k], lower[k], upper[k])
        step = (ends[1] - ends[0]) / n
        axes.append(ends[0] + step * (np.arange(n) + 0.5))
    cell = np.prod([a[1] - a[0] for a in axes])
    points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, problem.space.size)
    density = np.exp(_log_probabilities(problem, points))
    total = density.sum() * cell
    weights = density / density.sum()
    mean = weights @ points
    covariance = (weights[:, None] * (points - mean)).T @ (points - mean)
    assert abs(np.log(total) - problem.exact_log_evidence) < 2e-3
    np.testing.assert_allclose(mean, problem.exact_mean, atol=2e-3)
    np.testing.assert_allclose(covariance, problem.exact_covariance, atol=4e-3)


def _log_probabilities(problem, points):
    """All rows at once: log_probability by its own formula, not row by row."""
    if hasattr(problem, "centers"):
        off = points[:, None, :] - problem.centers
        terms = problem.log_weights - 0.5 * (np.einsum("kij,mkj->mki", problem.whiten, off) ** 2).sum(-1)
        value = np.logaddexp.reduce(terms, axis=1)
    else:
        n = problem.center.size
        value = -0.5 * (((points - problem.center) @ problem.whiten.T) ** 2).sum(-1)
        value = value + np.log(np.diag(problem.whiten)).sum() - 0.5 * n * np.log(2 * np.pi)
    prior = sum(p.log_density(points[:, k]) for k, p in enumerate(problem.space.priors))
    few = points[:: len(points) // 7]
    np.testing.assert_allclose(problem.log_probabilities(few), (value + prior)[:: len(points) // 7], rtol=1e-10)
    assert np.array_equal(problem.log_probabilities(few), [problem.log_probability(row) for row in few])
    assert np.array_equal(problem.log_likelihoods(few), [problem.log_likelihood(row) for row in few])
    return value + prior


@pytest.mark.parametrize("name", PROBLEMS)
def test_the_best_fit_is_a_maximum(name):
    problem = PROBLEMS[name]()
    best = best_fit(problem)
    top = problem.log_probability(best.vector)
    rng = np.random.default_rng(0)
    sigma = np.sqrt(np.diag(problem.exact_covariance))
    near = best.vector + 0.02 * sigma * rng.standard_normal((200, problem.space.size))
    gain = problem.log_probabilities(near) - top
    assert gain.max() < (0.02 if name == "two_modes" else 1e-9)


def test_identities_differ():
    problems = [make() for make in PROBLEMS.values()] + [two_modes(3.0)]
    assert len({p.identity() for p in problems}) == len(problems)
    assert two_modes().identity() == two_modes().identity()
