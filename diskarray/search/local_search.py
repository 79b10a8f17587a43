"""One search from one start: scipy's trust region, and a short chain of further steps where it does not arrive.

Whether it has arrived is measured, not believed: the chi-squared that a Gauss-Newton step within the bounds could still
gain, whose root is the distance to the minimum in standard deviations (the convergence criterion of Bates & Watts 1981,
Technometrics 23, 179, in absolute units). Every step of the chain minimizes the same function.
"""

__all__ = ["Found", "bounded_step", "local_search", "quick_search", "remaining_gain"]

import dataclasses

import numpy as np

from .covariance import condition_of

ARRIVED = 2.5e-3  # chi-squared still to be gained: a twentieth of a standard deviation
_WELL_ARRIVED = 0.25 * ARRIVED  # a search stops there, whatever its tolerance
_TIGHT = 1e-13
_NEWTON, _CLOSER = 6, 0.7  # steps, as long as each leaves no more than this of what was to be gained
_SMALLER = 1e-3
_EDGE = 1e-6
_NEAR_EDGE = 2e-3
_DOUBTFUL = 1e6  # condition beyond which one-sided differences do not tell a degeneracy from a weak constraint
_FURTHER = 20  # iterations of each further search
_CORRECTIONS = 3  # steps in a row after which a Jacobian is corrected instead of computed


@dataclasses.dataclass(frozen=True, eq=False)
class Found:
    """Where a search ended.

    Attributes
    ----------
    x : array, shape (n,)
        Coordinates.
    residual, jacobian : arrays, shapes (N,) and (N, n)
        There.
    cost : float
        Chi-squared as the loss sees it.
    at_bound : array of bool, shape (n,)
    gain : float
        What chi-squared could still fall by.
    arrived : bool
    steps : tuple of str
        What was done.
    """

    x: np.ndarray
    residual: np.ndarray
    jacobian: np.ndarray
    cost: float
    at_bound: np.ndarray
    gain: float
    arrived: bool
    steps: tuple


def local_search(problem, start, *, tolerance, max_iterations, quadrature_fits=lambda x: True):
    """Search from coordinates.

    Parameters
    ----------
    problem : Problem
    start : array, shape (n,)
        Strictly inside the bounds.
    tolerance : float
        Of the first trust-region search.
    max_iterations : int
        Of the first search; the further ones take 20 at most.
    quadrature_fits : callable
        Whether the problem may still be solved as it is, given coordinates; asked after the first search, which is all
        that is done if not.

    Returns
    -------
    Found
    """
    chain = _Chain(problem, start, max_iterations)
    chain.trust_region("trust region", tolerance, quick=True)
    if not quadrature_fits(chain.x):
        return chain.found()
    if not chain.arrived():
        chain.gauss_newton("Gauss-Newton within the bounds")
    if not chain.arrived():
        chain.trust_region("trust region again, to a smaller tolerance", _SMALLER * tolerance, quick=True)
    if not chain.arrived():
        chain.trust_region("trust region again, to the tightest tolerance with second-order derivatives", _TIGHT)
    if not chain.arrived():
        chain.quasi_newton("L-BFGS-B on the same function")
        chain.trust_region("trust region from there, to the tightest tolerance", _TIGHT)
        chain.arrived()
    return chain.found()


def quick_search(problem, start, tolerance, trials):
    """A few trust-region trials; returns coordinates and cost, those of the start if it breaks off."""
    try:
        x, residual, *_ = _least_squares(problem, start, tolerance, trials, quick=True, corrections=_CORRECTIONS)
    except (np.linalg.LinAlgError, ValueError, FloatingPointError):
        return start, problem.cost(problem.residuals(start))
    return x, problem.cost(residual)


class _Chain:
    """The best point so far, and the steps that led there."""

    def __init__(self, problem, start, max_iterations):
        self.problem, self.max_iterations, self.steps = problem, max_iterations, []
        self.x, self.residual = start, problem.residuals(start)
        self.cost = problem.cost(self.residual)
        self.jacobian, self.at_bound, self.gain, self.slopes = None, None, np.inf, None

    def trust_region(self, name, tolerance, quick=False):
        """scipy's trust-region reflective search; once more from further inside the bounds if it breaks off."""
        limit = min(self.max_iterations, _FURTHER) if self.steps else self.max_iterations
        for margin in (0.0, 0.01):
            start = np.clip(self.x, self.problem.scaling.lower + margin, self.problem.scaling.upper - margin)
            try:
                corrections = 0 if self.steps else _CORRECTIONS
                x, residual, trials, slopes = _least_squares(
                    self.problem, start, tolerance, limit, quick, self.slopes, corrections
                )
            except (np.linalg.LinAlgError, ValueError, FloatingPointError) as error:
                self.steps.append(f"{name}: broke off ({error})")
                continue
            self.steps.append(f"{name}{', from 1 % inside the bounds' if margin else ''}: {trials} trials")
            return self._move(x, residual, slopes)

    def gauss_newton(self, name):
        """Steps that would be exact if the residuals were linear, as long as they come closer to the minimum."""
        steps, gain, most = 0, np.inf, min(_NEWTON, self.max_iterations - 1)
        while steps < most and not self.gain <= ARRIVED and self.gain <= _CLOSER * gain:
            gain, steps = self.gain, steps + 1
            self._move(*_newton_step(self.problem, self.x, self.residual, self.jacobian))
            self.arrived()
        if steps:
            self.steps.append(f"{name}: {steps} steps")

    def quasi_newton(self, name):
        """scipy's L-BFGS-B, in coordinates scaled by the curvature along each."""
        from scipy.optimize import minimize

        problem, scale = self.problem, 1 / np.maximum(np.linalg.norm(self.jacobian, axis=0), 1e-3)

        def value_and_slope(z):
            x = np.clip(z * scale, problem.scaling.lower, problem.scaling.upper)
            residual = problem.residuals(x)
            weighted, jacobian = problem.weighted(residual, problem.quick_jacobian(x, residual))
            return 0.5 * problem.cost(residual), scale * (jacobian.T @ weighted)

        bounds = np.stack([problem.scaling.lower, problem.scaling.upper], axis=-1) / scale[:, None]
        solution = minimize(
            value_and_slope,
            self.x / scale,
            jac=True,
            method="L-BFGS-B",
            bounds=bounds,
            options={"maxiter": min(self.max_iterations, _FURTHER), "ftol": _TIGHT, "gtol": 1e-6},
        )
        self.steps.append(f"{name}: {solution.nit} iterations")
        x = np.clip(solution.x * scale, problem.scaling.lower, problem.scaling.upper)
        self._move(x, problem.residuals(x))

    def arrived(self):
        """Whether no more than a small part of a standard deviation is left to go; parameters next to a bound are
        moved onto it first, if that is no worse."""
        self._onto_bounds()
        if self.slopes is None or not np.array_equal(self.slopes[0], self.x):
            self.slopes = self.x, self.problem.quick_jacobian(self.x, self.residual)
        self.jacobian = self.slopes[1]
        if condition_of(self.jacobian, slice(None)) > _DOUBTFUL:
            self.jacobian = self.problem.jacobian(self.x)
        weighted = self.problem.weighted(self.residual, self.jacobian)
        self.at_bound, self.gain = remaining_gain(self.x, *weighted, self.problem.scaling)
        return self.gain <= ARRIVED

    def found(self):
        return Found(
            self.x,
            self.residual,
            self.jacobian,
            self.cost,
            self.at_bound,
            self.gain,
            self.gain <= ARRIVED,
            tuple(self.steps),
        )

    def _move(self, x, residual, slopes=None):
        cost = self.problem.cost(residual)
        if cost <= self.cost:
            self.x, self.residual, self.cost = x, residual, cost
            self.slopes = slopes

    def _onto_bounds(self):
        scaling = self.problem.scaling
        for k in range(self.x.size):
            below, above = self.x[k] - scaling.lower[k], scaling.upper[k] - self.x[k]
            if _EDGE < min(below, above) < _NEAR_EDGE:
                moved = self.x.copy()
                moved[k] = scaling.lower[k] if below < above else scaling.upper[k]
                self._move(moved, self.problem.residuals(moved))


class _Arrived(Exception):
    """The point whose Jacobian was asked for is the minimum."""


class _Slopes:
    """Residuals and their derivatives along a search, the latter not computed anew at every point.

    Between two Jacobians by differences, which take an image for each parameter, what a step did to the residuals
    corrects the last one at no cost (Broyden 1965, Math. Comp. 19, 577).

    Attributes
    ----------
    measured : tuple of arrays, or None
        The last point where the Jacobian was computed and not corrected, and that Jacobian.
    """

    def __init__(self, problem, quick, measured, corrections):
        self.problem, self.quick, self.measured, self.corrections = problem, quick, measured, corrections
        self.x = self.residual = self.base = None
        self.corrected = self.trials = 0

    def residuals(self, x):
        self.x, self.residual = x.copy(), self.problem.residuals(x)
        self.trials += 1
        return self.residual

    def jacobian(self, x):
        residual = self.residual if np.array_equal(x, self.x) else self.residuals(x)
        jacobian = self._known(x) if self.base is None else self._corrected(x, residual)
        if jacobian is None:
            jacobian = self.problem.quick_jacobian(x, residual) if self.quick else self.problem.jacobian(x)
            self.measured, self.corrected = (x.copy(), jacobian), 0
            if np.all(np.isfinite(jacobian)) and _gain(self.problem, x, residual, jacobian) <= _WELL_ARRIVED:
                raise _Arrived
        self.base = x.copy(), residual, jacobian
        return jacobian

    def _known(self, x):
        known = self.quick and self.measured is not None and np.array_equal(self.measured[0], x)
        return self.measured[1] if known else None

    def _corrected(self, x, residual):
        """None where it is time for a new Jacobian, or exact ones cost little."""
        before, residual_before, jacobian = self.base
        step = x - before
        if not self.quick or self.problem.exact or self.corrected == self.corrections or not np.any(step):
            return None
        self.corrected += 1
        return jacobian + np.outer(residual - residual_before - jacobian @ step, step / (step @ step))


def _least_squares(problem, start, tolerance, max_iterations, quick, measured=None, corrections=0):
    """Where scipy's search ends.

    Returns
    -------
    x, residual : arrays
    trials : int
    measured : (x, jacobian)
        The last Jacobian that was computed, and where, but for a last small step.
    """
    from scipy.optimize import least_squares

    slopes = _Slopes(problem, quick, measured, corrections)
    try:
        solution = least_squares(
            slopes.residuals,
            start,
            jac=slopes.jacobian,
            bounds=(problem.scaling.lower, problem.scaling.upper),
            method="trf",
            x_scale=1.0,
            ftol=tolerance,
            xtol=tolerance,
            gtol=tolerance,
            max_nfev=max_iterations,
            loss="linear" if problem.loss == "linear" else problem.rho,
            f_scale=problem.loss_scale,
        )
    except _Arrived:
        x, residual = _newton_step(problem, slopes.x, slopes.residual, slopes.measured[1])
        return x, residual, slopes.trials, (x, slopes.measured[1])
    return solution.x, solution.fun, slopes.trials, slopes.measured


def _newton_step(problem, x, residual, jacobian):
    """Where the Gauss-Newton step within the bounds leads, shortened until it leads down; else the point itself."""
    weighted, slopes = problem.weighted(residual, jacobian)
    step, cost = bounded_step(np.linalg.qr(slopes), weighted, x, problem.scaling), problem.cost(residual)
    for part in (1.0, 0.5, 0.25):
        there = np.clip(x + part * step, problem.scaling.lower, problem.scaling.upper)
        found = problem.residuals(there)
        if problem.cost(found) < cost:
            return there, found
    return x, residual


def bounded_step(factors, residual, x, scaling, index=slice(None)):
    """The step within the bounds that makes residual + jacobian step shortest.

    Parameters
    ----------
    factors : (Q, R)
        Of the Jacobian, ``numpy.linalg.qr``.
    residual : array, shape (N,)
    x : array, shape (k,)
        The coordinates that are moved.
    scaling : Scaling
    index : array of int, shape (k,)
        Which of all coordinates these are.
    """
    from scipy.optimize import lsq_linear

    if not x.size:  # older releases of SciPy fail on no column
        return x
    left, triangle = factors
    room = scaling.lower[index] - x, scaling.upper[index] - x
    bounds = room[0], np.maximum(room[1], room[0] + 1e-9)
    return lsq_linear(triangle, -left.T @ residual, bounds=bounds, method="bvls").x


def _gain(problem, x, residual, jacobian):
    return remaining_gain(x, *problem.weighted(residual, jacobian), problem.scaling)[1]


def remaining_gain(x, residual, jacobian, scaling):
    """Which parameters a bound holds, and what chi-squared could still fall by with the others.

    Returns
    -------
    at_bound : array of bool, shape (n,)
        At a bound, and chi-squared would fall beyond it.
    gain : float
        Length squared of the residual's part that the derivatives of the other parameters can describe.
    """
    slope = jacobian.T @ residual
    low, high = x <= scaling.lower + _EDGE, x >= scaling.upper - _EDGE
    at_bound = (low & (slope >= 0)) | (high & (slope <= 0))
    free = jacobian[:, ~at_bound]
    length = np.linalg.norm(free, axis=0)
    free = free[:, length > 0] / length[length > 0]
    if not free.shape[1]:
        return at_bound, 0.0
    left, singular, _ = np.linalg.svd(free, full_matrices=False)
    left = left[:, singular > 1e-6 * singular[0]]
    return at_bound, float(np.sum((left.T @ residual) ** 2))
