"""What a survey's table says of a target, read from its run folder."""

__all__ = ["LISTED_WITHOUT_RUN", "is_complete", "limit_text", "record_of", "record_without_run", "write_csv"]

import csv
import hashlib
import io
import math
from pathlib import Path

from ..errors import DiskArrayError
from ..files.atomic import write_text
from ..pipeline.open_run import open_with_files

LISTED_WITHOUT_RUN = ("failed", "pending")
"""Statuses of targets that have no result: their run stopped with an error, or has not been made yet."""

_HEAD = (
    "name",
    "status",
    "message",
    "reduced_chi_squared",
    "n_data",
    "chi_squared_gain",
    "detection_threshold",
    "detected",
    "limits",
    "seconds",
)


def is_complete(folder, text, backend, component_files=()):
    """Whether a run folder holds the finished fit of a configuration's text, of the data as they are now.

    Parameters
    ----------
    folder : Path
    text : str
        Of the target's configuration.
    backend : str
    component_files
        Python files with the user's own components.
    """
    try:
        run = open_with_files(folder, component_files)
        same = run.manifest["config"]["sha256"] == hashlib.sha256(text.encode("utf-8")).hexdigest()
        asked = run.manifest["arguments"].get("fit", {})
        return same and asked.get("backend") == backend and not run.changed_inputs() and run.fit is not None
    except DiskArrayError:
        return False


def record_of(name, folder, component_files=()):
    """The record of a finished target.

    Returns
    -------
    dict
        Of plain values: ``name``, ``status``, ``message``, ``error``, ``run`` (its folder's name),
        ``reduced_chi_squared``, ``n_data``, ``n_evaluations``, ``seconds``, ``detection``, ``limits`` and
        ``parameters``. A parameter's ``value`` and ``sigma`` are those of the best fit whatever it is worth;
        ``constrained`` says whether they mean anything.
    """
    run = open_with_files(folder, component_files)
    result = run.fit
    timings = run.manifest.get("timings", {}).get("fit", {})
    seen = result.detection
    return {
        "name": name,
        "status": result.status,
        "message": result.message,
        "error": "",
        "run": Path(folder).name,
        "reduced_chi_squared": _number(result.reduced_chi_squared),
        "n_data": int(result.n_data),
        "n_evaluations": int(result.n_evaluations),
        "seconds": _number(sum(timings.values()) if timings else result.seconds),
        "detection": None
        if seen is None
        else {
            "chi_squared_gain": _number(seen.chi_squared_gain),
            "threshold": _number(seen.threshold),
            "detected": bool(seen.is_detected),
        },
        "limits": [_limit(limit) for limit in result.limits],
        "parameters": _parameters(result),
    }


def record_without_run(name, status, message, error="", seconds=None):
    """The record of a target that has no result."""
    return {
        "name": name,
        "status": status,
        "message": message,
        "error": error,
        "run": None,
        "reduced_chi_squared": None,
        "n_data": None,
        "n_evaluations": None,
        "seconds": seconds,
        "detection": None,
        "limits": [],
        "parameters": {},
    }


def _parameters(result):
    linear = result.linear
    known = [
        *zip(result.names, result.vector, result.sigma, result.units, strict=True),
        *zip(linear.names, linear.values, linear.sigma, linear.units, strict=True),
    ]
    lost = set(result.unconstrained) if result.status != "not_constrained" else {name for name, *_ in known}
    at_bound = {*result.at_bound, *linear.at_bound}
    return {
        name: {
            "value": _number(value),
            "sigma": _number(sigma),
            "unit": unit,
            "at_bound": name in at_bound,
            "constrained": name not in lost,
        }
        for name, value, sigma, unit in known
    }


def _limit(limit):
    return {"name": limit.name, "side": limit.side, "value": _number(limit.value), "level": limit.level}


def _number(value):
    return float(value) if math.isfinite(value) else None


def write_csv(path, records):
    """The table with a line for every target.

    Every parameter has the columns ``NAME`` and ``NAME:error``, which are empty where the data do not constrain it, and
    ``NAME:lower`` and ``NAME:upper`` for one-sided limits at 95 %, where any target has one.
    """
    names = list(dict.fromkeys(name for record in records for name in record["parameters"]))
    sides = {(limit["name"], limit["side"]) for record in records for limit in record["limits"]}
    columns = [*_HEAD]
    for name in dict.fromkeys([*names, *(name for name, _ in sorted(sides))]):
        columns += [name, f"{name}:error"] if name in names else []
        columns += [f"{name}:{side}" for side in ("lower", "upper") if (name, side) in sides]
    stream = io.StringIO(newline="")
    writer = csv.DictWriter(stream, columns, restval="", lineterminator="\n")
    writer.writeheader()
    for record in records:
        writer.writerow(_row(record))
    write_text(path, stream.getvalue(), overwrite=True)


def _row(record):
    seen = record["detection"] or {"chi_squared_gain": None, "threshold": None, "detected": None}
    row = {
        **{key: record[key] for key in ("name", "status", "message", "reduced_chi_squared", "n_data")},
        "chi_squared_gain": seen["chi_squared_gain"],
        "detection_threshold": seen["threshold"],
        "detected": "" if seen["detected"] is None else str(seen["detected"]).lower(),
        "limits": "; ".join(limit_text(limit) for limit in record["limits"]),
        "seconds": record["seconds"],
    }
    for name, found in record["parameters"].items():
        if found["constrained"]:
            row[name], row[f"{name}:error"] = found["value"], found["sigma"]
    row |= {f"{limit['name']}:{limit['side']}": limit["value"] for limit in record["limits"]}
    return {key: f"{value:.8g}" if isinstance(value, float) else value for key, value in row.items()}


def limit_text(limit):
    """`disks.belt.optical_depth < 1.2e+05 (95 %)`."""
    sign = "<" if limit["side"] == "upper" else ">"
    value = "unknown" if limit["value"] is None else f"{limit['value']:.4g}"
    return f"{limit['name']} {sign} {value} ({100 * limit['level']:.0f} %)"
