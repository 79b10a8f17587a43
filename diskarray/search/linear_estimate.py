"""Linear parameters of a fit: their values, and errors that include what the other parameters' errors carry over.

For every vector v of the searched parameters the best linear ones are c(v), and the residuals seen by a search are
r(v, c(v)). Their derivative is dr/dv + (dr/dc) (dc/dv), so that the Jacobian with respect to both kinds, side by side,
is [J - W dc/dv, W] with J the one the search has and W = dr/dc. Its covariance is the one of a fit that searched for
all of them.
"""

__all__ = ["full_jacobian", "has_linear"]

import numpy as np

_STEP = 1e-4


def has_linear(posterior):
    """Whether the posterior solves for parameters of its own."""
    return getattr(getattr(posterior, "space", None), "linear_size", 0) > 0


def full_jacobian(problem, x, jacobian):
    """The Jacobian with respect to the coordinates and then the linear parameters, and the linear solution.

    Parameters
    ----------
    problem : Problem
    x : array, shape (n,)
        Coordinates of the best fit.
    jacobian : array, shape (N + g + p, n)
        Of the residuals that the search sees: N pixels, g Gaussian priors of linear parameters, p of the others.

    Returns
    -------
    jacobian : array, shape (N + g + p, n + k)
    solution : LinearSolution
    """
    scaling = problem.scaling
    solution = _solution(problem, x)
    slopes = np.zeros((len(solution.names), x.size))
    for k in range(x.size):
        above, below = x.copy(), x.copy()
        above[k], below[k] = min(x[k] + _STEP, scaling.upper[k]), max(x[k] - _STEP, scaling.lower[k])
        slopes[:, k] = (_solution(problem, above).values - _solution(problem, below).values) / (above[k] - below[k])
    design = _design(problem, scaling.to_vector(x), np.asarray(solution.values), len(jacobian))
    held = np.isin(solution.names, solution.at_bound)
    slopes[held] = 0.0
    return np.concatenate([jacobian - design @ slopes, design], axis=1), solution


def _solution(problem, x):
    problem.counted(1)
    return problem.posterior.linear_solution(problem.scaling.to_vector(x), xp=problem.xp)


def _design(problem, vector, values, n_rows):
    """Derivatives of the residuals with respect to the linear parameters, exact because they are linear."""
    space = problem.posterior.space
    model = space.to_model(vector)
    base = problem.pixels_of(space.with_linear(model, values))
    design = np.zeros((n_rows, values.size))
    row = base.size
    for k, prior in enumerate(space.linear_priors):
        step = np.zeros(values.size)
        step[k] = max(abs(values[k]), 1e-3 * (prior.sigma or 1.0) if prior.is_gaussian else 1.0)
        design[: base.size, k] = (problem.pixels_of(space.with_linear(model, values + step)) - base) / step[k]
        if prior.is_gaussian:
            design[row, k] = -1 / prior.sigma
            row += 1
    return design
