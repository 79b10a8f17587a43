"""Where a sampler keeps what it has computed: whose checkpoint a folder is, and stopping when asked to.

A run is known by its data, model and priors, its engine's settings, start and seed, and by the libraries that do the
arithmetic: only with all of them the same does it go on bit by bit as it began.
"""

__all__ = ["identity_of", "open_journal"]

import dataclasses
import hashlib
import platform
import signal
import threading
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version

import numpy as np

from ..backend.identify import describe_library
from ..errors import CheckpointError, ParameterError
from ..files.journal import Journal

_SIGNALS = ("SIGTERM", "SIGINT", "SIGUSR1")


@contextmanager
def open_journal(folder, identity, every=10.0):
    """The journal of a run; while it is open, signals that ask to stop do so without losing work.

    SIGTERM, SIGINT and SIGUSR1 end the run at its next step with Interrupted; a second one does at once, and loses the
    step. Without a folder nothing can be kept, and signals do what they always do.

    Parameters
    ----------
    folder : path or None
        None keeps nothing.
    identity : dict
        From ``identity_of``.
    every : float
        Seconds between writes.
    """
    if folder is None:
        yield Journal.in_memory()
        return
    if not every >= 0:
        raise ParameterError(f"checkpoint_every must be a number of seconds, got {every!r}")
    with Journal.open(folder, identity, every) as journal, _stopped_by_signals(journal):
        yield journal


@contextmanager
def _stopped_by_signals(journal):
    """Let signals request a stop; only the main thread can receive them."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def request(number, _):
        reason = f"stopped by {signal.Signals(number).name}"
        if journal.stop_requested:
            journal.check_stop()
        journal.stop_requested = reason

    before = {name: signal.signal(getattr(signal, name), request) for name in _SIGNALS if hasattr(signal, name)}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(getattr(signal, name), signal.SIG_DFL if handler is None else handler)


def identity_of(posterior, engine, start, *, seed, xp):
    """What makes a run the run it is, as strings, numbers, and dictionaries of them.

    An engine's field whose metadata has ``resumable=True`` may differ when a run is resumed (how many workers, when to
    stop). An engine names the packages that its draws depend on in ``packages``.

    Parameters
    ----------
    posterior : Posterior
    engine : dataclass
    start : OptimizeResult, vector or None
    seed : int
    xp : module

    Raises
    ------
    CheckpointError
        If the posterior cannot say what it is.
    """
    if not hasattr(posterior, "identity"):
        raise CheckpointError(
            f"a {type(posterior).__name__} has no identity(), a digest of data and priors: it cannot be checkpointed"
        )
    return {
        "posterior": posterior.identity(),
        "engine": type(engine).__name__,
        "settings": _settings(engine),
        "start": _digest_of_start(start),
        "seed": seed,
        "library": describe_library(xp),
        "machine": platform.machine(),
        "versions": {name: _version(name) for name in ("numpy", "scipy", *getattr(engine, "packages", ()))},
    }


def _settings(engine):
    if not dataclasses.is_dataclass(engine):
        return repr(engine)
    fields = (f for f in dataclasses.fields(engine) if not f.metadata.get("resumable"))
    return {f.name: _plain(getattr(engine, f.name)) for f in fields}


def _plain(value):
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    return _settings(value) if dataclasses.is_dataclass(value) else repr(value)


def _digest_of_start(start):
    if start is None:
        return None
    arrays = (start.vector, start.covariance) if hasattr(start, "covariance") else (start,)
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(np.asarray(array, dtype=float).tobytes())
    return digest.hexdigest()


def _version(package):
    try:
        return version(package)
    except PackageNotFoundError:
        return None
