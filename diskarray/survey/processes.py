"""Processes that fit one target each: started anew, never forked, so that one which dies takes no other with it.

A process ends with its parent, writes what it has to say into a log of its own, and answers with one sentence.
"""

__all__ = ["Outcome", "Task", "fit_targets"]

import multiprocessing
import os
import signal
import sys
import threading
import time
import traceback
from contextlib import nullcontext
from dataclasses import dataclass
from multiprocessing.connection import wait

from ..backend.device import current_settings, environment, thread_settings, usable_cpus
from ..errors import DiskArrayError
from .thumbnails import write_thumbnails

_PATIENCE = 5.0  # seconds for a process that was asked to stop
_TERMINATED = 143


@dataclass(frozen=True)
class Outcome:
    """How the process of a target ended.

    Attributes
    ----------
    name : str
    error : str
        The class of what went wrong; "" if nothing did.
    message : str
    seconds : float
        Wall clock, starting included.
    """

    name: str
    error: str
    message: str
    seconds: float


@dataclass(frozen=True)
class Task:
    """What a process is told: plain values only."""

    name: str
    config: str
    output: str
    log: str
    thumbnails: str
    backend: str
    component_files: tuple


def fit_targets(tasks, workers):
    """Fit targets side by side; yields an Outcome as each ends.

    Parameters
    ----------
    tasks : sequence of Task
    workers : int
        How many processes at a time. With several, the linear-algebra libraries of each get an equal share of the
        processors, unless the environment says how many threads they may use.

    When the generator is closed, or what runs it is interrupted, the processes are ended.
    """
    context = multiprocessing.get_context("spawn")
    waiting, running = list(tasks), {}
    try:
        while waiting or running:
            while waiting and len(running) < workers:
                connection, process = _start(context, waiting[0], workers)
                running[connection] = process, waiting.pop(0), time.monotonic()
            for connection in wait(list(running), timeout=1.0):
                process, task, began = running.pop(connection)
                error, message = _answer(connection, process)
                yield Outcome(task.name, error, message, time.monotonic() - began)
    finally:
        for process, _, _ in running.values():
            process.terminate()
        for connection, (process, _, _) in running.items():
            _end(connection, process)


def _start(context, task, workers):
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_fit, args=(theirs, task), name=f"diskarray {task.name}")
    threads = thread_settings(max(1, usable_cpus() // workers))
    decided = workers == 1 or any(current_settings()[name] for name in threads)
    with nullcontext() if decided else environment(threads):
        process.start()
    theirs.close()
    return ours, process


def _answer(connection, process):
    """Class and message of what went wrong, two empty strings if nothing did."""
    try:
        return connection.recv()
    except (EOFError, OSError):
        process.join(_PATIENCE)
        code = process.exitcode
        how = f"was killed by {_signal(-code)} (out of memory?)" if code and code < 0 else f"ended with code {code}"
        return "ProcessDied", f"its process {how}"
    finally:
        _end(connection, process)


def _signal(number):
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _end(connection, process):
    connection.close()
    process.join(_PATIENCE)
    if process.is_alive():
        process.kill()
        process.join()
    process.close()


def _fit(connection, task):
    """What a process does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches every process; the parent is the one that acts
    signal.signal(signal.SIGTERM, _stop)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _write_into(task.log)
    try:
        connection.send(_attempt(task))
    except KeyboardInterrupt:
        sys.exit(_TERMINATED)


def _attempt(task):
    from ..pipeline.run import run_fit

    try:
        run_fit(
            task.config,
            task.output,
            backend=task.backend,
            overwrite=True,
            progress=False,
            component_files=task.component_files,
        )
        write_thumbnails(task.output, task.thumbnails, task.name, task.component_files)
    except DiskArrayError as error:
        traceback.print_exc()
        return type(error).__name__, _line(error)
    except Exception as error:
        traceback.print_exc()
        return type(error).__name__, f"unexpected: {_line(error)} (see {task.log})"
    return "", ""


def _line(error):
    return " ".join(str(error).split())


def _stop(number, frame):
    """On the way out, what is half written is removed."""
    raise KeyboardInterrupt


def _end_with_parent():
    """Leave when the parent has gone, however it went."""
    wait([multiprocessing.parent_process().sentinel])
    os._exit(_TERMINATED)


def _write_into(log):
    """Send the process's output into a file; several processes would write over each other on a terminal."""
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
        os.dup2(descriptor, stream.fileno())
    os.close(descriptor)
