"""The manifest of a run: what was done, with which files, libraries and machine, and how it ended."""

__all__ = ["environment", "file_record", "input_files", "peak_memory", "read_manifest", "write_manifest"]

import json
import os
import platform
import sys
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from ..backend.identify import describe_library
from ..errors import DataError
from ..files.atomic import write_text
from .layout import MANIFEST, digest_of_file, path_inside

FORMAT = 1
_LARGEST = 16 * 2**20
_LIBRARIES = ("diskarray", "numpy", "scipy", "astropy", "pyyaml", "pydantic")
_OPTIONAL = ("jax", "jaxlib", "numpyro", "emcee", "dynesty", "h5py", "h5netcdf", "matplotlib")
_NEEDED = {
    "command": str,
    "status": str,
    "arguments": dict,
    "config": dict,
    "data": list,
    "components": list,
    "versions": dict,
    "products": dict,
}


def write_manifest(folder, manifest):
    """Write a manifest, in place of an earlier one; the time is noted in it."""
    content = {"diskarray_run": FORMAT, **manifest, "updated": now()}
    text = json.dumps(content, indent=2, allow_nan=False) + "\n"
    write_text(path_inside(folder, MANIFEST), text, overwrite=True)


def read_manifest(folder):
    """The manifest of a run folder as a dictionary.

    Raises
    ------
    DataError
        If the folder has none, or it is damaged, of another version, or names files outside the folder.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise DataError(f"{folder} is not a run folder: there is no such folder.")
    path = path_inside(folder, MANIFEST)
    try:
        with open(path, "rb") as stream:
            raw = stream.read(_LARGEST + 1)
    except OSError as error:
        raise DataError(f"{folder} is not a run folder: {MANIFEST} cannot be read ({error.strerror}).") from error
    try:
        content = json.loads(raw.decode("utf-8"))
        found = content.pop("diskarray_run")
    except (ValueError, KeyError, AttributeError, TypeError, RecursionError) as error:
        raise DataError(f"{path} is damaged or not the manifest of a run.") from error
    if found != FORMAT:
        raise DataError(f"{path} is of format {found!r}; this version of diskarray reads {FORMAT}.")
    _check(content, path)
    for name in content["products"]:
        path_inside(folder, name)
    return content


def _check(content, path):
    for key, kind in _NEEDED.items():
        if not isinstance(content.get(key), kind):
            raise DataError(f"{path} is damaged: {key!r} is missing or is not what a run writes there.")
    records = [content["config"], *content["data"], *content["components"]]
    if not all(isinstance(r, dict) and isinstance(r.get("path"), str) and "sha256" in r for r in records):
        raise DataError(f"{path} is damaged: a file it names has no path or no digest.")


def now():
    """The time, to the second, as ISO 8601 in UTC."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def file_record(path, role=None):
    """What a manifest keeps of an input file: its role, absolute path, size and digest."""
    path = Path(os.path.abspath(path))
    digest = digest_of_file(path)
    record = {"path": str(path), "size": path.stat().st_size, "sha256": digest}
    return {"role": role, **record} if role else record


def input_files(config, instead=None):
    """Every file that a configuration reads, as role -> path; the role is the key's dotted path.

    Parameters
    ----------
    config : Config
    instead : path, optional
        What was read in place of the configuration's own data file.
    """
    found = {}
    for role, name in _paths(config.document.content, ()):
        own = config.path_of(name)
        path = Path(instead) if instead is not None and role == "data.path" else own
        if path.is_file():
            found[role] = path
    return found


def _paths(node, key_path):
    """Dotted key and value of everything under a key called ``path``."""
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in items:
        if isinstance(value, (dict, list)):
            yield from _paths(value, (*key_path, key))
        elif isinstance(value, str) and str(key) in ("path", "file", "table"):
            yield ".".join(map(str, (*key_path, key))), value


def environment(xp, packages=()):
    """Versions, Python, platform, device, backend and precision of what does the arithmetic.

    Parameters
    ----------
    xp : module
        numpy or jax.numpy.
    packages : sequence of str
        Further ones that the numbers depend on, such as the sampler's.
    """
    library = describe_library(xp)
    backend = library["name"].partition(".")[0]
    own = (backend, "jaxlib") if backend == "jax" else ()
    names = sorted({*_LIBRARIES, *own, *packages})
    others = {name: _version(name) for name in _OPTIONAL if name not in names}
    device = {"machine": platform.machine(), "processor": _processor(), "cores": os.cpu_count()}
    return {
        "version": _version("diskarray"),
        "source_sha256": _source_digest(),
        "versions": {name: _version(name) for name in names},
        "other_versions": {name: found for name, found in others.items() if found},
        "python": platform.python_version(),
        "platform": platform.platform(),
        "device": {**device, "accelerator": library.get("device", "cpu")},
        "backend": backend,
        "precision": f"float{library.get('bits', '64')}",
    }


def peak_memory():
    """The largest resident size of this process so far, in bytes; None where the system does not tell."""
    try:
        import resource
    except ImportError:
        return None
    largest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(largest) * (1 if sys.platform == "darwin" else 1024)


def _version(name):
    try:
        return version(name)
    except PackageNotFoundError:
        return None


@lru_cache(maxsize=1)
def _processor():
    """The processor's name; results are bit for bit the same only on one of its kind."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")


@lru_cache(maxsize=1)
def _source_digest():
    """One digest over the package's own source, which says more than a version while that stays the same."""
    package, digest = Path(__file__).parents[1], sha256()
    for path in sorted(package.rglob("*.py")):
        digest.update(f"|{path.relative_to(package).as_posix()}|".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()
