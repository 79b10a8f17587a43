"""Bounded least squares on whitened residuals: scipy's trust-region reflective solver, from one start or many.

With independent Gaussian noise its minimum is the maximum of the likelihood; Gaussian priors enter as further
residuals, so that it is the maximum of the posterior there; other priors enter through their bounds. The derivatives
are exact (forward mode) under JAX, differences otherwise.
"""

__all__ = ["LeastSquares", "with_basins"]

import dataclasses
import time

import numpy as np

from ..backend.precision import check_precision
from ..errors import ParameterError, nearest
from ..results.optimize_result import Basin
from .coarse import near_posterior
from .local_search import local_search, remaining_gain
from .multi_start import explore
from .problem import DERIVATIVES, LOSSES, Problem, library_for
from .report import ERRORS, report
from .scaling import Scaling
from .start import start_vector
from .symmetry import forward_asymmetry, images_of

_RULE_CHANGES = 2


@dataclasses.dataclass(frozen=True)
class LeastSquares:
    """Settings of the trust-region least-squares solver.

    Parameters
    ----------
    tolerance : float
        Stop when chi-squared, the step, or the gradient change by less than this fraction. Whether that is the minimum
        is measured afterwards, and the search goes on if it is not.
    max_iterations : int
        Trust-region steps at most.
    starts : int
        1: search from the start given. More: also from its other near side and from points of the prior, on a binned
        image first.
    seed : int
        Of those points.
    loss : str
        "linear": least squares. "soft_l1", "huber" or "cauchy": outlying pixels count less; chi-squared and covariance
        of the result then refer to that loss.
    loss_scale : float
        Residual, in standard deviations, from which on a robust loss counts it less.
    derivatives : str
        "exact": forward mode, which takes JAX and many seconds of compiling. "automatic", "differences": differences of
        images; under JAX of compiled ones, unless NumPy makes them sooner than they are compiled. Only a model that
        NumPy cannot render has exact derivatives by itself under "automatic".
    errors : str
        "independent": the noise map is right. "scaled": right up to one factor, taken from chi-squared. "correlated":
        errors allow for the residuals' autocorrelation.
    """

    tolerance: float = 1e-5
    max_iterations: int = 200
    starts: int = 1
    seed: int = 0
    loss: str = "linear"
    loss_scale: float = 1.0
    derivatives: str = "automatic"
    errors: str = "independent"

    def __post_init__(self):
        if not (0 < self.tolerance < 1):
            raise ParameterError(f"LeastSquares.tolerance must be between 0 and 1, got {self.tolerance}")
        for name, least in (("max_iterations", 1), ("starts", 1), ("seed", 0)):
            value = getattr(self, name)
            if not (isinstance(value, int) and not isinstance(value, bool) and value >= least):
                raise ParameterError(f"LeastSquares.{name} must be a whole number above {least - 1}, got {value}")
        for name, known in (("loss", LOSSES), ("derivatives", DERIVATIVES), ("errors", ERRORS)):
            if getattr(self, name) not in known:
                given = getattr(self, name)
                raise ParameterError(f"LeastSquares.{name} is {given!r}; {nearest(given, known)}")
        if not 0 < self.loss_scale < np.inf:
            raise ParameterError(f"LeastSquares.loss_scale must be a number above 0, got {self.loss_scale}")

    def run(self, posterior, start, *, xp, progress):
        """Search from ``start`` (a vector); returns an OptimizeResult."""
        began = time.perf_counter()
        check_precision(xp)
        vector = start_vector(posterior.space, start)
        xp, exact, steps = library_for(posterior, vector, self.derivatives, xp=xp)
        whole = Problem(posterior, Scaling.of(posterior.space), xp, progress, self.loss, self.loss_scale, exact)
        regions = []
        if self.starts > 1:
            regions, step = explore(whole, vector, self.starts, self.seed)
            steps.append(step)
        first = whole.scaling.strictly_inside(whole.scaling.to_coordinates(vector))
        found, problem = self._settled(whole, regions[0].x if regions else first, steps)
        found, basins = with_basins(problem, found, regions)
        steps += [
            f"differences for the derivative by {name}, which was not finite" for name in sorted(problem.repaired)
        ]
        return report(
            whole,
            problem,
            found,
            start=vector,
            errors=self.errors,
            basins=basins,
            steps=steps,
            engine="LeastSquares",
            seconds=lambda: time.perf_counter() - began,
            unfinished="stopped at max_iterations before reaching the minimum",
        )

    def _settled(self, problem, x, steps):
        """Search with the quadrature held where it is automatic; again if the disk's new shape asks for another one."""
        for change in range(_RULE_CHANGES + 1):
            near = near_posterior(problem.posterior, problem.scaling.to_vector(x))
            settled, wanted = problem.of(near), _rules(near)
            if not np.all(np.isfinite(settled.residuals(x))):
                raise ParameterError(
                    "the start gives a residual that is not finite: look at the start values and the data"
                )

            def fits(x, wanted=wanted, last=change == _RULE_CHANGES):
                asked = _rules(near_posterior(problem.posterior, problem.scaling.to_vector(x)))
                return last or all(map(_suffices, wanted, asked))

            found = local_search(
                settled, x, tolerance=self.tolerance, max_iterations=self.max_iterations, quadrature_fits=fits
            )
            steps += found.steps
            x = found.x
            if found.jacobian is not None:
                return found, settled
            steps.append("another quadrature for the disk's new shape")


def _rules(posterior):
    disks = getattr(posterior.space.template, "disks", None)
    return [getattr(disk, "rule", None) for disk in disks.values()] if hasattr(disks, "items") else []


def _suffices(rule, asked):
    """Whether a quadrature is as good as the one asked for: the same, or a costlier one."""
    if rule == asked:
        return True
    if not all(hasattr(r, "nodes") and r.order is not None for r in (rule, asked)):
        return False
    return (rule.nodes == "panels", rule.order) >= (asked.nodes == "panels", asked.order)


def with_basins(problem, found, regions):
    """The forward-dominated one of a symmetric pair, and all basins, the best first."""
    space, scaling = problem.posterior.space, problem.scaling

    def residuals(vector):
        return problem.residuals(scaling.to_coordinates(vector))

    vector = space.wrapped(scaling.to_vector(found.x))
    first = regions[0] if regions else None
    basins = [Basin(vector, found.cost, first.n_starts if first else 1)]
    mirrored = images_of(space, vector, residuals)
    basins += [
        Basin(image, found.cost, first.n_images if first and k == 0 else 0, image_of=0)
        for k, image in enumerate(mirrored)
    ]
    sides = [forward_asymmetry(space.to_model(basin.vector)) for basin in basins]
    chosen = max(range(len(basins)), key=lambda k: round(sides[k], 6))
    if chosen:
        found = _moved(problem, found, scaling.to_coordinates(basins[chosen].vector))
    basins[chosen] = dataclasses.replace(basins[chosen], chosen=True)
    for region in regions[1:]:
        vector = space.wrapped(scaling.to_vector(region.x))
        cost, place = problem.cost(residuals(vector)), len(basins)
        basins.append(Basin(vector, cost, region.n_starts, refined=False))
        if region.n_images:
            basins += [
                Basin(image, cost, region.n_images, image_of=place, refined=False)
                for image in images_of(space, vector, residuals)[:1]
            ]
    return found, tuple(basins)


def _moved(problem, found, x):
    """The same minimum at its mirror image."""
    residual = problem.residuals(x)
    jacobian = problem.quick_jacobian(x, residual)
    at_bound, gain = remaining_gain(x, *problem.weighted(residual, jacobian), problem.scaling)
    return dataclasses.replace(found, x=x, residual=residual, jacobian=jacobian, at_bound=at_bound, gain=gain)
