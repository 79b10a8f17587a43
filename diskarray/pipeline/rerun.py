"""Run again what a manifest describes, and see whether the numbers are the same to the last bit."""

__all__ = ["Rerun", "differences_of", "run_again"]

import dataclasses
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import DataError
from ..results.encoding import Encoder
from .layout import FIT, MANIFEST, SAMPLES
from .manifest import environment
from .open_run import open_with_files, other_components
from .run import fit_config
from .sample import UNFINISHED, run_sample

_TIMES = ("seconds",)
"""What of a result is not to be the same."""


@dataclasses.dataclass(frozen=True)
class Rerun:
    """What running again gave.

    Attributes
    ----------
    run : Run
        The new one.
    differences : tuple of str
        What of the results differs; empty where all is the same, bit for bit.
    compared : tuple of str
        The results that were compared.
    ignored : tuple of str
        Differences in what went in that were accepted with ``force``.
    """

    run: Any
    differences: tuple
    compared: tuple
    ignored: tuple

    @property
    def identical(self):
        """True if every result is the same, bit for bit."""
        return not self.differences


def run_again(source, output, *, force=False, overwrite=False, progress=True, component_files=()):
    """Repeat a run from its manifest.

    Parameters
    ----------
    source
        A run folder, or the manifest in it.
    output
        The run folder to make.
    force
        Whether to go on though data, configuration, components or versions are not those of the run.
    overwrite, progress, component_files
        As for ``run_fit``.

    Returns
    -------
    Rerun

    Raises
    ------
    DataError
        Naming every file and version that differs, unless ``force``.
    """
    source = Path(source)
    folder = source.parent if source.name == MANIFEST else source
    run = open_with_files(folder, component_files, accept_changes=force)
    others = other_components(run.manifest, component_files)
    changed = (*run.changed_inputs(), *others, *_changed_versions(run.manifest))
    if changed and not force:
        raise DataError(f"{folder} cannot be repeated as it was: {'; '.join(changed)}. --force goes on all the same.")
    arguments = {**run.manifest["arguments"]["fit"], "components": list(map(str, component_files))}
    arguments["data"] = None if run.data_path is None else str(run.data_path)
    fit_config(run.config, output, arguments, overwrite=overwrite, progress=progress)
    compared = [FIT]
    sampled = run.manifest["arguments"].get("sample")
    if sampled is not None and run.manifest["status"] not in UNFINISHED and run.path(SAMPLES).is_file():
        run_sample(output, **sampled, progress=progress, component_files=component_files)
        compared.append(SAMPLES)
    new = open_with_files(output, component_files)
    return Rerun(new, differences_of(run, new), tuple(compared), changed)


def differences_of(run, other):
    """What differs between the results of two runs, in words; whatever only one of them has is left out.

    Parameters
    ----------
    run, other : Run

    Returns
    -------
    tuple of str
    """
    found = []
    for what in ("fit", "samples"):
        mine, theirs = getattr(run, what), getattr(other, what)
        if mine is not None and theirs is not None:
            found += [f"{what}: {name}" for name in _differing(mine, theirs)]
    for name, digest in run.manifest["products"].items():
        new = other.manifest["products"].get(name)
        if name.endswith(".fits") and new is not None and new != digest:
            found.append(name)
    return tuple(found)


def _differing(mine, theirs):
    """The fields of two results that are not the same to the last bit."""
    if type(mine) is not type(theirs):
        return ["another kind of result"]
    names = [f.name for f in dataclasses.fields(mine) if f.init and f.name not in _TIMES]
    return [name for name in names if _bits(getattr(mine, name)) != _bits(getattr(theirs, name))]


def _bits(value):
    """What a value is made of, so that equal means the same bits, NaN included."""
    encoder = Encoder()
    return encoder.encode(value, ""), {key: array.tobytes() for key, array in encoder.arrays.items()}


def _changed_versions(manifest):
    """One sentence for every library, and the rest of what does the arithmetic, that is another one now."""
    now = _environment_like(manifest)
    found = [
        f"{name} is {now['versions'].get(name)}, the run had {before}"
        for name, before in manifest["versions"].items()
        if now["versions"].get(name) != before
    ]
    sampler = manifest.get("sample", {}).get("environment", {}).get("versions", {})
    found += [
        f"{name} is {_version(name)}, the run had {before}"
        for name, before in sampler.items()
        if name not in manifest["versions"] and _version(name) != before
    ]
    if manifest.get("source_sha256") != now["source_sha256"] and manifest.get("version") == now["version"]:
        found.append("diskarray has the same version, but its source was changed")
    if manifest.get("python") != now["python"]:
        found.append(f"Python is {now['python']}, the run had {manifest.get('python')}")
    device = manifest.get("device", {})
    if any(device.get(key) != now["device"][key] for key in ("machine", "processor")):
        found.append(f"the processor is {now['device']['processor']!r}, the run had {device.get('processor')!r}")
    return found


def _environment_like(manifest):
    """The present environment, with the versions of the libraries that a manifest names."""
    now = environment(np)
    return {**now, "versions": {name: _version(name) for name in manifest["versions"]}}


def _version(name):
    try:
        return version(name)
    except PackageNotFoundError:
        return None
