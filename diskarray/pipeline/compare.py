"""Runs of the same data side by side: parameters, fit statistics, evidences.

A z-score is a difference over an error: of a fit from the draws over the width of the draws, of two runs over both
errors together. Runs of the same data share its noise, so between them z is a measure of how much a model changes a
parameter, not a chance.
"""

__all__ = ["RunComparison", "compare_runs", "open_several"]

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import DataError, ParameterError
from ..results.summary import plain
from ..sampling.compare import compare
from .manifest import now
from .open_run import open_with_files
from .products import bayesian_information_criterion

SOURCES = ("fit", "samples")


@dataclass(frozen=True)
class RunComparison:
    """Runs side by side.

    Attributes
    ----------
    content : dict
        Plain numbers and text: "runs" (status and statistics of each), "parameters" (name -> unit, what every run
        found, the z-scores within and between runs), "evidence".
    evidence : Comparison or None
        Where at least two runs have one.
    """

    content: dict
    evidence: Any = None

    @property
    def trusted(self):
        """True if every fit converged and all draws are established."""
        return all(run["trusted"] for run in self.content["runs"].values())


def compare_runs(runs, samples=None):
    """Compare runs of the same data; a single one compares its own fit with its samples.

    Parameters
    ----------
    runs : dict of str to Run
    samples : dict of str to SampleResult, optional
        Draws that are not in the run's folder yet.

    Returns
    -------
    RunComparison

    Raises
    ------
    DataError
        If a run has no result, or they are of different data.
    """
    results = {
        name: {"fit": run.fit, "samples": (samples or {}).get(name) or run.samples} for name, run in runs.items()
    }
    _check(runs, results)
    found = {name: _estimates(pair) for name, pair in results.items()}
    periods = {key: about.get("period") for run in runs.values() for key, about in _parameters(run).items()}
    names = list(dict.fromkeys(key for estimates in found.values() for key in estimates))
    content = {
        "time": now(),
        "runs": {name: _statistics(run, results[name]) for name, run in runs.items()},
        "parameters": {key: _row(key, found, periods.get(key)) for key in names},
    }
    sampled = {name: pair["samples"] for name, pair in results.items() if _evidence(pair["samples"]) is not None}
    evidence = compare(sampled) if len(sampled) > 1 else None
    content["evidence"] = None if evidence is None else _evidences(evidence)
    return RunComparison(content, evidence)


def open_several(folders, component_files=()):
    """Runs by the name of their folder, or by its whole path where two have the same name.

    Raises
    ------
    DataError
        If the results in a folder are not those that its run wrote.
    ParameterError
        If a folder is named twice.
    """
    places = [Path(folder).resolve() for folder in folders]
    twice = next((folder for k, folder in enumerate(folders) if places[k] in places[:k]), None)
    if twice is not None:
        raise ParameterError(f"{twice} is named twice: a run is compared with other ones, or named alone.")
    names = [place.name for place in places]
    unique = [str(f) if names.count(name) > 1 else name for f, name in zip(folders, names, strict=True)]
    runs = {name: open_with_files(f, component_files) for name, f in zip(unique, folders, strict=True)}
    for run in runs.values():
        run.check_results()
    return runs


def _check(runs, results):
    if not runs:
        raise ParameterError("a comparison needs at least one run")
    for name, pair in results.items():
        if pair["fit"] is None and pair["samples"] is None:
            raise DataError(f"{runs[name].folder} has no result to compare.")
    if len(runs) == 1:
        ((name, pair),) = results.items()
        missing = [source for source in SOURCES if pair[source] is None]
        if missing:
            raise DataError(
                f"{runs[name].folder} has no {missing[0]}: a run by itself is compared as its fit with its samples."
            )
    digests = {name: run.manifest.get("identity", {}).get("data") for name, run in runs.items()}
    first = next(iter(runs))
    for name, digest in digests.items():
        if not digest or digest != digests[first]:
            raise DataError(
                f"{runs[first].folder} and {runs[name].folder} are of different data (pixels, noise, mask, unit or "
                "star position): only runs of the same data can be compared."
            )


def _parameters(run):
    return run.manifest.get("parameters", {})


def _estimates(pair):
    """Parameter -> its unit, and value and error by the fit and by the samples."""
    found = {}
    fit, samples = pair["fit"], pair["samples"]
    if fit is not None:
        linear = fit.linear
        for name, value, sigma, unit in [
            *zip(fit.names, fit.vector, fit.sigma, fit.units, strict=True),
            *zip(linear.names, linear.values, linear.sigma, linear.units, strict=True),
        ]:
            found[name] = {"unit": unit, "fit": {"value": float(value), "sigma": float(sigma)}}
    if samples is not None:
        rows = zip(samples.names, samples.units, samples.sigma, samples.quantile([0.5, 0.16, 0.84]).T, strict=True)
        for name, unit, sigma, (median, low, high) in [*rows, *_linear(samples)]:
            draws = {"value": float(median), "sigma": float(sigma), "q16": float(low), "q84": float(high)}
            found.setdefault(name, {"unit": unit})["samples"] = draws
    return found


def _linear(samples):
    """Rows of the linear parameters' draws."""
    for k, (name, unit) in enumerate(zip(samples.linear_names, samples.linear_units, strict=True)):
        column = samples.linear_samples[..., k].ravel()
        yield name, unit, np.std(column, ddof=1), np.quantile(column, [0.5, 0.16, 0.84])


def _row(key, found, period):
    """What the manifest of a comparison says of one parameter."""
    runs = {name: estimates.get(key, {}) for name, estimates in found.items()}
    within, between = {}, {}
    for name, estimate in runs.items():
        if all(source in estimate for source in SOURCES):
            fit, draws = estimate["fit"], estimate["samples"]
            within[name] = _z(fit["value"], draws["value"], draws["sigma"], period)
    first, *others = runs
    for other in others:
        source = next((s for s in reversed(SOURCES) if s in runs[first] and s in runs[other]), None)
        if source is not None:
            mine, theirs = runs[first][source], runs[other][source]
            error = math.hypot(mine["sigma"], theirs["sigma"])
            between[other] = {"by": source, "z": _z(theirs["value"], mine["value"], error, period)}
    unit = next(e["unit"] for e in runs.values() if e)
    estimates = {name: {s: plain(e[s]) for s in SOURCES if s in e} for name, e in runs.items()}
    return {"unit": unit, "runs": estimates, "fit_minus_samples": within, f"minus {first}": between}


def _z(one, other, error, period):
    """(one - other) / error, of angles the short way round; None where it is not known."""
    difference = one - other
    if period:
        difference = (difference + period / 2) % period - period / 2
    z = difference / error if error and math.isfinite(error) else math.nan
    return z if math.isfinite(z) else None


def _statistics(run, pair):
    fit, samples = pair["fit"], pair["samples"]
    content = {"folder": str(run.folder), "priors": {k: v.get("prior") for k, v in _parameters(run).items()}}
    if fit is not None:
        content["fit"] = {
            "status": fit.status,
            "chi_squared": plain(fit.chi_squared),
            "n_data": int(fit.n_data),
            "n_free": int(fit.n_free),
            "reduced_chi_squared": plain(fit.reduced_chi_squared),
            "log_likelihood": plain(fit.log_likelihood),
            "bayesian_information_criterion": plain(bayesian_information_criterion(fit)),
        }
    if samples is not None:
        content["samples"] = {
            "engine": samples.engine,
            "status": samples.status,
            "established": samples.established,
            "maximum_log_probability": plain(samples.maximum_log_probability),
            "log_evidence": plain(samples.log_evidence),
            "log_evidence_error": plain(samples.log_evidence_error),
        }
    trusted = (fit is None or fit.succeeded) and (samples is None or samples.established)
    return {**content, "trusted": bool(trusted)}


def _evidence(samples):
    return None if samples is None else samples.log_evidence


def _evidences(evidence):
    return {
        "best": evidence.best,
        "certain": evidence.certain,
        "models": {
            name: {
                "log_evidence": plain(evidence.log_evidence[k]),
                "log_evidence_error": plain(evidence.log_evidence_error[k]),
                "difference": plain(evidence.difference[k]),
                "difference_error": plain(evidence.difference_error[k]),
                "established": evidence.established[k],
                "priors": {key: repr(prior) for key, prior in evidence.priors[k].items()},
            }
            for k, name in enumerate(evidence.names)
        },
    }
