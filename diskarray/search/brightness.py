"""Parameters that the residuals depend on linearly, found by trying, and solved for in closed form at a start.

Starts differ in shape; how bright a disk of that shape must be follows from the image, and a start with the wrong
brightness would tell nothing about its shape.
"""

__all__ = ["Brightness"]

import dataclasses

import numpy as np

_LINEAR = 1e-8
_MOST = 3


@dataclasses.dataclass(frozen=True, eq=False)
class Brightness:
    """Which elements of the vector the residuals are linear in, and the range that was tried.

    Attributes
    ----------
    index : array of int, shape (k,)
    step : array, shape (k,)
        What is added to each to see its effect.
    """

    index: np.ndarray
    step: np.ndarray

    @classmethod
    def of(cls, problem, vector):
        """Found around a vector; at most three, and only if they are linear together."""
        lower, upper = problem.posterior.space.bounds
        periodic = [hasattr(p, "wrapped") for p in problem.posterior.space.priors]
        base, index, steps, effects = _residuals(problem, vector), [], [], []
        for k in range(vector.size):
            step = min(vector[k] + 0.5 * abs(vector[k]) + 1e-3, 0.5 * (vector[k] + upper[k])) - vector[k]
            if periodic[k] or not (np.isfinite(upper[k]) and vector[k] + step > vector[k]) or len(index) == _MOST:
                continue
            full, half = (_residuals(problem, _moved(vector, [k], [f * step])) - base for f in (1.0, 0.5))
            together = effects + [full]
            if _same(full, 2 * half) and (
                not effects
                or _same(_residuals(problem, _moved(vector, [*index, k], [*steps, step])) - base, sum(together))
            ):
                index, steps, effects = [*index, k], [*steps, step], together
        return cls(np.array(index, dtype=int), np.array(steps))

    def solved(self, problem, vector):
        """The vector with these elements at their best within the bounds, and its chi-squared."""
        from scipy.optimize import lsq_linear

        base = _residuals(problem, vector)
        if not self.index.size or not np.all(np.isfinite(base)):
            return vector, problem.cost(base)
        lower, upper = problem.posterior.space.bounds
        room = upper[self.index] - vector[self.index]
        steps = np.where(room > self.step, self.step, -0.5 * (vector - lower)[self.index])
        columns = np.stack(
            [_residuals(problem, _moved(vector, [k], [s])) - base for k, s in zip(self.index, steps, strict=True)],
            axis=-1,
        )
        ends = np.sort(np.stack([(lower - vector)[self.index] / steps, (upper - vector)[self.index] / steps]), axis=0)
        weights = lsq_linear(columns, -base, bounds=(ends[0], ends[1] + 1e-12)).x
        found = np.clip(_moved(vector, self.index, weights * steps), lower, upper)
        return found, problem.cost(_residuals(problem, found))


def _residuals(problem, vector):
    return problem.residuals(problem.scaling.to_coordinates(vector))


def _moved(vector, index, steps):
    moved = np.array(vector, dtype=float)
    moved[np.asarray(index)] += steps
    return moved


def _same(one, other):
    size = np.linalg.norm(other)
    return bool(size > 0 and np.all(np.isfinite(one)) and np.linalg.norm(one - other) <= _LINEAR * size)
