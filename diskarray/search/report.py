"""From where a search ended to its result: errors, limits, detection, and what to call it."""

__all__ = ["ERRORS", "report"]

import numpy as np

from ..results.optimize_result import LinearEstimate, OptimizeResult
from .correlated import Autocovariance, sandwich
from .covariance import condition_of, correlated_pairs, covariance_from
from .detection import detection_of
from .limits import limits_of
from .linear_estimate import full_jacobian, has_linear

ERRORS = ("independent", "scaled", "correlated")
"""What the errors of a fit may assume."""


def report(whole, problem, found, *, start, errors, basins, steps, seconds, engine, unfinished):
    """The OptimizeResult of a search.

    Parameters
    ----------
    whole : Problem
        The one that was asked, which counts all images.
    problem : Problem
        The one that was searched: of the same posterior, with the quadrature held at its choice for the best fit.
    found : Found
    start : array, shape (n,)
        The vector that the search was given.
    errors : str
        One of ``ERRORS``.
    basins : tuple of Basin
    steps : tuple of str
    seconds : callable
        Wall-clock time of the search so far.
    engine : str
    unfinished : str
        What to say if it did not arrive.
    """
    space, scaling, posterior = whole.posterior.space, whole.scaling, whole.posterior
    n = space.size
    weighted, jacobian = problem.weighted(found.residual, found.jacobian)
    usable, solution = ~found.at_bound, None
    if has_linear(posterior):
        jacobian, solution = full_jacobian(problem, found.x, found.jacobian)
        jacobian = problem.weighted(found.residual, jacobian)[1]
        usable = np.concatenate([usable, ~np.isin(solution.names, solution.at_bound)])
    lengths = np.concatenate([np.ones(n), _lengths(jacobian[:, n:])])
    jacobian = jacobian / lengths
    formal, unconstrained = covariance_from(jacobian, usable)
    autocovariance = _autocovariance(posterior, found.residual, lengths.size, errors)
    covariance = _with_errors(formal, jacobian, found, autocovariance, errors, lengths.size)
    variance = 1.0 if errors == "independent" else _typical_ratio(covariance, formal)
    vector = space.wrapped(scaling.to_vector(found.x))
    scene = _scene(posterior, vector)
    fits = _fits(posterior, scene)
    detection, limits = None, ()
    if autocovariance is not None:
        detection, limits = detection_of(
            whole, scene, _scene(posterior, start), found.residual, autocovariance, lengths.size
        )
    if detection is None or detection.is_detected:
        sigma = np.sqrt(np.diag(covariance)[:n])
        limits, lost = limits_of(problem, found, sigma, unconstrained[:n], variance)
        unconstrained = np.concatenate([lost, unconstrained[n:]])
    else:
        unconstrained = np.ones_like(unconstrained)
    to_units = np.concatenate([scaling.derivative(found.x), 1 / lengths[n:]])
    covariance = covariance * np.outer(to_units, to_units)
    chi_squared = sum(float(f.chi_squared) for f in fits)
    if problem.loss != "linear":
        chi_squared = problem.cost(found.residual[: found.residual.size - problem.prior_index.size])
    n_data = sum(f.n_data for f in fits)
    with np.errstate(invalid="ignore"):
        inflation = np.sqrt(np.diag(covariance) / (np.diag(formal) * to_units**2))
    status, message = _status(found, detection, steps, unfinished)
    return OptimizeResult(
        names=space.names,
        units=space.units,
        vector=vector,
        covariance=covariance[:n, :n],
        scene=scene,
        status=status,
        message=message,
        n_evaluations=whole.n_evaluations + 1,
        at_bound=_named(space.names, found.at_bound),
        unconstrained=_named(space.names, unconstrained[:n]),
        log_likelihood=sum(float(f.log_likelihood) for f in fits),
        chi_squared=chi_squared,
        n_data=n_data,
        seconds=seconds(),
        engine=engine,
        loss=problem.loss,
        errors=errors,
        noise_scale=float(np.sqrt(chi_squared / max(n_data - lengths.size, 1))),
        error_inflation=inflation[:n],
        condition=condition_of(jacobian, usable),
        degenerate=correlated_pairs(space.names, covariance[:n, :n]),
        limits=limits,
        basins=basins,
        steps=tuple(steps),
        remaining_gain=found.gain,
        detection=detection,
        linear=_linear(solution, covariance, n),
    )


def _lengths(columns):
    length = np.linalg.norm(columns, axis=0)
    return np.where(length > 0, length, 1.0)


def _autocovariance(posterior, residual, n_free, errors):
    try:
        return Autocovariance.of(posterior, residual, n_free)
    except ValueError:
        if errors == "correlated":
            raise
        return None


def _with_errors(formal, jacobian, found, autocovariance, errors, n_free):
    if errors == "scaled":
        return formal * (found.residual @ found.residual) / max(found.residual.size - n_free, 1)
    return sandwich(jacobian, formal, autocovariance) if errors == "correlated" else formal


def _typical_ratio(covariance, formal):
    with np.errstate(invalid="ignore"):
        ratio = np.diag(covariance) / np.diag(formal)
    known = ratio[np.isfinite(ratio)]
    return float(np.median(known)) if known.size else 1.0


def _scene(posterior, vector):
    return posterior.scene_from(vector) if hasattr(posterior, "scene_from") else posterior.space.to_model(vector)


def _fits(posterior, scene):
    fit = posterior.fit_from(scene)
    return list(fit.values()) if hasattr(fit, "values") else [fit]


def _status(found, detection, steps, unfinished):
    left = 0.0 if found.arrived else found.gain
    if detection is not None and detection.chi_squared_gain + left < detection.threshold:
        return "not_constrained", (
            f"no significant disk: its light lowers chi-squared by {detection.chi_squared_gain + left:.0f}, noise "
            f"with this correlation may do so by {detection.threshold:.0f}"
        )
    if not found.arrived:
        return "max_evaluations", f"{unfinished} (chi-squared could still fall by {found.gain:.2g})"
    further = "" if len(steps) == 1 else " after further searches"
    return "converged", f"chi-squared cannot fall by more than {found.gain:.1g}{further}"


def _linear(solution, covariance, n):
    if solution is None:
        return LinearEstimate()
    return LinearEstimate(
        solution.names,
        solution.units,
        np.asarray(solution.values),
        covariance[n:, n:],
        covariance[:n, n:],
        solution.at_bound,
    )


def _named(names, flags):
    return tuple(name for name, flag in zip(names, flags, strict=True) if flag)
