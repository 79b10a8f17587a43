"""One-sided limits for parameters that run to a bound, or have no error that stays within their prior.

The limit is where the profile of chi-squared, the other parameters adjusted anew, has risen by 2.71 (95 % one-sided):
the other parameters take Gauss-Newton steps within their bounds, with the derivatives of the best fit, for every value
tried; the true profile may lie a little lower.
"""

__all__ = ["limits_of"]

import numpy as np

from ..results.optimize_result import Limit
from .local_search import bounded_step

RISE = 2.706  # of chi-squared: 95 % of a Gaussian lie on one side
_METHOD = "profile of chi-squared, a rise of 2.71"
_CLOSE = 0.05  # of the rise
_TRIES = 6
_STEPS = 4


def limits_of(problem, found, sigma, unconstrained, scale=1.0):
    """Limits, and which parameters are not constrained after all.

    Parameters
    ----------
    problem : Problem
    found : Found
    sigma : array, shape (n,)
        Standard deviations in coordinates, NaN where unknown.
    unconstrained : array of bool, shape (n,)
    scale : float
        Variance of the noise over what the noise map says; the rise asked for is that much larger.

    Returns
    -------
    limits : tuple of Limit
    unconstrained : array of bool, shape (n,)
        With those added whose chi-squared does not rise enough towards either bound.
    """
    limits, unconstrained = [], unconstrained.copy()
    scaling, names = problem.scaling, problem.posterior.space.names
    for k in np.flatnonzero(_in_question(found, sigma, unconstrained, scaling)):
        side, value = _Profile(problem, found, k, RISE * scale).limit()
        if side == "none":
            unconstrained[k] = True
        elif side in ("upper", "lower"):
            x = found.x.copy()
            x[k] = value
            limits.append(Limit(names[k], side, float(scaling.to_vector(x)[k]), 0.95, _METHOD))
    return tuple(limits), unconstrained


def _in_question(found, sigma, unconstrained, scaling):
    bounded = np.isfinite(scaling.lower) & np.isfinite(scaling.upper)
    with np.errstate(invalid="ignore"):
        leaving = (found.x - 1.645 * sigma < scaling.lower) | (found.x + 1.645 * sigma > scaling.upper)
    return bounded & (found.at_bound | unconstrained | leaving)


class _Profile:
    """Chi-squared along one coordinate, the others adjusted."""

    def __init__(self, problem, found, index, rise):
        self.problem, self.found, self.index, self.rise = problem, found, index, rise
        self.others = np.flatnonzero(np.arange(found.x.size) != index)
        self.here = found.x[index]
        self.ends = problem.scaling.lower[index], problem.scaling.upper[index]
        self.residual, self.jacobian = problem.weighted(found.residual, found.jacobian)
        self.known = {self.here: (0.0, found.x)}
        self.factors = np.linalg.qr(self.jacobian[:, self.others])

    def limit(self):
        """("upper" or "lower", coordinate), ("both", None) or ("none", None)."""
        open_below, open_above = (abs(self.here - end) <= 1e-6 or self.risen(end) < self.rise for end in self.ends)
        if open_below == open_above:
            return ("none" if open_below else "both"), None
        return ("upper", self._crossing(self.ends[1])) if open_below else ("lower", self._crossing(self.ends[0]))

    def risen(self, value):
        """How much larger chi-squared is at a coordinate."""
        nearest = min(self.known, key=lambda other: abs(other - value))
        if nearest != value:
            x = self.known[nearest][1].copy()
            x[self.index] = value
            cost, x = self._adjusted(x)
            self.known[value] = (cost - self.found.cost, x)
        return self.known[value][0]

    def _crossing(self, end):
        """Where it has risen enough, between the best fit and an end where it has risen by more."""
        inside, outside = self.here, end
        guess = self._first_guess(end)
        for _ in range(_TRIES):
            value = self.risen(guess)
            if abs(value - self.rise) < _CLOSE * self.rise:
                break
            inside, outside = (guess, outside) if value < self.rise else (inside, guess)
            guess = self._between(inside, outside)
        return guess

    def _first_guess(self, end):
        """Where the parabola of the profile at the best fit rises enough, or a fifth of the way."""
        side, column = np.sign(end - self.here), self.jacobian[:, self.index]
        left, triangle = self.factors
        along = np.linalg.lstsq(triangle, left.T @ column, rcond=1e-10)[0]
        rest = column - self.jacobian[:, self.others] @ along
        slope, curvature = max(side * float(rest @ self.residual), 0.0), float(rest @ rest)
        room = abs(end - self.here)
        if not curvature > 0:
            return self.here + 0.2 * (end - self.here)
        step = (np.sqrt(slope**2 + curvature * self.rise) - slope) / curvature
        return self.here + side * (step if step < 0.5 * room else 0.2 * room)

    def _between(self, inside, outside):
        """The root of a straight line in the square root of the rise, kept off the ends."""
        known = [self.known[end][0] if end in self.known else np.nan for end in (inside, outside)]
        low, high = np.sqrt(np.maximum(known, 0.0))
        fraction = (np.sqrt(self.rise) - low) / (high - low) if high > low else 0.4
        return inside + min(max(fraction, 0.1), 0.9) * (outside - inside)

    def _adjusted(self, x):
        """Gauss-Newton steps of the other parameters, with the derivatives of the best fit."""
        problem = self.problem
        residual = problem.residuals(x)
        cost = problem.cost(residual)
        for _ in range(_STEPS):
            if not np.isfinite(cost):
                return np.inf, x
            weighted = problem.weighted(residual, self.jacobian)[0]
            moved = x.copy()
            moved[self.others] += bounded_step(self.factors, weighted, x[self.others], problem.scaling, self.others)
            trial = problem.residuals(moved)
            gained = cost - problem.cost(trial)
            if not gained > 0:
                return cost, x
            x, residual, cost = moved, trial, cost - gained
            if gained < _CLOSE * self.rise:
                break
        return cost, x
