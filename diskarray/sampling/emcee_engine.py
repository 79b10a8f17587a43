"""Affine-invariant ensemble sampling with emcee (Foreman-Mackey et al. 2013, PASP 125, 306).

Walkers start in the Gaussian around a best fit and move by differences of other walkers (Ter Braak 2006, Nelson et al.
2013). The run ends when it is as many autocorrelation times long as asked for, counted for the slowest parameter.
"""

__all__ = ["Emcee"]

import dataclasses
import math

import numpy as np

from ..backend.identify import require_numpy
from ..backend.precision import check_precision
from ..diagnostics.convergence import autocorrelation_time
from ..errors import MissingExtraError, ParameterError, SamplerError
from ..results.sample_result import SampleResult
from ..search.start import vector_of
from .evaluations import Evaluations
from .start_ball import start_ball
from .workers import WorkerPool

_FIRST_CHECK, _GROWTH = 200, 1.25
_JUMPS = 0.1  # share of moves by a whole difference, which carry a walker from one mode to another


@dataclasses.dataclass(frozen=True)
class Emcee:
    """Settings of the ensemble sampler.

    Parameters
    ----------
    walkers : int or None
        At least twice the number of parameters; default the larger of 32 and four times that number.
    autocorrelation_times : float
        How long the run is to be, what is discarded at its beginning not counted.
    burn_in : float
        What is discarded at the beginning, in autocorrelation times.
    max_steps : int
        Where the run ends if it has not become long enough.
    spread : float
        Extent of the first walkers around the start, in standard deviations.
    move : str
        "differential" or "stretch" (Goodman & Weare 2010).
    workers : int
        Processes to spread the walkers over (NumPy only); 0 for none. The draws do not depend on it.
    """

    walkers: int | None = None
    autocorrelation_times: float = dataclasses.field(default=60.0, metadata={"resumable": True})
    burn_in: float = 10.0
    max_steps: int = dataclasses.field(default=20000, metadata={"resumable": True})
    spread: float = 1.0
    move: str = "differential"
    workers: int = dataclasses.field(default=0, metadata={"resumable": True})

    packages = ("emcee",)

    def __post_init__(self):
        counts = {"max_steps": 4, "workers": 0} | ({} if self.walkers is None else {"walkers": 4})
        for name, least in counts.items():
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < least:
                raise ParameterError(f"Emcee.{name} must be a whole number, at least {least}, got {value!r}")
        for name, least in {"autocorrelation_times": 1.0, "burn_in": 0.0, "spread": 1e-6}.items():
            if not (isinstance(getattr(self, name), (int, float)) and least <= getattr(self, name) < math.inf):
                raise ParameterError(f"Emcee.{name} must be a number, at least {least:g}, got {getattr(self, name)!r}")
        if self.move not in _MOVES:
            raise ParameterError(f"Emcee.move must be {' or '.join(map(repr, _MOVES))}, got {self.move!r}")

    def run(self, posterior, start, *, seed, xp, journal, progress):
        """Sample from ``start`` (a best fit or a vector); returns a SampleResult."""
        check_precision(xp)
        if start is None:
            raise ParameterError("Emcee begins around a best fit: pass start=da.optimize(posterior, da.LeastSquares())")
        walkers = self._walkers(posterior.space)
        if not self.workers:
            return self._run(posterior, start, walkers, None, seed, xp, journal, progress)
        require_numpy(xp, "worker processes (Emcee.workers) are")
        with WorkerPool(posterior, self.workers) as pool:
            return self._run(posterior, start, walkers, pool, seed, xp, journal, progress)

    def _walkers(self, space):
        walkers = max(32, 4 * space.size) if self.walkers is None else self.walkers
        if walkers < 2 * space.size:
            raise ParameterError(
                f"Emcee.walkers must be at least {2 * space.size}, twice the number of parameters, got {walkers}"
            )
        return walkers

    def _run(self, posterior, start, walkers, pool, seed, xp, journal, progress):
        space = posterior.space
        evaluations = Evaluations(
            posterior, journal, xp=xp, batch=(walkers + 1) // 2, pool=pool, window=_window(space, vector_of(start))
        )
        random = np.random.default_rng(seed)
        rows, values = start_ball(posterior, start, walkers, random, evaluations, self.spread)
        sampler = _sampler(rows.shape, evaluations, _moves(self.move), int(random.integers(2**32)))
        chain = _Chain(self, *self._drawn(sampler, rows, values, progress))
        return SampleResult.of(
            posterior,
            engine=self,
            samples=chain.kept(sampler.get_chain()),
            log_probability=chain.kept(sampler.get_log_prob()),
            status=chain.status,
            message=f"{chain.message}, {np.mean(sampler.acceptance_fraction):.3f} of the moves accepted",
            independent_chains=False,
            seed=seed,
            maximum=evaluations.highest,
            n_evaluations=evaluations.count,
            seconds=journal.seconds,
        )

    def _drawn(self, sampler, rows, values, progress):
        """Let the walkers walk until their run is long enough; returns steps and the slowest autocorrelation time."""
        from emcee import State

        state, check, tau = State(rows, log_prob=values, random_state=sampler.random_state), _FIRST_CHECK, math.nan
        while True:
            target = min(check, self.max_steps)
            steps = target - sampler.iteration
            for latest in sampler.sample(state, iterations=steps, skip_initial_state_check=True):
                state = latest
                progress.update(1)
            tau = _slowest(sampler.get_chain(), sampler.get_log_prob(), self.burn_in)
            wanted = (self.burn_in + self.autocorrelation_times) * tau
            if target >= wanted or target == self.max_steps:
                return target, tau
            if math.isfinite(wanted):
                progress.expect(min(self.max_steps, wanted))
            check = math.ceil(_GROWTH * target)


@dataclasses.dataclass(frozen=True)
class _Chain:
    """What of a run is kept, and how it ended."""

    engine: Emcee
    steps: int
    tau: float

    @property
    def discarded(self):
        """Steps at the beginning that are not kept; half the run where nothing is known."""
        return _discarded(self.steps, self.tau, self.engine.burn_in)

    @property
    def thinning(self):
        """Every how manieth step is kept."""
        return max(1, int(self.tau / 4)) if math.isfinite(self.tau) else 1

    @property
    def status(self):
        """How the run ended, in a word."""
        wanted = (self.engine.burn_in + self.engine.autocorrelation_times) * self.tau
        return "converged" if self.steps >= wanted else "max_steps"

    @property
    def message(self):
        """The same in a sentence."""
        length = f"{self.steps} steps, {self.discarded} of them discarded"
        if not math.isfinite(self.tau):
            return f"{length}; the walkers do not move, so that no autocorrelation time can be told"
        long = (self.steps - self.discarded) / self.tau
        return f"{length}; the rest is {long:.1f} autocorrelation times long (of {self.tau:.1f} steps)"

    def kept(self, values):
        """Steps to keep, (steps, walkers, ...) -> (walkers, draws, ...)."""
        return np.swapaxes(values[self.discarded :: self.thinning], 0, 1)


def _discarded(steps, tau, burn_in):
    return min(math.ceil(burn_in * tau), steps // 2) if math.isfinite(tau) else steps // 2


def _slowest(chain, log_probability, burn_in):
    """The longest autocorrelation time of any parameter and of the log probability, after what will be discarded."""
    columns = [*np.moveaxis(chain, -1, 0), log_probability]
    tau = math.inf
    for _ in range(2):
        first = _discarded(len(chain), tau, burn_in)
        with np.errstate(divide="ignore", invalid="ignore"):
            tau = float(np.max([autocorrelation_time(column[first:].T) for column in columns]))
        tau = tau if math.isfinite(tau) else math.inf
    return tau


def _window(space, center):
    """Bounds that give every periodic angle one period around the start, all others no bound."""
    half = np.array([p.period / 2 if hasattr(p, "wrapped") else math.inf for p in space.priors])
    return center - half, center + half


class _Batches:
    """What emcee takes for a pool: it is given half the walkers at a time."""

    def __init__(self, evaluations):
        self.evaluations = evaluations

    def map(self, _, rows):
        """Log probabilities of rows."""
        return list(self.evaluations("walkers", np.array(rows)))


def _sampler(shape, evaluations, moves, seed):
    try:
        from emcee import EnsembleSampler
    except ImportError as error:
        raise MissingExtraError("emcee is not installed: pip install 'diskarray[sample]'") from error
    sampler = EnsembleSampler(*shape, _never_called, pool=_Batches(evaluations), moves=moves)
    sampler.random_state = np.random.RandomState(seed).get_state()
    return sampler


def _never_called(_):
    raise SamplerError("the walkers are evaluated in batches")


def _moves(name):
    try:
        from emcee import moves
    except ImportError as error:
        raise MissingExtraError("emcee is not installed: pip install 'diskarray[sample]'") from error
    return _MOVES[name](moves)


_MOVES = {
    "differential": lambda moves: [(moves.DEMove(), 1 - _JUMPS), (moves.DEMove(gamma0=1.0), _JUMPS)],
    "stretch": lambda moves: [(moves.StretchMove(), 1.0)],
}
