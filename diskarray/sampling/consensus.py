"""Consensus Monte Carlo: parts of the data sampled apart and combined (Scott et al. 2016).

For data whose likelihood is too large for one run, or to see whether rolls, bands or regions tell the same. Each part
counts its share of the prior; the draws are averaged with the parts' inverse covariances as weights. That is exact for
Gaussian parts; what they lack of it is corrected with the likelihood of all data at the combined draws. Where the parts
are far from Gaussian, or do not agree, the combination is refused.
"""

__all__ = ["Consensus"]

import dataclasses

import numpy as np

from ..errors import ParameterError, SamplerError
from ..results.sample_result import SampleResult
from .agreement import combined, corrected, gaussian_draws, objections, weighting
from .dynesty_engine import Dynesty
from .evaluations import Evaluations
from .shards import shards_of

_ROWS = 256  # of the combined draws, evaluated in one step


@dataclasses.dataclass(frozen=True)
class Consensus:
    """Settings of a combination of parts.

    Parameters
    ----------
    engine : NUTS, Emcee
        What samples every part.
    shards : tuple or dict of Mask2D, or None
        Regions of one image, each mask True where a pixel does not belong to the region; every pixel that counts is in
        one of them. None (default): every image of a joint fit is a part.
    """

    engine: object
    shards: object = None

    def __post_init__(self):
        if not hasattr(self.engine, "run") or isinstance(self.engine, (type, Consensus)):
            raise ParameterError(f"Consensus.engine must be settings such as NUTS(), got {self.engine!r}")
        if isinstance(self.engine, Dynesty):
            raise ParameterError("Consensus combines chains; draws and evidences of nested sampling do not combine")
        if self.shards is not None and not hasattr(self.shards, "items"):
            object.__setattr__(self, "shards", tuple(self.shards))

    @property
    def packages(self):
        """Packages that the draws depend on."""
        return getattr(self.engine, "packages", ())

    @property
    def counts(self):
        """What progress counts."""
        return getattr(self.engine, "counts", "steps")

    def run(self, posterior, start, *, seed, xp, journal, progress):
        """Sample every part and combine.

        Parameters
        ----------
        posterior : Posterior
        start : OptimizeResult, vector or None
            Of all data; for a part its covariance is widened by the number of parts.
        seed, xp, journal, progress
            As for the engine.

        Returns
        -------
        SampleResult
            Its ``message`` says what was combined and how it compares with the posterior of all data; its status is
            "parts_not_established" if a part's own gates did not all pass.

        Raises
        ------
        SamplerError
            With every reason, if the parts must not be combined.
        ParameterError
            If the data do not fall into parts.
        """
        parts = shards_of(posterior, self.shards)
        regions = [part.data.mask.array for part in parts.values()] if self.shards is not None else []
        journal.step("consensus parts", (len(parts), *regions), lambda: {"parts": np.asarray(len(parts))})
        results = {}
        seeds = np.random.SeedSequence(seed).generate_state(len(parts))
        for (name, part), own in zip(parts.items(), seeds, strict=True):
            results[name] = self.engine.run(
                part, _widened(start, len(parts)), seed=int(own), xp=xp, journal=journal, progress=progress
            )
        draws = _together(results.values(), posterior.space)
        reasons = objections([f"part {name!r}" for name in results], draws, posterior.space)
        if reasons:
            raise SamplerError(f"the parts are not combined: {'; '.join(reasons)}. Sample all data in one run.")
        return self._combined(posterior, start, results, draws, seed, xp, journal)

    def _combined(self, posterior, start, results, draws, seed, xp, journal):
        random = np.random.default_rng([seed, 3])
        samples = gaussian_draws(combined(draws), random)
        evaluations = Evaluations(posterior, journal, xp=xp, batch=16)
        rows = samples.reshape(-1, samples.shape[-1])
        values = [evaluations("consensus draws", rows[k : k + _ROWS]) for k in range(0, len(rows), _ROWS)]
        log_probability = np.concatenate(values).reshape(samples.shape[:2])
        weights = weighting(samples, log_probability)
        if weights.objection:
            raise SamplerError(f"the parts are not combined: {weights.objection}. Sample all data in one run.")
        places = corrected(samples, log_probability, random)
        accepted = float(np.mean(places[:, 1:] != places[:, :-1]))
        samples = np.take_along_axis(samples, places[..., None], axis=1)
        log_probability = np.take_along_axis(log_probability, places, axis=1)
        open_gates = [f"{name}: {g.text}" for name, r in results.items() for g in r.gates if g.passed is not True]
        names = ", ".join(results)
        return SampleResult.of(
            posterior,
            engine="Consensus",
            settings=self._settings(names),
            samples=samples,
            seed=seed,
            log_probability=log_probability,
            statistics=_statistics(list(results.values()), samples.shape[:2]),
            maximum=_maximum(posterior, start, evaluations),
            seconds=journal.seconds,
            n_evaluations=sum(r.n_evaluations for r in results.values()) + evaluations.count,
            status="parts_not_established" if open_gates else "finished",
            message=f"{len(results)} parts of the data ({names}), each with 1/{len(results)} of the log prior, "
            "combined by their inverse covariances and corrected by the posterior of all data "
            f"({100 * accepted:.0f} % accepted); " + "; ".join([str(weights), *open_gates]),
            independent_chains=all(r.independent_chains for r in results.values()),
        )

    def _settings(self, names):
        fields = dataclasses.fields(self.engine) if dataclasses.is_dataclass(self.engine) else ()
        own = {f"engine.{f.name}": getattr(self.engine, f.name) for f in fields}
        return {"engine": type(self.engine).__name__, "shards": names, **own}


def _widened(start, count):
    """A start whose covariance is that of one of ``count`` parts."""
    if not hasattr(start, "covariance"):
        return start
    return dataclasses.replace(start, covariance=count * np.asarray(start.covariance))


def _together(results, space):
    """The parts' draws, as many of each as of the shortest, periodic angles within half a period of the first one's."""
    length = min(r.samples.shape[1] for r in results)
    parts = [np.array(r.samples[:, -length:]) for r in results]
    for k, prior in enumerate(space.priors):
        if hasattr(prior, "wrapped"):
            turns = [np.exp(2j * np.pi * part[..., k] / prior.period).mean() for part in parts]
            center = np.angle(sum(turns)) * prior.period / (2 * np.pi)
            for part in parts:
                part[..., k] -= prior.period * np.round((part[..., k] - center) / prior.period)
    return parts


def _statistics(results, shape):
    """A combined draw counts as divergent if any of those it is made of was."""
    if not all("diverging" in r.statistics for r in results):
        return {}
    return {"diverging": np.any([r.statistics["diverging"][:, -shape[1] :] for r in results], axis=0)}


def _maximum(posterior, start, evaluations):
    if not hasattr(start, "vector"):
        return evaluations.highest
    vector = np.asarray(start.vector, dtype=float)
    return max((vector, float(posterior.log_probability(vector))), evaluations.highest, key=lambda pair: pair[1])
