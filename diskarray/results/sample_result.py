"""What a sampler found, frozen: draws, the posterior's maximum, evidence, and how far all that can be trusted."""

__all__ = ["SampleResult", "scene_at"]

import dataclasses
import math
from typing import Any

import numpy as np

from ..backend.pytree import FrozenDict
from ..diagnostics.convergence import unwrapped
from ..diagnostics.diagnosis import diagnose
from ..diagnostics.gates import gates_of
from ..errors import SamplerError, ShapeError
from ..fit.identity import data_digest
from .archive import save_result


@dataclasses.dataclass(frozen=True, eq=False)
class SampleResult:
    """Equally weighted draws from a posterior, made with ``SampleResult.of``.

    Attributes
    ----------
    engine : str
        The sampler's name.
    settings : mapping
        Its settings.
    seed : int or None
    names, units, priors : tuple
        One per element of the vector.
    samples : array, shape (chains, draws, n)
        Posterior draws; periodic angles lie in their prior's interval.
    log_probability : array, shape (chains, draws)
        Log prior plus log-likelihood of every draw.
    vector : array, shape (n,)
        The posterior's maximum among everything that was evaluated.
    maximum_log_probability : float
        The log probability there.
    scene : Scene
        The model there.
    log_evidence, log_evidence_error : float or None
        None for engines that do not measure it.
    effective_sample_size : float or None
        Of the weighted set that equally weighted draws were taken from (nested sampling); None for chains.
    statistics : mapping of str to array, shape (chains, draws)
        What the engine notes for every draw: "diverging", "energy", ...
    linear_names, linear_units : tuple
        Parameters that are solved inside the likelihood.
    linear_samples : array, shape (chains, draws, k)
        Their posterior draws, each given the draw of the others.
    n_evaluations : int
        Log probabilities computed.
    seconds : float
        Wall-clock time, that before an interruption included.
    status : str
        "converged" (the engine's own criterion was met), "finished" (all that was asked for was drawn), or another
        word for what stopped it.
    message : str
        The status in a sentence.
    independent_chains : bool
        False for the walkers of an ensemble and for nested sampling.
    identity : str
        Digest of data, model, and priors; "" where the posterior has none.
    data_identity : str
        Digest of the data alone; "" where they are not Imaging.
    linear_priors : tuple
        One per linear parameter.
    weighted : mapping of str to array, shape (m, ...)
        Nested sampling's own points: "samples", "log_weight", "log_likelihood", "log_volume"; else empty.
    diagnostics : Diagnosis
    """

    engine: str
    settings: FrozenDict
    seed: int | None
    names: tuple
    units: tuple
    priors: tuple
    samples: np.ndarray
    log_probability: np.ndarray
    vector: np.ndarray
    maximum_log_probability: float
    scene: Any
    log_evidence: float | None
    log_evidence_error: float | None
    effective_sample_size: float | None
    statistics: FrozenDict
    linear_names: tuple
    linear_units: tuple
    linear_samples: np.ndarray
    n_evaluations: int
    seconds: float
    status: str
    message: str
    independent_chains: bool
    identity: str = ""
    data_identity: str = ""
    linear_priors: tuple = ()
    weighted: FrozenDict = dataclasses.field(default_factory=FrozenDict)
    diagnostics: object = dataclasses.field(init=False, repr=False)

    def __post_init__(self):
        for name in ("samples", "log_probability", "vector", "linear_samples"):
            object.__setattr__(self, name, _frozen(getattr(self, name), float))
        for name in ("statistics", "weighted"):
            frozen = {str(k): _frozen(v) for k, v in getattr(self, name).items()}
            object.__setattr__(self, name, FrozenDict(frozen))
        object.__setattr__(self, "settings", FrozenDict(self.settings))
        _check_shapes(self)
        object.__setattr__(self, "diagnostics", _diagnosis(self))

    @classmethod
    def of(
        cls,
        posterior,
        *,
        engine,
        samples,
        log_probability,
        status,
        message,
        independent_chains,
        settings=None,
        seed=None,
        maximum=None,
        log_evidence=None,
        log_evidence_error=None,
        effective_sample_size=None,
        statistics=None,
        weighted=None,
        linear_samples=None,
        n_evaluations=0,
        seconds=0.0,
        xp=np,
    ):
        """A result from what an engine drew.

        Parameters
        ----------
        posterior : Posterior
        engine : object or str
            The engine's settings, a dataclass (its name and fields are kept), or a name.
        samples : array, shape (chains, draws, n)
        log_probability : array, shape (chains, draws)
        settings : dict, optional
            Needed with a name only.
        maximum : (vector, log probability), optional
            The highest point that the engine, or the search before it, evaluated; the highest draw competes with it.
        linear_samples : array, shape (chains, draws, k), optional
            Default: drawn here where the posterior has linear parameters, with one image per draw.
        xp : module
            numpy (default) or jax.numpy, to render with for them.

        The others are those of SampleResult.

        Raises
        ------
        ShapeError
            If the arrays do not fit together.
        SamplerError
            If no draw has a finite log probability.
        """
        space = posterior.space
        samples, log_probability = np.asarray(samples, dtype=float), np.asarray(log_probability, dtype=float)
        if samples.ndim != 3 or samples.shape[2] != space.size:
            raise ShapeError(f"samples need shape (chains, draws, {space.size}), got {samples.shape}")
        samples = _in_interval(samples, space.priors)
        vector, highest = _highest(samples, log_probability, maximum, space)
        names, units, drawn = _linear(posterior, vector, samples, linear_samples, seed, xp)
        return cls(
            engine=engine if isinstance(engine, str) else type(engine).__name__,
            settings=settings if settings is not None else _settings(engine),
            seed=seed,
            names=tuple(space.names),
            units=tuple(space.units),
            priors=tuple(space.priors),
            samples=samples,
            log_probability=log_probability,
            vector=vector,
            maximum_log_probability=highest,
            scene=scene_at(posterior, vector),
            log_evidence=_optional(log_evidence),
            log_evidence_error=_optional(log_evidence_error),
            effective_sample_size=_optional(effective_sample_size),
            statistics=statistics or {},
            linear_names=names,
            linear_units=units,
            linear_samples=drawn,
            n_evaluations=int(n_evaluations),
            seconds=float(seconds),
            status=status,
            message=message,
            independent_chains=bool(independent_chains),
            identity=posterior.identity() if hasattr(posterior, "identity") else "",
            data_identity=data_digest(getattr(posterior, "data", None)),
            linear_priors=tuple(getattr(space, "linear_priors", ())),
            weighted=weighted or {},
        )

    @property
    def kind(self):
        """What the draws are: "nested" (one set), "chains" (independent ones), or "ensemble" (walkers)."""
        if self.effective_sample_size is not None:
            return "nested"
        return "chains" if self.independent_chains else "ensemble"

    @property
    def flat(self):
        """All draws one after the other, shape (m, n)."""
        chains, draws, n = self.samples.shape
        return self.samples.reshape(chains * draws, n)

    @property
    def mean(self) -> np.ndarray:
        """Posterior means, shape (n,); of periodic angles around their circular mean."""
        return _wrapped(_mean(self._seamless()), self.priors)

    @property
    def covariance(self) -> np.ndarray:
        """Posterior covariance, shape (n, n)."""
        draws = self._seamless()
        if draws.shape[0] < 2:
            return np.full((draws.shape[1],) * 2, math.nan)
        with np.errstate(invalid="ignore", over="ignore"):
            offsets = draws - _mean(draws)
            return offsets.T @ offsets / (draws.shape[0] - 1)

    @property
    def sigma(self) -> np.ndarray:
        """Posterior standard deviations, shape (n,)."""
        return np.sqrt(np.diag(self.covariance))

    def quantile(self, q):
        """Posterior quantiles, shape (n,) or (len(q), n); angles are counted from opposite their circular mean."""
        draws = self._seamless()
        if draws.shape[0] == 0:
            return np.full(np.shape(q) + (draws.shape[1],), math.nan)
        with np.errstate(invalid="ignore"):
            return _wrapped(np.quantile(draws, q, axis=0), self.priors)

    @property
    def gates(self):
        """What has to hold before the posterior is established, a tuple of Gate."""
        return gates_of(self)

    @property
    def established(self) -> bool:
        """True if every gate passed."""
        return all(gate.passed is True for gate in self.gates)

    def save(self, path, *, data=None, overwrite=False):
        """Write the result as .json, .npz, .nc, or into a folder; ``load_result`` reads all but the .json back."""
        return save_result(self, path, data=data, overwrite=overwrite)

    def _seamless(self):
        return _seamless(self.flat, self.priors)

    def __repr__(self):
        chains, draws, _ = self.samples.shape
        verdict = "established" if self.established else "NOT established"
        lines = [f"SampleResult({self.engine}, {chains} x {draws} draws, {verdict}"]
        for name, value, sigma, unit in zip(self.names, self.mean, self.sigma, self.units, strict=True):
            lines.append(f"  {name} = {value:.6g} +- {sigma:.2g} {unit}".rstrip())
        for k, (name, unit) in enumerate(zip(self.linear_names, self.linear_units, strict=True)):
            column = self.linear_samples[..., k]
            if column.size:
                lines.append(f"  {name} = {np.mean(column):.6g} +- {np.std(column):.2g} {unit} (linear)")
        if self.log_evidence is not None:
            error = math.nan if self.log_evidence_error is None else self.log_evidence_error
            lines.append(f"  log-evidence {self.log_evidence:.3f} +- {error:.3f}")
        lines += [f"  {gate.verdict}: {gate.text}" for gate in self.gates if gate.passed is not True]
        return "\n".join(lines) + ")"


def _frozen(values, dtype=None):
    array = np.array(values, dtype=dtype)
    array.flags.writeable = False
    return array


def _optional(value):
    return None if value is None else float(value)


def _settings(engine):
    if dataclasses.is_dataclass(engine):
        return {f.name: getattr(engine, f.name) for f in dataclasses.fields(engine)}
    return {}


def _check_shapes(result):
    if not all(isinstance(name, str) for name in (*result.names, *result.linear_names)):
        raise ShapeError(f"SampleResult.names are text, got {(*result.names, *result.linear_names)}")
    n, k = len(result.names), len(result.linear_names)
    shape = result.samples.shape[:2]
    wanted = {"samples": (*shape, n), "log_probability": shape, "vector": (n,), "linear_samples": (*shape, k)}
    found = {name: getattr(result, name).shape for name in wanted}
    for key, array in result.statistics.items():
        wanted[f"statistics[{key!r}]"], found[f"statistics[{key!r}]"] = shape, array.shape
    for name, needed in wanted.items():
        if len(shape) != 2 or found[name] != needed:
            raise ShapeError(
                f"SampleResult.{name} needs shape {needed}, as samples are (chains, draws, {n}); got {found[name]}"
            )
    for name, length in (("units", n), ("priors", n), ("linear_units", k)):
        if len(getattr(result, name)) != length:
            raise ShapeError(f"SampleResult.{name} needs {length} entries, got {len(getattr(result, name))}")


def _diagnosis(result):
    draws = np.concatenate(
        [_seamless(result.samples, result.priors), result.linear_samples, result.log_probability[..., None]], axis=-1
    )
    names = (*result.names, *result.linear_names, "log_probability")
    return diagnose(names, draws, statistics=result.statistics, effective_sample_size=result.effective_sample_size)


def _seamless(samples, priors):
    """The draws with periodic angles cut opposite their circular mean."""
    columns = [
        unwrapped(samples[..., k], prior.period) if hasattr(prior, "wrapped") else samples[..., k]
        for k, prior in enumerate(priors)
    ]
    return np.stack(columns, axis=-1) if columns else samples


def _wrapped(rows, priors):
    """Vectors with periodic angles in their prior's interval."""
    columns = [
        _one_turn(rows[..., k], prior) if hasattr(prior, "wrapped") else rows[..., k] for k, prior in enumerate(priors)
    ]
    return np.stack(columns, axis=-1)


def _one_turn(angles, prior):
    """Angles in the prior's interval; those that are not finite stay what they are."""
    finite = np.isfinite(angles)
    return np.where(finite, prior.wrapped(np.where(finite, angles, prior.lower)), angles)


_in_interval = _wrapped


def _mean(draws):
    with np.errstate(invalid="ignore", over="ignore"):
        return np.mean(draws, axis=0) if draws.shape[0] else np.full(draws.shape[1], math.nan)


def _highest(samples, log_probability, maximum, space):
    """Vector and log probability of the highest point known."""
    known = []
    if maximum is not None:
        known.append((np.asarray(maximum[0], dtype=float), float(maximum[1])))
    finite = np.where(np.isfinite(log_probability), log_probability, -math.inf)
    if finite.size and log_probability.shape == samples.shape[:2]:
        place = np.unravel_index(np.argmax(finite), finite.shape)
        known.append((samples[place], float(finite[place])))
    known = [(v, p) for v, p in known if np.all(np.isfinite(v)) and math.isfinite(p)]
    if not known:
        raise SamplerError("no draw has a finite log probability: there is nothing to make a result of")
    vector, highest = max(known, key=lambda pair: pair[1])
    return _in_interval(np.asarray(vector, dtype=float), space.priors), highest


def scene_at(posterior, vector):
    """The model at a vector, linear parameters filled in where the posterior has some."""
    if hasattr(posterior, "scene_from"):
        return posterior.scene_from(vector)
    return posterior.space.to_model(vector)


def _linear(posterior, vector, samples, drawn, seed, xp):
    """Names, units and draws of the linear parameters; none where the posterior has none."""
    chains, draws, n = samples.shape
    if not hasattr(posterior, "linear_solution"):
        return (), (), np.zeros((chains, draws, 0))
    solution = posterior.linear_solution(vector)
    names, units = tuple(solution.names), tuple(solution.units)
    if not names:
        return (), (), np.zeros((chains, draws, 0))
    if drawn is None:
        drawn = posterior.draw_linear(samples.reshape(chains * draws, n), seed, xp=xp)
    drawn = np.asarray(drawn, dtype=float)
    if drawn.size != chains * draws * len(names):
        raise ShapeError(f"linear_samples need shape {(chains, draws, len(names))}, got {drawn.shape}")
    return names, units, drawn.reshape(chains, draws, len(names))
