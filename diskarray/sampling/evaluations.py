"""Log probabilities of many vectors: recorded in a journal, counted, checked, and the highest one remembered."""

__all__ = ["Evaluations", "check_numbers", "in_batches"]

import math

import numpy as np

from ..errors import SamplerError


class Evaluations:
    """The log probability of a posterior, evaluated in batches of equal size, so that it is compiled once.

    Parameters
    ----------
    posterior : Posterior
    journal : Journal
    xp : module
        numpy or jax.numpy.
    batch : int or None
        Rows evaluated together; default the larger of 16 and twice the number of parameters.
    pool : WorkerPool or None
    window : (lower, upper) or None
        Arrays, shape (n,); outside them the log probability is -inf.

    Attributes
    ----------
    count : int
        Rows asked for.
    highest : (vector, log probability) or None
    """

    def __init__(self, posterior, journal, *, xp=np, batch=None, pool=None, window=None):
        self.posterior, self.journal, self.xp, self.pool, self.window = posterior, journal, xp, pool, window
        self.batch = batch or max(16, 2 * posterior.space.size)
        self.count, self.highest = 0, None

    def __call__(self, name, rows):
        """Log probabilities of rows, shape (m, n) -> (m,); ``name`` says what they are for.

        Raises
        ------
        SamplerError
            If one is NaN or +inf.
        """
        rows = np.asarray(rows, dtype=float)
        values = self.journal.step(name, (rows,), lambda: {"log_probability": self._computed(rows)})["log_probability"]
        self.count += len(rows)
        check_numbers(self.posterior.space, rows, values, "log probability")
        if self.window is not None:
            lower, upper = self.window
            values = np.where(np.all((rows >= lower) & (rows < upper), axis=1), values, -math.inf)
        best = int(np.argmax(values))
        if math.isfinite(values[best]) and (self.highest is None or values[best] > self.highest[1]):
            self.highest = rows[best].copy(), float(values[best])
        return values

    def _computed(self, rows):
        if self.pool is not None:
            return self.pool.map("log_probability", rows, check=self.journal.check_stop)
        return in_batches(lambda part: self.posterior.log_probabilities(part, xp=self.xp), rows, self.batch)


def in_batches(function, rows, batch):
    """``function(rows)``, shape (m, n) -> (m,), in batches of one size, so that it is compiled once.

    The last batch is filled up with NaN: outside every prior and physical range, such rows cost nothing.
    """
    filled = np.concatenate([rows, np.full((-len(rows) % batch, rows.shape[1]), math.nan)])
    return np.concatenate([function(part) for part in np.split(filled, len(filled) // batch)])[: len(rows)]


def check_numbers(space, rows, values, what):
    """Raise SamplerError, naming the place, if a log probability or likelihood is NaN or +inf."""
    bad = np.flatnonzero(np.isnan(values) | (values == math.inf))
    if bad.size:
        place = ", ".join(f"{name} = {value:.8g}" for name, value in zip(space.names, rows[bad[0]], strict=True))
        raise SamplerError(f"the {what} is {values[bad[0]]} at {place}: it must be a number or -inf")
