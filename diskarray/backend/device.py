"""What this machine offers to a computation - processors, memory, accelerators - and settings that suit it.

Everything here is looked up when it is asked for. Nothing is set on import; ``environment`` sets what it is given, for
as long as its block lasts.
"""

__all__ = [
    "SETTINGS",
    "advised_settings",
    "current_settings",
    "devices",
    "environment",
    "gpus",
    "machine",
    "thread_settings",
    "usable_cpus",
]

import math
import os
import platform
import subprocess
from contextlib import contextmanager
from pathlib import Path

from .precision import require_jax

_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
SETTINGS = (
    *_THREADS,
    "OMP_PROC_BIND",
    "OMP_PLACES",
    "CUDA_VISIBLE_DEVICES",
    "JAX_PLATFORMS",
    "JAX_ENABLE_X64",
    "JAX_COMPILATION_CACHE_DIR",
    "XLA_FLAGS",
    "XLA_PYTHON_CLIENT_PREALLOCATE",
    "XLA_PYTHON_CLIENT_MEM_FRACTION",
    "SLURM_CPUS_PER_TASK",
    "SLURM_JOB_ID",
)
"""Environment variables that change how fast a computation runs, or where."""

_MIB = 1024 * 1024
_LIMIT_OF_QUERY = 10.0  # seconds


def machine(root="/"):
    """Processors and memory.

    Parameters
    ----------
    root
        Where the system's own files are; another folder in tests.

    Returns
    -------
    dict
        ``system``, ``release``, ``architecture``, ``processor`` (its name), ``logical_cpus``, ``affinity_cpus`` (those
        that this process may use), ``cpu_quota`` (what its control group may use, in processors), ``usable_cpus``,
        ``numa_nodes`` (a list of node, cpus, memory_bytes), ``memory_bytes``, ``available_memory_bytes`` and
        ``memory_limit_bytes`` (of the control group). None where the system does not tell.
    """
    root = Path(root)
    memory = _memory_lines(root / "proc" / "meminfo")
    return {
        "system": platform.system(),
        "release": platform.release(),
        "architecture": platform.machine(),
        "processor": _processor(root),
        "logical_cpus": os.cpu_count(),
        "affinity_cpus": _affinity(),
        "cpu_quota": _cpu_quota(root),
        "usable_cpus": usable_cpus(root),
        "numa_nodes": _numa_nodes(root),
        "memory_bytes": memory.get("MemTotal"),
        "available_memory_bytes": memory.get("MemAvailable"),
        "memory_limit_bytes": _smallest(_of_control_groups(root, "memory.max", _number)),
    }


def usable_cpus(root="/"):
    """How many processors this process may keep busy: its affinity, or the quota of its control group, at least 1."""
    quota = _cpu_quota(Path(root))
    return max(1, min(_affinity() or 1, math.ceil(quota) if quota else 1_000_000))


def gpus():
    """The NVIDIA GPUs of the machine as the driver lists them, whether or not JAX can use them.

    Returns
    -------
    list of dict
        ``name`` and ``memory_bytes``; empty without a driver.
    """
    query = ["nvidia-smi", "--query-gpu=name,memory.total", "--format=csv,noheader,nounits"]
    try:
        done = subprocess.run(query, capture_output=True, text=True, timeout=_LIMIT_OF_QUERY, check=True)
    except (OSError, subprocess.SubprocessError):
        return []
    rows = [line.rpartition(",") for line in done.stdout.splitlines() if "," in line]
    return [{"name": name.strip(), "memory_bytes": _mebibytes(memory)} for name, _, memory in rows]


def devices():
    """What JAX computes on; imports JAX and starts its back end.

    Returns
    -------
    dict
        ``backend`` (such as "cpu" or "gpu"), ``devices`` (a list of id, platform, kind), ``x64`` and
        ``compilation_cache``.

    Raises
    ------
    MissingExtraError
        If JAX is not installed.
    """
    jax = require_jax()
    found = [{"id": int(d.id), "platform": str(d.platform), "kind": str(d.device_kind)} for d in jax.devices()]
    return {
        "backend": str(jax.default_backend()),
        "devices": found,
        "x64": bool(jax.config.jax_enable_x64),
        "compilation_cache": jax.config.jax_compilation_cache_dir,
    }


def current_settings():
    """Name -> value of every variable in ``SETTINGS``, None where it is not set."""
    return {name: os.environ.get(name) for name in SETTINGS}


def thread_settings(threads):
    """Variables that hold the linear-algebra libraries of a new process to so many threads."""
    return {name: str(int(threads)) for name in _THREADS}


def advised_settings(found, present, gpu_names=()):
    """Settings that suit a machine, those that are set already left out.

    Parameters
    ----------
    found : dict
        From ``machine()``.
    present : dict
        From ``current_settings()``.
    gpu_names : sequence
        From ``gpus()``; only whether there are any counts.

    Returns
    -------
    dict
        Name -> (value, why).
    """
    cpus = found["usable_cpus"]
    advice = {}
    if cpus < (found["logical_cpus"] or cpus):
        why = f"this process may use {cpus} of {found['logical_cpus']} processors"
    else:
        why = "one thread per processor; divide by the number of workers that run side by side"
    for name, value in thread_settings(cpus).items():
        advice[name] = value, why
    if len(found["numa_nodes"] or ()) > 1:
        advice["OMP_PROC_BIND"] = "close", "threads stay on the memory node where their arrays are"
        advice["OMP_PLACES"] = "cores", "threads stay on the memory node where their arrays are"
    if gpu_names:
        why = "several processes can share the GPU, because none takes most of its memory at once"
        advice["XLA_PYTHON_CLIENT_PREALLOCATE"] = "false", why
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "diskarray" / "jax"
    why = "compiled once, used by every later process; only you may be able to write there, since its content is run"
    advice["JAX_COMPILATION_CACHE_DIR"] = str(cache), why
    return {name: entry for name, entry in advice.items() if present.get(name) is None}


@contextmanager
def environment(settings):
    """Set environment variables inside a block, and put back afterwards what was there.

    Libraries read most of these when they are first imported: processes that are started inside the block see them,
    this one's own libraries may not.

    Parameters
    ----------
    settings : dict
        Name -> value.
    """
    before = {name: os.environ.get(name) for name in settings}
    os.environ.update(settings)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _affinity():
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def _processor(root):
    for line in _text(root / "proc" / "cpuinfo").splitlines():
        key, _, value = line.partition(":")
        if key.strip() == "model name":
            return value.strip()
    return platform.processor() or None


def _cpu_quota(root):
    """Processors' worth of time that the control groups of this process may use; None without a limit."""
    return _smallest(_of_control_groups(root, "cpu.max", _share))


def _share(text):
    quota, _, period = text.partition(" ")
    return _number(quota) / _number(period) if _number(quota) and _number(period) else None


def _of_control_groups(root, name, read):
    """What a file says in the control group of this process and in those that hold it; a limit binds all below."""
    base = root / "sys" / "fs" / "cgroup"
    entries = [
        line.split(":", 2)[-1] for line in _text(root / "proc" / "self" / "cgroup").splitlines() if line[:1] == "0"
    ]
    own = base / entries[0].strip().lstrip("/") if entries else base
    folders = [folder for folder in (own, *own.parents) if folder == base or base in folder.parents]
    return [read(_text(folder / name).strip()) for folder in folders]


def _numa_nodes(root):
    folders = sorted((root / "sys" / "devices" / "system" / "node").glob("node[0-9]*"), key=lambda f: int(f.name[4:]))
    nodes = []
    for folder in folders:
        memory = {key.split()[-1]: value for key, value in _memory_lines(folder / "meminfo").items()}
        cpus = _text(folder / "cpulist").strip() or None
        nodes.append({"node": int(folder.name[4:]), "cpus": cpus, "memory_bytes": memory.get("MemTotal")})
    return nodes or None


def _memory_lines(path):
    """The sizes that a meminfo file lists, in bytes."""
    sizes = {}
    for line in _text(path).splitlines():
        key, _, value = line.partition(":")
        words = value.split()
        if len(words) == 2 and words[1] == "kB" and words[0].isdigit():
            sizes[key.strip()] = int(words[0]) * 1024
    return sizes


def _mebibytes(text):
    return _number(text.strip()) * _MIB if _number(text.strip()) else None


def _number(text):
    return int(text) if text.isdigit() else None


def _smallest(values):
    known = [value for value in values if value]
    return min(known) if known else None


def _text(path):
    """A file's text, "" where there is none that can be read."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
