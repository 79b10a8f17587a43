"""Linear parameters: their best values for a set of the others, and the integral of the likelihood over them.

With whitened residuals ``r - W a`` the likelihood is a Gaussian in the amplitudes a, so that both are known in closed
form. Gaussian priors are further rows of W. Bounds cut the Gaussian: the best values are those of least squares within
them, the integral is that over the whole space times the probability of the box.
"""

__all__ = ["LinearSolution", "Solved", "bounded_ones", "log_marginal_factor", "solution_from", "solved"]

import dataclasses
import math

import numpy as np

from ..errors import ParameterError
from .box_probability import MOST_BOUNDED, log_box_probability
from .linear_algebra import MOST_SETS, back_substituted, bounded_minimum, covariance_of, n_sets, orthogonalized

_WIDE = 1e4  # widths of a box: a Gaussian that wide does not show, and keeps what the data do not constrain finite


@dataclasses.dataclass(frozen=True, eq=False)
class LinearSolution:
    """The linear parameters that fit best together with a set of the others.

    Attributes
    ----------
    names, units : tuple of str
    values : array, shape (k,)
        The maximum of likelihood times prior within the bounds.
    covariance : array, shape (k, k)
        Of the linear parameters for fixed others; NaN for those at a bound, on which the remaining ones are
        conditional, and for degenerate ones.
    at_bound : tuple of str
    degenerate : tuple of str
        Names of parameters that take part in a combination which neither the data nor a prior constrains.
    """

    names: tuple
    units: tuple
    values: np.ndarray
    covariance: np.ndarray
    at_bound: tuple = ()
    degenerate: tuple = ()

    @property
    def sigma(self):
        """Standard deviations, shape (k,); NaN where unknown."""
        return np.sqrt(np.diag(self.covariance))


@dataclasses.dataclass(frozen=True, eq=False)
class Solved:
    """What one set of the other parameters leaves: arrays of the namespace in use.

    ``values`` (k,) within the bounds; ``residuals`` (N + g,) of the pixels and of the Gaussian priors there;
    ``unbounded`` (k,), ``R`` (k, k) and ``kept`` (k,) describe the Gaussian in the amplitudes without bounds, and
    ``chi_squared`` is the sum of squares at its maximum.
    """

    values: object
    residuals: object
    unbounded: object
    R: object
    kept: object
    chi_squared: object


def solved(space, residual, design, *, xp=np):
    """The best linear parameters for whitened residuals.

    Parameters
    ----------
    space : ParameterSpace
    residual : array, shape (N,)
        (data - model) / noise with the linear parameters at 0.
    design : array, shape (N, k)
        Change of model / noise per unit of each.
    xp : module
        Array namespace.

    Returns
    -------
    Solved

    Raises
    ------
    ParameterError
        If there are too many bounds to try all sets of them.
    """
    lower, upper = space.linear_bounds
    center, rows, right = _prior_rows(space.linear_priors, lower, upper)
    residual = residual - xp.matmul(design, xp.asarray(center))
    columns = xp.concat([design, xp.asarray(rows)]) if len(rows) else design
    target = xp.concat([residual, xp.asarray(right)]) if len(rows) else residual
    R, z, rest, kept = orthogonalized(columns, target, xp=xp)
    unbounded = back_substituted(R, z[:, None], xp=xp)[:, 0]
    best = unbounded
    if np.any(np.isfinite(lower) | np.isfinite(upper)):
        _check_number_of_sets(space, lower, upper)
        best = bounded_minimum(R, z, lower - center, upper - center, xp=xp)
    values = xp.clip(best + xp.asarray(center), xp.asarray(lower), xp.asarray(upper))
    gaussian = [k for k, prior in enumerate(space.linear_priors) if prior.is_gaussian]
    leftover = [residual - xp.matmul(design, values - xp.asarray(center))]
    if gaussian:
        mean, sigma = _means_and_sigmas(space, gaussian)
        leftover.append((xp.asarray(mean) - xp.take(values, xp.asarray(gaussian), axis=0)) / xp.asarray(sigma))
    return Solved(values, xp.concat(leftover), unbounded + xp.asarray(center), R, kept, xp.sum(rest * rest))


def log_marginal_factor(space, solution, *, xp=np):
    """Logarithm of the integral over the linear parameters of prior times ``exp(-chi^2 / 2)``.

    A combination that neither the data nor a prior constrains is left out of the integral, which would be infinite.

    Raises
    ------
    ParameterError
        If more than two linear parameters are bounded.
    """
    lower, upper = space.linear_bounds
    kept = solution.kept
    diagonal = xp.where(kept, xp.linalg.diagonal(solution.R), xp.asarray(1.0))
    number = xp.sum(xp.where(kept, xp.asarray(1.0), xp.asarray(0.0)))
    volume = 0.5 * number * math.log(2 * math.pi) - xp.sum(xp.log(diagonal))
    norms = sum(_log_prior_norm(p, lo, hi) for p, lo, hi in zip(space.linear_priors, lower, upper, strict=True))
    return -0.5 * solution.chi_squared + volume + norms + _log_box(space, solution, lower, upper, xp)


def solution_from(space, values, R, kept):
    """The LinearSolution of NumPy arrays from ``solved``."""
    lower, upper = space.linear_bounds
    names = np.array(space.linear_names, dtype=object)
    held = (values <= lower) | (values >= upper)
    degenerate = _degenerate(R, kept)
    covariance = np.full((values.size, values.size), np.nan)
    free = np.flatnonzero(~held & ~degenerate)
    if free.size:
        triangle, _, _, left = orthogonalized(R[:, free], np.zeros(len(R)))
        covariance[np.ix_(free, free)] = covariance_of(triangle, left)
    return LinearSolution(
        tuple(names), space.linear_units, values, covariance, tuple(names[held]), tuple(names[degenerate])
    )


def _degenerate(R, kept):
    """Which amplitudes a column that was left out depends on, itself included."""
    involved = ~kept
    for j in np.flatnonzero(~kept):
        weights = back_substituted(np.where(kept[:, None] & kept, R, np.eye(len(R))), R[:, j, None] * kept[:, None])
        size = np.abs(weights[:, 0]) * np.linalg.norm(R, axis=0)
        involved = involved | (size > 1e-3 * np.max(size, initial=1e-300))
    return involved


def bounded_ones(space):
    """Places of the linear parameters that have a bound.

    Raises
    ------
    ParameterError
        If there are more than two: no exact integral is known here.
    """
    lower, upper = space.linear_bounds
    places = np.flatnonzero(np.isfinite(lower) | np.isfinite(upper))
    if places.size > MOST_BOUNDED:
        names = ", ".join(space.linear_names[k] for k in places)
        raise ParameterError(
            f"the likelihood cannot be integrated over {places.size} bounded linear parameters ({names}), only over "
            f"{MOST_BOUNDED}: take bounds away with Linear(minimum=-math.inf, maximum=math.inf), or give priors of "
            "another kind; least squares can be used as it is"
        )
    return places


def _log_box(space, solution, lower, upper, xp):
    places = bounded_ones(space)
    if not places.size:
        return xp.asarray(0.0)
    mean, covariance = solution.unbounded, covariance_of(solution.R, solution.kept, xp=xp)
    index = xp.asarray(places)
    lower, upper, kept = lower[places], upper[places], xp.take(solution.kept, index)
    within, narrow = _well_inside(lower, upper)
    mean = xp.where(kept, xp.take(mean, index), xp.asarray(within))
    covariance = xp.take(xp.take(covariance, index, axis=0), index, axis=1)
    both = xp.logical_and(kept[:, None], kept[None, :])
    covariance = xp.where(both, covariance, xp.asarray(np.diag(narrow**2)))
    return log_box_probability(mean, covariance, lower, upper, xp=xp)


def _well_inside(lower, upper):
    """A narrow Gaussian that a box holds wholly, in place of one that does not exist."""
    width = np.where(np.isfinite(upper - lower), upper - lower, 1.0)
    start = np.where(np.isfinite(lower), lower + 0.5 * width, upper - 0.5 * width)
    return start, 1e-3 * width


def _prior_rows(priors, lower, upper):
    """Where to expand the amplitudes, and what the priors add to the design: rows (p, k) and right sides (p,)."""
    center, rows, right = np.zeros(len(priors)), [], []
    for k, (prior, lo, hi) in enumerate(zip(priors, lower, upper, strict=True)):
        boxed = np.isfinite(lo) and np.isfinite(hi)
        if prior.is_gaussian:
            middle, sigma = prior.mean, prior.sigma
        else:
            middle, sigma = (0.5 * (lo + hi), _WIDE * (hi - lo)) if boxed else (0.0, math.inf)
        center[k] = min(max(middle, lo), hi)
        if math.isfinite(sigma):
            rows.append(np.where(np.arange(len(priors)) == k, 1 / sigma, 0.0))
            right.append((middle - center[k]) / sigma)
    return center, np.array(rows), np.array(right)


def _log_prior_norm(prior, lower, upper):
    """Logarithm of what stands before the exponential in a prior."""
    value = np.asarray(prior.mean if prior.is_gaussian else 0.0)
    return float(prior.log_density(value, lower, upper))


def _means_and_sigmas(space, places):
    priors = [space.linear_priors[k] for k in places]
    return np.array([p.mean for p in priors]), np.array([p.sigma for p in priors])


def _check_number_of_sets(space, lower, upper):
    if n_sets(lower, upper) > MOST_SETS:
        bounded = np.isfinite(lower) | np.isfinite(upper)
        names = ", ".join(name for name, b in zip(space.linear_names, bounded, strict=True) if b)
        raise ParameterError(
            f"too many bounded linear parameters to solve for ({names}): at most {MOST_SETS} combinations of bounds "
            "are tried, 8 parameters with one bound each; take bounds away with minimum=-math.inf or maximum=math.inf"
        )
