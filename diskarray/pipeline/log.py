"""The log of a run: one line per phase, with the time and how long it took."""

__all__ = ["RunLog"]

import logging
import time
from contextlib import contextmanager

from ..errors import OutputError
from .manifest import now

_LOGGER = logging.getLogger("diskarray")


class RunLog:
    """Lines of a file, written as they come; and the seconds that every phase took, in ``timings``.

    Parameters
    ----------
    path : Path
        Lines are added to what is there.
    """

    def __init__(self, path):
        self.path, self.timings, self._began = path, {}, time.perf_counter()

    @property
    def seconds(self):
        """Since the log was opened."""
        return time.perf_counter() - self._began

    def line(self, text):
        """Add a line; several become one."""
        text = " ".join(str(text).split())
        try:
            with open(self.path, "a", encoding="utf-8") as stream:
                stream.write(f"{now()} {self.seconds:9.2f} s  {text}\n")
        except OSError as error:
            raise OutputError(f"{self.path} cannot be written: {error.strerror or error}.") from error

    @contextmanager
    def phase(self, name, text=""):
        """Around what belongs to a phase; its line says how long it took, or how it failed."""
        began = time.perf_counter()
        try:
            yield
        except BaseException as error:
            said = f"{type(error).__name__} {error}".strip()
            self.line(f"{name}: stopped after {time.perf_counter() - began:.2f} s: {said}")
            raise
        self.timings[name] = time.perf_counter() - began
        self.line(f"{name}: {self.timings[name]:.2f} s{f', {text}' if text else ''}")

    @contextmanager
    def messages(self):
        """While open, what diskarray tells its logger at level INFO and above goes into the file, too."""
        handler = _Lines(self)
        level = _LOGGER.level
        _LOGGER.addHandler(handler)
        if _LOGGER.getEffectiveLevel() > logging.INFO:
            _LOGGER.setLevel(logging.INFO)
        try:
            yield
        finally:
            _LOGGER.removeHandler(handler)
            _LOGGER.setLevel(level)


class _Lines(logging.Handler):
    def __init__(self, log):
        super().__init__(logging.INFO)
        self.log = log

    def emit(self, record):
        """A record as a line."""
        self.log.line(record.getMessage())
