"""Is this installation sound? Versions, extras, processors, devices, and one small image from both array libraries."""

__all__ = ["ALLOWED_DIFFERENCE", "examine"]

import json
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import numpy as np

from ..backend.device import advised_settings, current_settings, devices, gpus, machine
from ..backend.precision import enable_jax
from ..errors import MissingExtraError
from ..model.disk import Disk
from ..profiles.density import TwoPowerLaw
from ..structures.grid import Grid2D

ALLOWED_DIFFERENCE = 1e-10
"""Largest difference of the small image between NumPy and JAX at 64 bit, in units of its peak."""

_REQUIREMENT = re.compile(r"^\s*([A-Za-z0-9._-]+)\s*(?:\[[^]]*\])?\s*(?:\(?\s*>=\s*([0-9][0-9.]*))?")
_EXTRA = re.compile(r"extra\s*==\s*['\"]([^'\"]+)['\"]")
_PROBE = """
import importlib, json, sys
for module in sys.argv[1:]:
    try:
        importlib.import_module(module)
        error = ""
    except BaseException as problem:
        error = f"{type(problem).__name__}: {' '.join(str(problem).split())[:300]}"
    print(json.dumps({"module": module, "error": error}), flush=True)
"""
_GATHERED = ("all", "test", "dev", "docs")  # extras that repeat others, or that nobody needs to fit a disk


def examine():
    """Look at the installation and the machine.

    Returns
    -------
    dict
        Of plain values, always with the same keys: ``diskarray``, ``python``, ``machine``, ``packages``, ``extras``,
        ``settings`` (environment variables), ``gpus``, ``jax``, ``parity``, ``advice``, ``problems`` (sentences) and
        ``healthy``. What is not installed and not required is no problem.
    """
    version, packages = _version("diskarray"), _packages()
    problems = [] if version else ["diskarray: is not installed as a package: pip install ."]
    problems += [f"{name}: {entry['problem']}" for name, entry in packages.items() if entry["problem"]]
    jax = _jax(packages.get("jax"), problems)
    parity = _parity(jax, problems)
    found, cards, settings = machine(), gpus(), current_settings()
    advice = advised_settings(found, settings, cards)
    return {
        "diskarray": {"version": version, "location": str(Path(__file__).parents[1])},
        "python": {
            "version": sys.version.split()[0],
            "implementation": sys.implementation.name,
            "path": sys.executable,
        },
        "machine": found,
        "packages": packages,
        "extras": _extras(packages),
        "settings": settings,
        "gpus": cards,
        "jax": jax,
        "parity": parity,
        "advice": {name: {"value": value, "why": why} for name, (value, why) in advice.items()},
        "problems": problems,
        "healthy": not problems,
    }


def _packages():
    """Every package that the installation's own metadata asks for, in core or in an extra."""
    wanted = {}
    for line in (metadata.requires("diskarray") if _version("diskarray") else None) or ():
        matched, extra = _REQUIREMENT.match(line), _EXTRA.search(line)
        entry = wanted.setdefault(matched.group(1).lower(), {"extras": [], "minimum": matched.group(2)})
        entry["extras"].append(extra.group(1) if extra else "core")
    records = {}
    for name, entry in sorted(wanted.items()):
        extras = sorted(set(entry["extras"]) - set(_GATHERED))
        if extras:
            records[name] = _record(name, extras, entry["minimum"])
    _try_imports(records)
    return records


def _record(name, extras, minimum):
    record = {"extras": extras, "minimum": minimum, "version": _version(name), "state": "ok", "problem": ""}
    if record["version"] is None:
        record["state"] = "missing"
        record["problem"] = "is required and not installed: pip install diskarray" if "core" in extras else ""
    elif minimum and _numbers(record["version"]) < _numbers(minimum):
        record["state"] = "too old"
        record["problem"] = f"version {record['version']} is too old: at least {minimum} is needed"
    return record


def _version(name):
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _try_imports(records):
    """Import what is installed, in a process of its own, which a broken library may bring down."""
    waiting = _modules_of([name for name, record in records.items() if record["state"] != "missing"])
    while waiting:
        command = [sys.executable, "-W", "ignore", "-c", _PROBE, *waiting]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        answers = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
        for answer in answers:
            name = waiting.pop(answer["module"])
            if answer["error"]:
                records[name] |= {
                    "state": "broken",
                    "problem": f"is installed but cannot be imported: {answer['error']}",
                }
        if waiting:  # it fell silent at the first of those
            name = waiting.pop(next(iter(waiting)))
            problem = f"is installed, but importing it ends the process with code {done.returncode}"
            records[name] |= {"state": "broken", "problem": problem}


def _modules_of(names):
    """Top-level module -> distribution; of several modules the one that is called like the distribution."""
    owned = {}
    for module, owners in metadata.packages_distributions().items():
        for owner in {owner.lower() for owner in owners} & set(names):
            if not module.startswith("_"):
                owned.setdefault(owner, []).append(module)
    return {
        module: name
        for name, modules in sorted(owned.items())
        for module in ([name.replace("-", "_")] if name.replace("-", "_") in modules else sorted(modules))
    }


def _numbers(version):
    return [int(part) for part in re.findall(r"\d+", version.split("+")[0])[:3]]


def _line(error):
    return " ".join(str(error).split())[:300]


def _extras(packages):
    """Extra -> whether all its packages are there and sound, and which are not."""
    names = sorted({extra for entry in packages.values() for extra in entry["extras"]} - {"core"})
    lacking = {
        extra: [n for n, entry in packages.items() if extra in entry["extras"] and entry["state"] != "ok"]
        for extra in names
    }
    return {extra: {"present": not missing, "lacking": missing} for extra, missing in lacking.items()}


def _jax(package, problems):
    """Back end, devices and precision as diskarray uses them."""
    record = {"present": False, "backend": None, "devices": [], "x64": None, "compilation_cache": None}
    if package is None or package["state"] in ("missing", "broken"):
        return record
    try:
        enable_jax()
        return {**record, **devices(), "present": True}
    except Exception as error:
        problems.append(f"jax: no back end starts: {type(error).__name__}: {_line(error)}")
        return record


def _parity(jax, problems):
    """The largest difference between the two libraries over a small image, in units of its peak."""
    record = {"ran": False, "largest_difference": None, "allowed": ALLOWED_DIFFERENCE, "passed": None}
    try:
        reference = small_image(np)
        if not (np.isfinite(reference).all() and reference.max() > 0):
            problems.append("parity: NumPy gives a small image that is not finite and positive")
        if not jax["present"]:
            return record
        other = small_image(enable_jax())
    except MissingExtraError:
        return record
    except Exception as error:
        problems.append(f"parity: a small image cannot be made: {type(error).__name__}: {_line(error)}")
        return {**record, "passed": False}
    difference = float(np.max(np.abs(other - reference)) / np.max(np.abs(reference)))
    passed = bool(difference <= ALLOWED_DIFFERENCE)
    if not passed:
        problems.append(
            f"parity: NumPy and JAX differ by {difference:.1e} of the peak, {ALLOWED_DIFFERENCE:.0e} is allowed"
        )
    known = difference if np.isfinite(difference) else None
    return {"ran": True, "largest_difference": known, "allowed": ALLOWED_DIFFERENCE, "passed": passed}


def small_image(xp):
    """A belt on 9 x 8 pixels, as a NumPy array."""
    belt = Disk(
        density=TwoPowerLaw(radius=60.0, scale_height=3.0),
        inclination=70.0,
        position_angle=30.0,
        distance=100.0,
        optical_depth=1e-3,
    )
    return np.asarray(belt.image_2d_from(Grid2D.uniform((9, 8), 0.2), xp=xp).array)
