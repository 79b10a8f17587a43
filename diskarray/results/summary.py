"""What a reader wants to know of a result, as plain numbers and text for JSON; null where a number is not finite."""

__all__ = ["summary_of"]

import dataclasses
import math
from collections.abc import Mapping

import numpy as np

_LARGEST = 10_000  # numbers of one array in a summary
_QUANTILES = {"q05": 0.05, "q16": 0.16, "median": 0.5, "q84": 0.84, "q95": 0.95}


def summary_of(result):
    """A dictionary of a SampleResult's verdict, gates and parameters; of another result all its numbers and text."""
    if not hasattr(result, "gates"):
        return {"result": type(result).__name__, **_plain(result)}
    return {
        "result": type(result).__name__,
        "engine": result.engine,
        "settings": plain(result.settings),
        "seed": plain(result.seed),
        "status": result.status,
        "message": result.message,
        "established": result.established,
        "gates": [plain(gate) for gate in result.gates],
        "chains": result.samples.shape[0],
        "draws": result.samples.shape[1],
        "parameters": _parameters(result),
        "linear_parameters": _linear_parameters(result),
        "maximum_log_probability": plain(result.maximum_log_probability),
        "log_evidence": plain(result.log_evidence),
        "log_evidence_error": plain(result.log_evidence_error),
        "effective_sample_size": plain(result.effective_sample_size),
        "n_evaluations": plain(result.n_evaluations),
        "seconds": plain(result.seconds),
        "identity": result.identity,
    }


def plain(value):
    """A value as JSON holds it; objects of classes without fields become their description."""
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, (np.bool_, int, np.integer)):
        return bool(value) if isinstance(value, np.bool_) else int(value)
    if isinstance(value, (float, np.floating)):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, np.ndarray):
        return plain(value.tolist()) if value.size <= _LARGEST else f"array of shape {value.shape}"
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {"kind": type(value).__name__, **_plain(value)} if not hasattr(value, "passed") else _plain(value)
    return str(value)


def _plain(value):
    return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value) if f.name != "scene"}


def _parameters(result):
    columns = {"mean": result.mean, "sigma": result.sigma, "maximum": result.vector}
    columns |= {name: result.quantile(q) for name, q in _QUANTILES.items()}
    rows = {}
    for k, (name, unit, prior) in enumerate(zip(result.names, result.units, result.priors, strict=True)):
        figures = {column: plain(values[k]) for column, values in columns.items()}
        diagnostics = {key: plain(value) for key, value in result.diagnostics.row(name).items()}
        rows[name] = {**figures, "unit": unit, "prior": repr(prior), "diagnostics": diagnostics}
    return rows


def _linear_parameters(result):
    chains, draws, k = result.linear_samples.shape
    columns, rows = result.linear_samples.reshape(chains * draws, k).T, {}
    for name, unit, column in zip(result.linear_names, result.linear_units, columns, strict=True):
        known = column.size > 0
        figures = {key: plain(np.quantile(column, q)) if known else None for key, q in _QUANTILES.items()}
        mean, sigma = (np.mean(column), np.std(column, ddof=1)) if column.size > 1 else (math.nan, math.nan)
        rows[name] = {
            "mean": plain(mean),
            "sigma": plain(sigma),
            **figures,
            "unit": unit,
            "diagnostics": {key: plain(value) for key, value in result.diagnostics.row(name).items()},
        }
    return rows
