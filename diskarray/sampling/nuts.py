"""The no-U-turn sampler: Hamiltonian trajectories along the gradient of the log posterior, through NumPyro.

It moves in coordinates without bounds (``bijectors``), standardized by the Laplace approximation of the posterior
(``hamiltonian``), and draws in blocks: a block is one step of the journal and ends with the sampler's state as plain
arrays, so that a resumed chain is the uninterrupted one to the last bit.
"""

__all__ = ["NUTS"]

import dataclasses
import math

import numpy as np

from ..backend.namespace import is_jax_array
from ..backend.precision import check_precision
from ..errors import BackendError, ParameterError, SamplerError
from ..results.sample_result import SampleResult
from ..search.start import start_vector
from .bijectors import Unconstrained
from .hamiltonian import Frame, Transitions, chain_starts

_FARTHEST = 7.0  # coordinates of a start: a thousandth of an interval from its bound
_STEP = 1e-5
_HIGHEST = 1e11  # a potential above this one was never left
_WHOLE = {"draws": 1, "warmup": 20, "chains": 1, "max_tree_depth": 1, "block": 1}


@dataclasses.dataclass(frozen=True)
class NUTS:
    """Settings of the no-U-turn sampler (Hoffman & Gelman 2014, as NumPyro implements it). It needs JAX.

    Parameters
    ----------
    draws : int
        From each chain, kept.
    warmup : int
        Transitions before them, which adapt the step size and the dense mass matrix; at least 20.
    chains : int
        Each begins at its own draw from the Laplace approximation around the start.
    target_acceptance : float
        Mean acceptance that the step size is adapted to; nearer to 1 for fewer divergences and more steps.
    max_tree_depth : int
        A trajectory has at most 2^max_tree_depth - 1 steps.
    block : int
        Draws of every chain between two chances to write a checkpoint.
    vectorized : bool
        All chains at once, each waiting for the longest trajectory, as accelerators like it; False (default): each in
        its own thread, as many at a time as there are processors.
    """

    draws: int = dataclasses.field(default=1000, metadata={"resumable": True})
    warmup: int = 300
    chains: int = 4
    target_acceptance: float = 0.8
    max_tree_depth: int = 10
    block: int = 50
    vectorized: bool = False

    packages = ("numpyro",)
    counts = "transitions"

    def __post_init__(self):
        for name, least in _WHOLE.items():
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < least:
                raise ParameterError(f"NUTS.{name} must be a whole number, {least} or above, got {value!r}")
        if not (isinstance(self.target_acceptance, (int, float)) and 0 < self.target_acceptance < 1):
            raise ParameterError(f"NUTS.target_acceptance must be between 0 and 1, got {self.target_acceptance!r}")
        if not isinstance(self.vectorized, bool):
            raise ParameterError(f"NUTS.vectorized must be True or False, got {self.vectorized!r}")

    def run(self, posterior, start, *, seed, xp, journal, progress):
        """Draw from a posterior.

        Parameters
        ----------
        posterior
            With ``space`` and ``log_probability(vector, xp=)``.
        start : OptimizeResult, array of shape (n,), or None
            Of an OptimizeResult the covariance is used as well; elsewhere the curvature at the start, which is the
            model's own values by default.
        seed : int
        xp : module
            jax.numpy.
        journal : Journal
        progress
            With ``update(n, **figures)``.

        Returns
        -------
        SampleResult

        Raises
        ------
        BackendError
            If ``xp`` is not jax.numpy.
        MissingExtraError
            If NumPyro is not installed.
        SamplerError
            If a chain finds no finite log probability around its start.
        """
        _require_gradients(xp)
        coordinates = Unconstrained.of(posterior.space)
        center = _center(posterior.space, coordinates, start)
        run = _Run(self, posterior, coordinates, center, start, seed, journal, progress)
        return run.result(xp)


class _Run:
    """One run of the sampler: its blocks, one after the other."""

    def __init__(self, settings, posterior, coordinates, center, start, seed, journal, progress):
        self.settings, self.posterior, self.coordinates, self.start = settings, posterior, coordinates, start
        self.center, self.seed, self.journal, self.progress = center, seed, journal, progress
        self._transitions, self.frame = None, None

    def result(self, xp):
        begun = self.journal.step("nuts start", (self.center, self.seed), lambda: self._begin(xp))
        self.frame = Frame(begun.pop("center"), begun.pop("factor"))
        states, evaluated = _states(begun), 0
        settings, kept = self.settings, []
        warmup = [min(settings.block, settings.warmup - done) for done in range(0, settings.warmup, settings.block)]
        whole = math.ceil(settings.draws / settings.block)  # blocks of one length, so that a run can be made longer
        self.progress.expect(settings.chains * (settings.warmup + whole * settings.block))
        for draws in warmup:
            states, drawn = self._block("nuts warm-up", states, draws)
            evaluated += int(drawn["n_steps"].sum())
            _check_begun(drawn["potential"])
        for _ in range(whole):
            states, drawn = self._block("nuts draws", states, settings.block)
            evaluated += int(drawn["n_steps"].sum())
            kept.append(drawn)
        drawn = {key: np.concatenate([part[key] for part in kept], axis=1)[:, : settings.draws] for key in kept[0]}
        return self._gathered(drawn, evaluated)

    def _begin(self, xp):
        precision = _precision(self.posterior, self.coordinates, self.center, self.start, xp)
        self.frame = Frame(self.center, _factor(precision, self.coordinates.spread))
        starts = chain_starts(self.frame, self.settings.chains, self.seed)
        states = self._compiled().first_states(starts, self.seed)
        return {"center": self.frame.center, "factor": self.frame.factor, **_named(states)}

    def _block(self, name, states, draws):
        def compute():
            new, drawn = self._compiled().advance(states, draws, lambda chains: self.progress.update(chains * draws))
            return {**drawn, **_named(new)}

        replayed = self.journal.replayed
        out = self.journal.step(name, (draws, *states), compute)
        if self.journal.replayed > replayed:
            self.progress.update(self.settings.chains * draws)
        return _states(out), out

    def _compiled(self):
        if self._transitions is None:
            names = ("warmup", "target_acceptance", "max_tree_depth", "block", "vectorized")
            settings = {name: getattr(self.settings, name) for name in names}
            self._transitions = Transitions(self.posterior, self.coordinates, self.frame, **settings)
        return self._transitions

    def _gathered(self, drawn, evaluated):
        z = self.frame.coordinates(drawn["y"])
        columns = np.moveaxis(z, -1, 0)
        samples = np.moveaxis(self.coordinates.to_vector(columns), 0, -1)
        log_probability = -drawn["potential"] - self.coordinates.log_jacobian(columns)
        statistics = {name: drawn[name] for name in ("diverging", "energy", "step_size", "acceptance", "n_steps")}
        statistics["tree_depth"] = np.floor(np.log2(np.maximum(drawn["n_steps"], 1))).astype(int) + 1
        deepest = float(np.mean(statistics["tree_depth"] >= self.settings.max_tree_depth))
        settings = self.settings
        message = f"{settings.draws} draws from each of {settings.chains} chains after {settings.warmup} of warm-up"
        if deepest > 0.01:
            message += f"; {100 * deepest:.0f} % of the trajectories were cut at max_tree_depth"
        return SampleResult.of(
            self.posterior,
            engine=self.settings,
            seed=self.seed,
            samples=samples,
            log_probability=log_probability,
            statistics=statistics,
            n_evaluations=evaluated,
            seconds=self.journal.seconds,
            status="finished",
            message=message,
            independent_chains=True,
            maximum=self._start_as_maximum(),
        )

    def _start_as_maximum(self):
        """The search before may have ended higher than any draw."""
        if not hasattr(self.start, "vector"):
            return None
        return self.start.vector, float(self.posterior.log_probability(np.asarray(self.start.vector, dtype=float)))


def _require_gradients(xp):
    if not is_jax_array(xp.asarray(0.0)):
        raise BackendError("NUTS follows gradients, which need JAX: pass xp=da.enable_jax()")
    check_precision(xp)


def _named(states):
    return {f"state{k:02d}": array for k, array in enumerate(states)}


def _states(out):
    return [out.pop(key) for key in sorted(key for key in out if key.startswith("state"))]


def _check_begun(potential):
    stuck = [k for k, chain in enumerate(potential) if not chain[-1] < _HIGHEST]
    if stuck:
        raise SamplerError(
            f"chain {stuck[0]} found no finite log probability around its start: begin from the result of an "
            "optimizer, and look at the priors and the data there"
        )


def _center(space, coordinates, start):
    """Coordinates of the start, away from bounds: a start at a bound has none, and one very near it a tiny step."""
    return coordinates.nearest(start_vector(space, start), _FARTHEST)


def _precision(posterior, coordinates, center, start, xp):
    """Inverse covariance of the coordinates around the start: an optimizer's, or the curvature there."""
    covariance = getattr(start, "covariance", None)
    if covariance is None:
        return _curvature(posterior, coordinates, center, xp)
    covariance = coordinates.covariance(np.asarray(covariance, dtype=float), center)
    precision = np.zeros_like(covariance)
    known = np.isfinite(np.diag(covariance))
    block = np.ix_(known, known)
    if known.any() and np.all(np.isfinite(covariance[block])):
        precision[block] = np.linalg.pinv(covariance[block], hermitian=True)
    return precision


def _curvature(posterior, coordinates, center, xp):
    """Second derivatives of minus the log density of the coordinates, from differences of its gradient."""

    def gradient(z):
        _, of_vector = posterior.value_and_gradient(coordinates.to_vector(z), xp=xp)
        of_jacobian = (coordinates.log_derivatives(z + _STEP) - coordinates.log_derivatives(z - _STEP)) / (2 * _STEP)
        return np.asarray(of_vector) * coordinates.derivatives(z) + of_jacobian

    steps = np.diag(_STEP * coordinates.spread)
    rows = [(gradient(center - h) - gradient(center + h)) / (2 * h[k]) for k, h in enumerate(steps)]
    return 0.5 * (np.array(rows) + np.array(rows).T)


def _factor(precision, spread):
    """A factor of the inverse of a precision, nowhere wider than flat priors are in the coordinates.

    Where data say less than that, or the curvature has the wrong sign, the prior's width is what a chain should begin
    with.
    """
    values, vectors = np.linalg.eigh(np.where(np.isfinite(precision), precision, 0.0) * np.outer(spread, spread))
    return spread[:, None] * vectors / np.sqrt(np.maximum(np.abs(values), 1.0))
