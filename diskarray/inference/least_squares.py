"""Bounded least squares on whitened residuals: scipy's trust-region reflective solver.

With independent Gaussian noise its minimum is the maximum of the likelihood; Gaussian priors enter as further
residuals, so that it is the maximum of the posterior there; other priors enter through their bounds.
"""

__all__ = ["LeastSquares"]

import dataclasses
import time

import numpy as np

from ..backend.precision import check_precision
from ..backend.transforms import evaluate, exact_jacobian
from ..errors import ParameterError, ShapeError
from .covariance import covariance_from
from .result import OptimizeResult
from .scaling import Scaling

_STEP = 1e-5
_MESSAGES = {
    0: "stopped at max_iterations before reaching the tolerance",
    1: "the gradient is zero within the tolerance",
    2: "chi-squared no longer changes within the tolerance",
    3: "the parameters no longer change within the tolerance",
    4: "neither chi-squared nor the parameters change within the tolerance",
}


@dataclasses.dataclass(frozen=True)
class LeastSquares:
    """Settings of the trust-region least-squares solver.

    Parameters
    ----------
    tolerance : float
        Stop when chi-squared, the step, or the gradient change by less than this fraction.
    max_iterations : int
        Trust-region steps at most.
    """

    tolerance: float = 1e-8
    max_iterations: int = 200

    def __post_init__(self):
        if not (0 < self.tolerance < 1):
            raise ParameterError(f"LeastSquares.tolerance must be between 0 and 1, got {self.tolerance}")
        if not (isinstance(self.max_iterations, int) and self.max_iterations > 0):
            raise ParameterError(f"LeastSquares.max_iterations must be a whole number above 0, got {self.max_iterations}")

    def run(self, posterior, start, *, xp, progress):
        """Search from ``start`` (a vector); returns an OptimizeResult."""
        from scipy.optimize import least_squares

        began = time.perf_counter()
        check_precision(xp)
        problem = _Problem(posterior, Scaling.of(posterior.space), xp, progress)
        first = problem.scaling.strictly_inside(problem.scaling.to_coordinates(_start(posterior.space, start)))
        if not np.all(np.isfinite(problem.residuals(first))):
            raise ParameterError("the start gives a residual that is not finite: look at the start values and the data")
        solution = least_squares(
            problem.residuals, first, jac=problem.jacobian, bounds=(problem.scaling.lower, problem.scaling.upper),
            method="trf", x_scale="jac", ftol=self.tolerance, xtol=self.tolerance, gtol=self.tolerance,
            max_nfev=self.max_iterations,
        )
        return problem.result(solution, time.perf_counter() - began)


def _start(space, start):
    vector = space.to_vector(start) if start is None or hasattr(start, "image_2d_from") else np.asarray(start, float)
    if vector.shape != (space.size,):
        raise ShapeError(f"start is a vector of shape ({space.size},) or a Scene, got shape {vector.shape}")
    lower, upper = space.bounds
    outside = [n for n, v, lo, hi in zip(space.names, vector, lower, upper, strict=True) if not lo <= v <= hi]
    if outside:
        raise ParameterError(f"the start lies outside the bounds of {', '.join(outside)}: move it or widen the prior")
    return vector


class _Problem:
    """Residuals and Jacobian in optimizer coordinates, counting what they cost."""

    def __init__(self, posterior, scaling, xp, progress):
        self.posterior, self.scaling, self.xp, self.progress = posterior, scaling, xp, progress
        self.n_evaluations = 0
        gaussian = [(k, p) for k, p in enumerate(posterior.space.priors) if hasattr(p, "mean")]
        self.prior_index = np.array([k for k, _ in gaussian], dtype=int)
        self.prior_mean = np.array([p.mean for _, p in gaussian])
        self.prior_sigma = np.array([p.sigma for _, p in gaussian])

    def _counted(self, images):
        self.n_evaluations += images
        self.progress.update(images)

    def residuals(self, coordinates):
        vector = self.scaling.to_vector(coordinates)
        pixels = evaluate(type(self.posterior).residuals, self.posterior, vector, xp=self.xp)
        self._counted(1)
        return np.concatenate([pixels, (vector[self.prior_index] - self.prior_mean) / self.prior_sigma])

    def jacobian(self, coordinates):
        vector = self.scaling.to_vector(coordinates)
        pixels = exact_jacobian(type(self.posterior).residuals, self.posterior, vector, xp=self.xp)
        if pixels is None:
            return self._differences(coordinates)
        self._counted(coordinates.size)
        rows = np.zeros((self.prior_index.size, coordinates.size))
        rows[np.arange(self.prior_index.size), self.prior_index] = 1 / self.prior_sigma
        return np.concatenate([pixels, rows]) * self.scaling.derivative(coordinates)

    def _differences(self, coordinates):
        """Central differences in coordinates of order one; one-sided of second order next to a bound."""
        columns = []
        for k in range(coordinates.size):
            step = np.zeros(coordinates.size)
            step[k] = _STEP
            room_below = coordinates[k] - self.scaling.lower[k] >= _STEP
            room_above = self.scaling.upper[k] - coordinates[k] >= _STEP
            if room_below and room_above:
                difference = self.residuals(coordinates + step) - self.residuals(coordinates - step)
            else:
                step = step if room_above else -step
                difference = np.sign(step[k]) * (
                    4 * self.residuals(coordinates + step)
                    - 3 * self.residuals(coordinates)
                    - self.residuals(coordinates + 2 * step)
                )
            columns.append(difference / (2 * _STEP))
        return np.stack(columns, axis=-1)

    def result(self, solution, seconds):
        space = self.posterior.space
        vector = space.wrapped(self.scaling.to_vector(solution.x))
        at_bound = (solution.active_mask != 0) | ~_inside(solution.x, self.scaling)
        covariance, unconstrained = covariance_from(solution.jac, ~at_bound)
        derivative = self.scaling.derivative(solution.x)
        status = "converged" if solution.status > 0 else "max_evaluations"
        model = space.to_model(vector)
        fit = self.posterior.fit_from(model)
        return OptimizeResult(
            names=space.names, units=space.units, vector=vector,
            covariance=covariance * np.outer(derivative, derivative), scene=model,
            status=status, message=_MESSAGES[solution.status], n_evaluations=self.n_evaluations + 1,
            at_bound=_named(space.names, at_bound), unconstrained=_named(space.names, unconstrained),
            log_likelihood=float(fit.log_likelihood), chi_squared=float(fit.chi_squared), n_data=fit.n_data,
            seconds=seconds,
        )


def _inside(coordinates, scaling, margin=1e-6):
    return (coordinates > scaling.lower + margin) & (coordinates < scaling.upper - margin)


def _named(names, flags):
    return tuple(name for name, flag in zip(names, flags, strict=True) if flag)
