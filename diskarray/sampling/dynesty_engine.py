"""Nested sampling with dynesty: posterior and evidence, from the whole prior inwards.

Live points drawn from the prior are replaced, the worst first, by points of higher likelihood; the prior volume that is
left shrinks by a known factor each time, so that the evidence is a sum of likelihood times volume (Skilling 2006,
Bayesian Analysis 1, 833; Speagle 2020, MNRAS 493, 3132; dynamic allocation: Higson et al. 2019, Stat. Comput. 29, 891).
"""

__all__ = ["Dynesty"]

import dataclasses
import time
import warnings
from pathlib import Path

import numpy as np

from ..backend.identify import require_numpy
from ..backend.precision import check_precision
from ..errors import MissingExtraError, ParameterError, SamplerError, nearest
from ..results.sample_result import SampleResult
from ..search.start import vector_of
from .lockstep import Lockstep
from .nested import LikelihoodQueue, UnitCube, equal_weight_indices
from .workers import WorkerPool

_BOUNDS = ("multi", "single", "balls", "cubes", "none")
_PROPOSALS = ("auto", "unif", "rwalk", "slice", "rslice")
_POOL_FOR = {"prior_transform": False, "update_bound": False, "stop_function": False}  # likelihoods only


@dataclasses.dataclass(frozen=True)
class Dynesty:
    """Settings of dynesty's nested sampling.

    Parameters
    ----------
    dynamic : bool
        False: one run with a fixed number of live points. True: batches of further points are added where the posterior
        is, until ``effective_samples`` is reached.
    live_points : int
        More of them: a smaller error of the evidence, more posterior draws, and fewer modes overlooked.
    bound : str
        What new points are proposed from: "multi" (ellipsoids), "single" (one ellipsoid), "balls", "cubes", "none".
    sample : str
        How: "unif" (within the bound), "rwalk" (random walks), "slice" or "rslice" (slices); "auto": "unif" below 10
        parameters, "rwalk" up to 20, "rslice" beyond.
    dlogz : float
        Stop when the evidence that may be left is below this fraction of what was found, in natural logarithms.
    walks : int, optional
        Steps of a random walk; default 20 + the number of parameters.
    slices : int, optional
        Slices of one proposal; default 3 + the number of parameters for "rslice", 3 sweeps for "slice".
    effective_samples : int
        Effective posterior draws that a dynamic run goes on to.
    posterior_fraction : float
        How much batches of a dynamic run care for the posterior, rather than for the evidence: between 0 and 1.
    max_evaluations : int, optional
        Stop after about so many likelihoods, converged or not.
    queue : int, optional
        Points that are proposed side by side, so that their likelihoods are evaluated together; default a 16th of the
        live points, at most 64. It changes which points are drawn, the next two do not.
    batch : int
        Likelihoods in one compiled call on JAX; on a graphics processor as many as the queue.
    workers : int
        Processes to spread the likelihoods over (NumPy only); 0 for none.
    """

    dynamic: bool = False
    live_points: int = 500
    bound: str = "multi"
    sample: str = "auto"
    dlogz: float = 0.1
    walks: int | None = None
    slices: int | None = None
    effective_samples: int = dataclasses.field(default=4000, metadata={"resumable": True})
    posterior_fraction: float = 0.8
    max_evaluations: int | None = dataclasses.field(default=None, metadata={"resumable": True})
    queue: int | None = None
    batch: int = 8
    workers: int = dataclasses.field(default=0, metadata={"resumable": True})

    packages = ("dynesty",)
    counts = "likelihoods"

    def __post_init__(self):
        for name, allowed in (("bound", _BOUNDS), ("sample", _PROPOSALS)):
            if getattr(self, name) not in allowed:
                value = getattr(self, name)
                raise ParameterError(f"Dynesty.{name} cannot be {value!r}: {nearest(value, allowed)}")
        for name, least in (("live_points", 10), ("effective_samples", 1), ("batch", 1), ("workers", 0)):
            _check_count(name, getattr(self, name), least)
        for name in ("walks", "slices", "max_evaluations", "queue"):
            if getattr(self, name) is not None:
                _check_count(name, getattr(self, name), 1)
        if not 0 < self.dlogz < np.inf:
            raise ParameterError(f"Dynesty.dlogz must be a number above 0, got {self.dlogz!r}")
        if not 0 <= self.posterior_fraction <= 1:
            raise ParameterError(f"Dynesty.posterior_fraction lies between 0 and 1, got {self.posterior_fraction!r}")
        if self.queue_size > self.live_points // 2:
            raise ParameterError(
                f"Dynesty.queue is at most half the live points ({self.live_points // 2}), got {self.queue_size}: the "
                "last of the queue would be proposed from what is no longer the prior volume left"
            )

    @property
    def queue_size(self):
        """Points that are proposed side by side."""
        return self.queue if self.queue is not None else max(1, min(64, self.live_points // 16))

    def run(self, posterior, start=None, *, seed, xp=np, journal, progress):
        """Sample a posterior.

        Parameters
        ----------
        posterior : Posterior
        start : OptimizeResult, vector or None
            Not needed. A start settles where periodic angles are cut, and is named in the result if nothing higher was
            found.
        seed : int
        xp : module
        journal : Journal
            Every batch of likelihoods is one step of it.
        progress : object
            With ``update(n, **figures)``.

        Returns
        -------
        SampleResult

        Raises
        ------
        ParameterError
            If there are too few live points for the number of parameters.
        SamplerError
            If a likelihood is NaN, or dynesty cannot go on.
        """
        check_precision(xp)
        _check_enough(self.live_points, posterior.space.size)
        likelihood = LikelihoodQueue(posterior, journal, progress, xp=xp, batch=self.batch)
        run = _Run(self, posterior, likelihood, None if start is None else vector_of(start), seed)
        if not self.workers:
            return run.result()
        require_numpy(xp, "worker processes (Dynesty.workers) are")
        with WorkerPool(posterior, self.workers) as likelihood.pool:
            return run.result()


class _Run:
    """One run: what dynesty is given, and what is made of what it found."""

    def __init__(self, settings, posterior, likelihood, start, seed):
        self.settings, self.posterior, self.likelihood, self.seed = settings, posterior, likelihood, seed
        self.space, self.start, self.began = posterior.space, start, time.perf_counter()
        self.proposal = _proposal(settings.sample, self.space.size)
        self.cube = UnitCube.of(self.space, start)

    def result(self):
        explore, resample = np.random.SeedSequence(self.seed).spawn(2)
        if self.start is not None:
            self.likelihood(self.start[None])
        found, notes = self._explored(np.random.default_rng(explore))
        chosen = equal_weight_indices(found["log_weight"], np.random.default_rng(resample))
        vectors = found["samples"][chosen]
        status, message = self._status(found, notes)
        proper = not getattr(self.space, "improper", ())
        return SampleResult.of(
            self.posterior,
            engine=self.settings,
            seed=self.seed,
            samples=vectors[None],
            log_probability=(found["log_likelihood"][chosen] + self.likelihood.log_prior(vectors))[None],
            status=status,
            message=message,
            independent_chains=False,
            maximum=self.likelihood.highest,
            log_evidence=found["log_evidence"] if proper else None,
            log_evidence_error=found["log_evidence_error"] if proper else None,
            effective_sample_size=found["effective"],
            statistics={"log_likelihood": found["log_likelihood"][chosen][None]},
            weighted={name: found[name] for name in ("samples", "log_weight", "log_likelihood", "log_volume")},
            n_evaluations=self.likelihood.evaluated,
            seconds=self.likelihood.seconds(self.began),
            xp=self.likelihood.xp,
        )

    def _explored(self, random):
        """Run dynesty; what it found as arrays, and what it had to say."""
        dynesty = _import_dynesty()
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            with Lockstep(self.likelihood, self.settings.queue_size) as lockstep:
                try:
                    results = self._nested(dynesty, lockstep, random)
                except Exception as error:
                    if error is self.likelihood.error:
                        raise
                    raise SamplerError(f"dynesty could not go on: {error}") from error
        return _arrays(results), _notes(caught, dynesty)

    def _nested(self, dynesty, lockstep, random):
        settings, dynamic = self.settings, self.settings.dynamic
        sampler = (dynesty.DynamicNestedSampler if dynamic else dynesty.NestedSampler)(
            self.likelihood.of_one,
            self.cube.to_vector,
            self.space.size,
            nlive=settings.live_points,
            bound=settings.bound,
            sample=self.proposal,
            walks=settings.walks if self.proposal == "rwalk" else None,
            slices=settings.slices if "slice" in self.proposal else None,
            rstate=random,
            use_pool=_POOL_FOR,
            periodic=self.cube.periodic if self.proposal == "rwalk" else None,
            pool=_Pool(lockstep, self.likelihood, self.cube),
            queue_size=settings.queue_size,
        )
        common = {"maxcall": settings.max_evaluations, "print_func": self._note, "save_bounds": False}
        if dynamic:
            sampler.run_nested(
                dlogz_init=settings.dlogz,
                n_effective=settings.effective_samples,
                wt_kwargs={"pfrac": settings.posterior_fraction},
                **common,
            )
        else:
            sampler.run_nested(dlogz=settings.dlogz, **common)
        return sampler.results

    def _note(self, state, iteration, calls, **figures):
        """dynesty's hook for printing: called at every iteration."""
        self.likelihood.figures = {"log_evidence": float(state.logz)}
        if np.isfinite(state.delta_logz) and "add_live_it" not in figures:
            self.likelihood.figures["remaining"] = float(state.delta_logz)
            if not self.settings.dynamic:
                self.likelihood.expect(self._iterations_left(state.delta_logz) * calls / max(iteration, 1))

    def _iterations_left(self, remaining):
        """About how many: the volume that is left shrinks by a factor e in ``live_points`` of them."""
        tail = np.log(max(min(remaining, 1.0) / self.settings.dlogz, 1.0))
        return self.settings.live_points * (max(remaining - 1.0, 0.0) + tail)

    def _status(self, found, notes):
        settings = self.settings
        what = f"{found['effective']:.0f} effective draws from {len(found['log_weight'])} points"
        if settings.max_evaluations is not None and self.likelihood.evaluated >= settings.max_evaluations:
            status, message = "max_evaluations", f"stopped at max_evaluations: {what}"
        elif np.ptp(found["log_likelihood"][-settings.live_points :]) == 0:
            status, message = "plateau", f"the likelihood is the same for all live points: {what}"
        elif settings.dynamic and found["effective"] < settings.effective_samples:
            status, message = "stopped", f"the batches ended early: {what}"
        else:
            status, message = "converged", f"at most {settings.dlogz:g} of log-evidence is left: {what}"
        return status, "; ".join([message, *notes])


class _Pool:
    """What dynesty takes for a pool: its proposals run in lockstep, without the wrappers that it prints errors from."""

    def __init__(self, lockstep, likelihood, cube):
        self.lockstep, self.likelihood, self.cube = lockstep, likelihood, cube

    def map(self, function, tasks):
        from dynesty.internal_samplers import SamplerArgument
        from dynesty.utils import LogLikelihood, LoglOutput

        tasks = list(tasks)
        if isinstance(function, LogLikelihood):
            return [LoglOutput(value, False) for value in self.likelihood(np.array(tasks))]
        ask, to_vector = self.lockstep.ask, self.cube.to_vector
        tasks = [
            task._replace(prior_transform=to_vector, loglikelihood=lambda v: LoglOutput(ask(v), False))
            if isinstance(task, SamplerArgument)
            else task
            for task in tasks
        ]
        return self.lockstep.map(function, tasks)


def _import_dynesty():
    try:
        import dynesty
    except ImportError as error:
        raise MissingExtraError("dynesty is not installed: pip install 'diskarray[sample]'") from error
    return dynesty


def _proposal(sample, size):
    if sample != "auto":
        return sample
    return "unif" if size < 10 else "rwalk" if size <= 20 else "rslice"


def _arrays(results):
    """dynesty's results as plain arrays."""
    log_weight = np.asarray(results.logwt, dtype=float)
    log_weight = log_weight - np.logaddexp.reduce(log_weight)
    return {
        "samples": np.asarray(results.samples, dtype=float),
        "log_weight": log_weight,
        "log_likelihood": np.asarray(results.logl, dtype=float),
        "log_volume": np.asarray(results.logvol, dtype=float),
        "log_evidence": float(results.logz[-1]),
        "log_evidence_error": float(results.logzerr[-1]),
        "effective": float(np.exp(-np.logaddexp.reduce(2 * log_weight))),
    }


def _notes(caught, dynesty):
    """dynesty's warnings as sentences, each once; those of others are warned again."""
    home, notes = Path(dynesty.__file__).parent, []
    for warning in caught:
        if home not in Path(warning.filename).parents:
            warnings.warn_explicit(warning.message, warning.category, warning.filename, warning.lineno)
        elif (text := " ".join(str(warning.message).split())) not in notes:
            notes.append(text)
    return notes


def _check_count(name, value, least):
    if not (isinstance(value, (int, np.integer)) and not isinstance(value, bool) and value >= least):
        raise ParameterError(f"Dynesty.{name} must be a whole number of at least {least}, got {value!r}")


def _check_enough(live_points, size):
    if live_points <= 2 * size:
        raise ParameterError(
            f"{live_points} live points cannot enclose {size} parameters: take more than {2 * size}, and some hundreds "
            "for a usable evidence"
        )
