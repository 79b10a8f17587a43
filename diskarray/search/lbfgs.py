"""The maximum of the log posterior by L-BFGS-B (Zhu et al. 1997, ACM TOMS 23, 550), scipy's.

Unlike least squares it sees the density of every prior, and a likelihood integrated over linear parameters as such. The
search runs in coordinates scaled by the curvature along each, which spares it most of its iterations.
"""

__all__ = ["LBFGSB"]

import dataclasses
import time

import numpy as np

from ..backend.precision import check_precision
from ..backend.transforms import has_derivatives
from ..errors import ParameterError
from ..results.optimize_result import OptimizeResult
from .least_squares import with_basins
from .local_search import ARRIVED, Found, remaining_gain
from .problem import Problem
from .report import report
from .scaling import Scaling
from .start import start_vector

_STEP = 1e-5
_SAME = 1e-4  # of the log posterior: a restart that gains less ends the search
_NONE = -1e300  # where there is no log posterior: a number that a line search can handle
_RESTARTS = 6


@dataclasses.dataclass(frozen=True)
class LBFGSB:
    """Settings of the quasi-Newton search for the maximum of the log posterior.

    Parameters
    ----------
    tolerance : float
        An iteration that changes the log posterior by less than this fraction is the last; the search then starts again
        with fresh curvature until that gains nothing.
    max_iterations : int
        Iterations of every search.
    """

    tolerance: float = 1e-11
    max_iterations: int = 200

    def __post_init__(self):
        if not (0 < self.tolerance < 1):
            raise ParameterError(f"LBFGSB.tolerance must be between 0 and 1, got {self.tolerance}")
        whole = isinstance(self.max_iterations, int) and not isinstance(self.max_iterations, bool)
        if not (whole and self.max_iterations > 0):
            raise ParameterError(f"LBFGSB.max_iterations must be a whole number above 0, got {self.max_iterations}")

    def run(self, posterior, start, *, xp, progress):
        """Search from ``start`` (a vector); returns an OptimizeResult."""
        began = time.perf_counter()
        check_precision(xp)
        problem = Problem(posterior, Scaling.of(posterior.space), xp, progress)
        target = _Target(problem)
        vector = start_vector(posterior.space, start)
        x = problem.scaling.strictly_inside(problem.scaling.to_coordinates(vector))
        if not target.value(x) > _NONE:
            raise ParameterError("the start has no finite log probability: look at the start values, priors and data")
        x, steps, settled = self._search(target, x)

        def seconds():
            return time.perf_counter() - began

        if not hasattr(posterior, "residuals"):
            return _without_residuals(target, x, settled, steps, seconds())
        residual, jacobian = problem.residuals(x), problem.jacobian(x)
        at_bound, _ = remaining_gain(x, residual, jacobian, problem.scaling)
        gain = 0.0 if settled else np.inf
        found = Found(x, residual, jacobian, problem.cost(residual), at_bound, gain, gain <= ARRIVED, tuple(steps))
        found, basins = with_basins(problem, found, [])
        return report(
            problem,
            problem,
            found,
            start=vector,
            errors="independent",
            basins=basins,
            steps=steps,
            seconds=seconds,
            engine="LBFGSB",
            unfinished="stopped before the log posterior settled",
        )

    def _search(self, target, x):
        from scipy.optimize import minimize

        scaling, steps = target.problem.scaling, []
        best = target.value(x)
        for _ in range(_RESTARTS):
            scale = target.scale(x)

            def downhill(z, scale=scale):
                value, slope = target.value_and_slope(np.clip(z * scale, scaling.lower, scaling.upper))
                return -value, -slope * scale

            solution = minimize(
                downhill,
                x / scale,
                jac=True,
                method="L-BFGS-B",
                bounds=np.stack([scaling.lower, scaling.upper], axis=-1) / scale[:, None],
                options={"maxiter": self.max_iterations, "ftol": self.tolerance, "gtol": 1e-5, "maxcor": 20},
            )
            steps.append(f"L-BFGS-B: {solution.nit} iterations")
            gained = -solution.fun - best
            if gained > 0:
                x, best = np.clip(solution.x * scale, scaling.lower, scaling.upper), -solution.fun
            if gained <= _SAME and solution.nit < self.max_iterations:
                return x, steps, True
        return x, steps, False


class _Target:
    """The log posterior in optimizer coordinates."""

    def __init__(self, problem):
        self.problem, self.posterior, self.exact = problem, problem.posterior, has_derivatives(xp=problem.xp)

    def value(self, x):
        """The log posterior; ``_NONE`` where it has none."""
        self.problem.counted(1)
        value = float(self.posterior.log_probability(self.problem.scaling.to_vector(x), xp=self.problem.xp))
        return value if np.isfinite(value) else _NONE

    def value_and_slope(self, x):
        """The log posterior and its gradient, exact under JAX, else by central differences."""
        if self.exact:
            self.problem.counted(x.size + 1)
            vector = self.problem.scaling.to_vector(x)
            value, gradient = self.posterior.value_and_gradient(vector, xp=self.problem.xp)
            return float(value), np.asarray(gradient) * self.problem.scaling.derivative(x)
        slope = np.array([self._difference(x, k) for k in range(x.size)])
        return self.value(x), slope

    def scale(self, x):
        """Standard deviation of every coordinate with the others held, from the curvature."""
        if hasattr(self.posterior, "residuals"):
            length = np.linalg.norm(self.problem.quick_jacobian(x, self.problem.residuals(x)), axis=0)
        else:
            length = np.sqrt(np.abs(np.diag(self.curvature(x))))
        return 1 / np.maximum(length, 1.0)

    def curvature(self, x, step=1e-3):
        """Matrix of second derivatives of minus the log posterior, by differences."""
        x = self.problem.scaling.strictly_inside(x, 2.1 * step)
        rows = np.eye(x.size) * step
        values = [
            [
                self.value(x + a + b) - self.value(x + a - b) - self.value(x - a + b) + self.value(x - a - b)
                for b in rows
            ]
            for a in rows
        ]
        return -np.array(values) / (4 * step**2)

    def _difference(self, x, k):
        scaling = self.problem.scaling
        above, below = x.copy(), x.copy()
        above[k], below[k] = min(x[k] + _STEP, scaling.upper[k]), max(x[k] - _STEP, scaling.lower[k])
        return (self.value(above) - self.value(below)) / (above[k] - below[k])


def _without_residuals(target, x, settled, steps, seconds):
    """The result for a posterior that is no sum of squares: the covariance is that of its curvature."""
    posterior, scaling = target.posterior, target.problem.scaling
    space = posterior.space
    at_bound = (x <= scaling.lower + 1e-6) | (x >= scaling.upper - 1e-6)
    covariance = np.full((x.size, x.size), np.nan)
    free = np.flatnonzero(~at_bound)
    derivative = scaling.derivative(x)[free]
    step = np.clip(0.1 * np.min(target.scale(x)), 1e-6, 1e-3)
    inverse = np.linalg.inv(target.curvature(x, step)[np.ix_(free, free)])
    covariance[np.ix_(free, free)] = inverse * np.outer(derivative, derivative)
    vector = space.wrapped(scaling.to_vector(x))
    return OptimizeResult(
        names=space.names,
        units=space.units,
        vector=vector,
        covariance=covariance,
        scene=space.to_model(vector),
        status="converged" if settled else "max_evaluations",
        message="the log posterior settled" if settled else "stopped before the log posterior settled",
        n_evaluations=target.problem.n_evaluations,
        unconstrained=(),
        at_bound=tuple(name for name, flag in zip(space.names, at_bound, strict=True) if flag),
        log_likelihood=float(posterior.log_likelihood(vector)),
        chi_squared=float("nan"),
        n_data=0,
        seconds=seconds,
        engine="LBFGSB",
        steps=tuple(steps),
    )
