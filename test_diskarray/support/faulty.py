"""Posteriors that misbehave in a worker process, in a module that such a process can import."""

import os
import signal
from pathlib import Path

import numpy as np
from problems import conjugate


class Faulty:
    """A Gaussian that, where the first parameter is above 1, does what it is told.

    Parameters
    ----------
    fault : str
        "raise", "nan", "kill", "exit", "kill once", or "" for nothing.
    folder : path
        Where it leaves notes.
    """

    def __init__(self, fault, folder=""):
        self.problem, self.fault, self.folder = conjugate(), fault, Path(folder)
        self.space = self.problem.space

    def identity(self):
        """Only for the checkpoint."""
        return self.fault

    def log_probabilities(self, rows, *, xp=np):
        """Row by row, in this process."""
        return np.array([self.log_probability(row) for row in rows])

    def log_probability(self, row, *, xp=np):
        """The Gaussian's, unless the row is a bad one."""
        if row[0] > 1.0:
            {"raise": self._raise, "kill": self._kill, "kill once": self._kill_once, "exit": lambda: os._exit(3)}.get(
                self.fault, lambda: None
            )()
            if self.fault == "nan":
                return np.nan
        return self.problem.log_probability(row)

    def _raise(self):
        raise ZeroDivisionError("a fault in the model")

    def _kill(self):
        os.kill(os.getpid(), signal.SIGKILL)

    def _kill_once(self):
        try:
            (self.folder / "killed").touch(exist_ok=False)
        except FileExistsError:
            return
        self._kill()


class CannotBeRead:
    """Pickles, but does not come back."""

    def __reduce__(self):
        return _fails, ()


def _fails():
    raise ZeroDivisionError("cannot be read")


class KilledAtOnce:
    """Kills the process that reads it."""

    def __reduce__(self):
        return _kill, ()


def _kill():
    os.kill(os.getpid(), signal.SIGKILL)


class EndsAtOnce:
    """Ends the process that reads it."""

    def __reduce__(self):
        return os._exit, (4,)
