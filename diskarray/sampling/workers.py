"""Worker processes that evaluate a posterior with NumPy, each started anew (never forked) and given it once.

Rows are handed out one at a time and their results put in order, so that the answer does not depend on how many workers
there are. A worker whose parent has gone ends by itself; one that dies is replaced and its row tried once more.
"""

__all__ = ["WorkerPool"]

import multiprocessing
import pickle
import signal
import time
from contextlib import suppress
from multiprocessing.connection import wait

import numpy as np

from ..errors import ParameterError, SamplerError

_START_LIMIT = 60.0  # seconds for a new process to import what it needs
_POLL = 0.25
_ATTEMPTS = 2


class WorkerPool:
    """Processes that hold a posterior; a context manager.

    Parameters
    ----------
    posterior : Posterior
        Must pickle.
    workers : int
        How many processes, at least 1.

    Raises
    ------
    SamplerError
        If the posterior cannot be sent to another process, or no process starts.
    """

    def __init__(self, posterior, workers):
        if not (isinstance(workers, int) and workers > 0):
            raise ParameterError(f"workers must be a whole number above 0, got {workers!r}")
        try:
            self._packed = pickle.dumps(posterior)
        except Exception as error:
            raise SamplerError(
                f"the posterior cannot be sent to worker processes ({error}): define its classes and functions in a "
                "module, or use workers=0"
            ) from error
        self._context = multiprocessing.get_context("spawn")
        self._workers = []
        try:
            self._workers = [_Worker(self._context, self._packed) for _ in range(workers)]
            for worker in list(self._workers):
                if not worker.await_ready():
                    self._replace(worker)
        except BaseException:
            self.close()
            raise

    def map(self, method, rows, check=None):
        """``getattr(posterior, method)(row)`` of every row.

        Parameters
        ----------
        method : str
            Such as "log_probability".
        rows : array, shape (m, n)
        check : callable or None
            Called a few times a second meanwhile; what it raises ends the wait.

        Returns
        -------
        array, shape (m,)

        Raises
        ------
        SamplerError
            If the method raises, or workers die at the same row again.
        """
        rows = np.asarray(rows, dtype=float)
        waiting, attempts = list(range(len(rows) - 1, -1, -1)), np.zeros(len(rows), dtype=int)
        results, missing = np.full(len(rows), np.nan), len(rows)
        try:
            while missing:
                for worker in self._workers:
                    if worker.task is None and waiting:
                        self._hand_out(worker, method, rows, waiting.pop(), attempts)
                for worker in self._ready():
                    task, value = worker.task, worker.receive()
                    if value is None:
                        self._replace(worker)
                        waiting.append(task)
                    else:
                        results[task] = value
                        missing -= 1
                if check is not None:
                    check()
        except BaseException:
            self.close()
            raise
        return results

    def _hand_out(self, worker, method, rows, task, attempts):
        if attempts[task] == _ATTEMPTS:
            raise SamplerError(
                f"worker processes died {_ATTEMPTS} times at {rows[task].tolist()} (killed, or out of memory?)"
            )
        attempts[task] += 1
        worker.send(task, method, rows[task])

    def _ready(self):
        busy = {worker.connection: worker for worker in self._workers if worker.task is not None}
        return [busy[connection] for connection in wait(list(busy), timeout=_POLL)]

    def _replace(self, worker):
        place = self._workers.index(worker)
        for _ in range(_ATTEMPTS):
            self._workers[place].end()
            self._workers[place] = _Worker(self._context, self._packed)
            if self._workers[place].await_ready():
                return
        raise SamplerError("worker processes are killed while they start (out of memory?)")

    def close(self):
        """End the processes."""
        for worker in self._workers:
            worker.connection.close()
        for worker in self._workers:
            worker.end()
        self._workers = []

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()


class _Worker:
    """One process, the pipe to it, and the number of the row it works on (None: idle)."""

    def __init__(self, context, packed):
        self.connection, theirs = context.Pipe()
        self.task = None
        self.process = context.Process(target=_serve, args=(theirs, packed), daemon=True)
        try:
            self.process.start()
        except (OSError, RuntimeError, AssertionError) as error:
            self.connection.close()
            raise SamplerError(f"a worker process cannot be started: {error}") from error
        finally:
            theirs.close()

    def await_ready(self):
        """Wait until the process has its posterior; False if it was killed meanwhile."""
        deadline = time.monotonic() + _START_LIMIT
        try:
            if not self.connection.poll(deadline - time.monotonic()):
                raise SamplerError(f"a worker process did not start within {_START_LIMIT:g} s")
            problem = self.connection.recv()
        except (EOFError, OSError) as error:
            self.process.join(1.0)
            if (self.process.exitcode or 0) < 0:
                return False
            raise SamplerError(
                f"a worker process ended while it started (exit code {self.process.exitcode}). A script that uses "
                "workers needs its calls under: if __name__ == '__main__':"
            ) from error
        if problem:
            raise SamplerError(f"a worker process cannot read the posterior: {problem}")
        return True

    def send(self, task, method, row):
        """Give the process a row; if it has gone, that shows when its answer is awaited."""
        self.task = task
        with suppress(OSError):
            self.connection.send((method, row))

    def receive(self):
        """The value of the row; None if the process has gone."""
        try:
            value, problem = self.connection.recv()
        except (EOFError, OSError):
            return None
        if problem:
            raise SamplerError(f"the posterior failed in a worker process: {problem}")
        self.task = None
        return value

    def end(self):
        """Stop the process, whatever it does."""
        self.connection.close()
        self.process.join(0.5)
        for stop in (self.process.terminate, self.process.kill):
            if self.process.is_alive():
                stop()
                self.process.join(2.0)


def _serve(connection, packed):
    """What a worker does: answer rows until the pipe closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches every process; the parent is the one that acts
    try:
        posterior, problem = pickle.loads(packed), ""
    except Exception as error:
        posterior, problem = None, f"{type(error).__name__}: {error}"
    try:
        connection.send(problem)
    except OSError:
        return
    while True:
        try:
            method, row = connection.recv()
        except (EOFError, OSError):
            return
        try:
            answer = float(getattr(posterior, method)(row)), ""
        except Exception as error:
            answer = 0.0, f"{type(error).__name__}: {error} (at {row.tolist()})"
        try:
            connection.send(answer)
        except OSError:
            return
