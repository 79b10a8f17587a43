"""What nested sampling needs of a posterior: the unit cube, batches of likelihoods, and draws of equal weight."""

__all__ = ["LikelihoodQueue", "UnitCube", "equal_weight_indices"]

import dataclasses
import math
import time

import numpy as np

from .evaluations import check_numbers, in_batches


@dataclasses.dataclass(frozen=True, eq=False)
class UnitCube:
    """The prior as a map from the unit cube, with periodic angles cut where a start is farthest.

    A sampler that does not know of periods sees a mode at the seam as two; turning the angle's coordinate leaves the
    prior as it is and moves the seam. (dynesty's own handling lets coordinates run from -0.5 to 1.5, so that its
    uniform proposals count some angles twice; its random walks wrap them correctly, given ``periodic``.)

    Attributes
    ----------
    space : ParameterSpace
    turn : array, shape (n,)
        What is added to the coordinates of periodic angles.
    is_periodic : array of bool, shape (n,)
    """

    space: object
    turn: np.ndarray
    is_periodic: np.ndarray

    @classmethod
    def of(cls, space, start=None):
        """For a ParameterSpace, and a vector or None."""
        is_periodic = np.array([hasattr(prior, "wrapped") for prior in space.priors])
        turn = np.zeros(space.size)
        if start is not None:
            for k in np.flatnonzero(is_periodic):
                prior = space.priors[k]
                turn[k] = (float(start[k]) - prior.lower) / prior.period - 0.5
        return cls(space, turn, is_periodic)

    @property
    def periodic(self):
        """Indices of periodic coordinates for a sampler that wraps them; None if there are none, or no others."""
        return np.flatnonzero(self.is_periodic) if 0 < self.is_periodic.sum() < self.is_periodic.size else None

    def to_vector(self, u):
        """The vector at a point of the unit cube."""
        return self.space.from_unit_cube(np.where(self.is_periodic, (u + self.turn) % 1.0, u))


class LikelihoodQueue:
    """Log-likelihoods of many vectors at once, each batch a step of a journal.

    Parameters
    ----------
    posterior : Posterior
    journal : Journal
    progress : object
        With ``update(n, **figures)``.
    xp : module
        numpy or jax.numpy.
    batch : int
        Rows in one call of the posterior, filled up so that it is compiled once.
    pool : WorkerPool or None

    Attributes
    ----------
    evaluated : int
        Likelihoods asked for.
    highest : tuple or None
        Vector and log probability of the highest posterior among them.
    figures : dict
        Shown with the progress.
    error : Exception or None
        What an evaluation raised.
    """

    def __init__(self, posterior, journal, progress, *, xp=np, batch=8, pool=None):
        self.posterior, self.journal, self.progress = posterior, journal, progress
        self.xp, self.batch, self.pool = xp, batch, pool
        self.evaluated, self.highest, self.figures, self.error = 0, None, {}, None
        self._lower, self._upper = posterior.space.bounds
        self._before, self._computing = journal.seconds, 0.0

    def __call__(self, rows):
        """Log-likelihoods of rows, shape (m, n) -> (m,); -inf outside a physical range.

        Raises
        ------
        SamplerError
            If one is NaN or +inf.
        """
        rows = np.asarray(rows, dtype=float)
        try:
            values = self._recorded(rows)
            check_numbers(self.posterior.space, rows, values, "log-likelihood")
        except Exception as error:
            self.error = error
            raise
        self._keep_highest(rows, values)
        self.evaluated += len(rows)
        self.progress.update(len(rows), **self.figures)
        return values

    def of_one(self, vector):
        """The log-likelihood of one vector."""
        return float(self(vector[None])[0])

    def expect(self, more):
        """Tell the progress that about so many more likelihoods are to come."""
        if hasattr(self.progress, "expect"):
            self.progress.expect(self.evaluated + more)

    def log_prior(self, rows):
        """Logarithm of the prior density of rows within the physical range, shape (m, n) -> (m,)."""
        columns = zip(self.posterior.space.priors, rows.T, strict=True)
        return sum(np.asarray(prior.log_density(column)) for prior, column in columns)

    def seconds(self, began):
        """What the run took since ``began`` with what recorded steps took when they were computed."""
        return time.perf_counter() - began - self._computing + self.journal.seconds - self._before

    def _recorded(self, rows):
        physical = self._physical(rows)
        values = np.full(len(rows), -math.inf)
        if physical.any():
            inside = rows[physical]
            step = self.journal.step("log-likelihoods", (inside,), lambda: {"value": self._computed(inside)})
            values[physical] = step["value"]
        return values

    def _physical(self, rows):
        """Whether each row lies in the physical range; exactly at an end only the space knows."""
        known = np.all((rows > self._lower) & (rows < self._upper), axis=1)
        for k in np.flatnonzero(~known):
            known[k] = bool(self.posterior.space.is_physical(rows[k]))
        return known

    def _computed(self, rows):
        began = time.perf_counter()
        try:
            if self.pool is not None:
                return self.pool.map("log_likelihood", rows, check=self.journal.check_stop)
            return in_batches(lambda part: self.posterior.log_likelihoods(part, xp=self.xp), rows, self.batch)
        finally:
            self._computing += time.perf_counter() - began

    def _keep_highest(self, rows, values):
        total = values + np.where(np.isfinite(values), self.log_prior(rows), 0.0)
        best = int(np.argmax(total))
        if np.isfinite(total[best]) and (self.highest is None or total[best] > self.highest[1]):
            self.highest = (rows[best].copy(), float(total[best]))


def equal_weight_indices(log_weight, random):
    """Systematic resampling of a weighted set: indices of about as many draws as its effective size, in random order.

    Parameters
    ----------
    log_weight : array, shape (m,)
        Normalized.
    random : numpy.random.Generator
    """
    effective = max(1, int(np.exp(-np.logaddexp.reduce(2 * log_weight))))
    cumulative = np.cumsum(np.exp(log_weight))
    positions = (random.random() + np.arange(effective)) / effective * cumulative[-1]
    chosen = np.minimum(np.searchsorted(cumulative, positions, side="right"), len(log_weight) - 1)
    return random.permutation(chosen)
