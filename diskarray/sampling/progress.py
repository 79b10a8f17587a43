"""How far a run is: a bar on a terminal, elsewhere one log line per interval, with rate and remaining time."""

__all__ = ["open_progress"]

import logging
import sys
import time
from contextlib import contextmanager

INTERVAL = 30.0
_LOG = logging.getLogger("diskarray")


@contextmanager
def open_progress(label, unit, *, enabled=True, total=None, stream=None, clock=time.monotonic):
    """Something to tell progress to, closed at the end.

    It has ``update(n=1, **figures)``, for n more units done and numbers worth showing, and ``expect(total)``, for how
    many units there will be, as far as it is known.

    Parameters
    ----------
    label, unit : str
        What runs, and what is counted, such as "steps".
    enabled : bool
        False shows nothing.
    total : int or None
    stream
        Where a bar would go; default the standard error stream. If it is no terminal, lines go to the logger
        "diskarray" at level INFO every 30 s.
    clock : callable
        Seconds.
    """
    stream = sys.stderr if stream is None else stream
    if not enabled:
        shown = _Silent()
    elif hasattr(stream, "isatty") and stream.isatty():
        shown = _Bar(label, unit, total, stream)
    else:
        shown = _Lines(label, unit, total, clock)
    try:
        yield shown
    finally:
        shown.close()


class _Silent:
    def update(self, n=1, **figures):
        """Nothing is shown."""

    def expect(self, total):
        """Nothing is shown."""

    def close(self):
        """Nothing is open."""


class _Bar:
    """A bar of tqdm."""

    def __init__(self, label, unit, total, stream):
        from tqdm import tqdm

        self.bar = tqdm(desc=label, unit=f" {unit}", total=total, file=stream, leave=False, dynamic_ncols=True)

    def update(self, n=1, **figures):
        """``n`` more units are done."""
        if figures:
            self.bar.set_postfix(refresh=False, **{k: f"{v:.4g}" for k, v in figures.items()})
        self.bar.update(n)

    def expect(self, total):
        """There will be ``total`` units."""
        self.bar.total = max(int(total), self.bar.n)

    def close(self):
        """Remove the bar."""
        self.bar.close()


class _Lines:
    """Lines of the log."""

    def __init__(self, label, unit, total, clock):
        self.label, self.unit, self.total, self.clock = label, unit, total, clock
        self.done, self.figures = 0, {}
        self.since, self.then = clock(), 0

    def update(self, n=1, **figures):
        """``n`` more units are done."""
        self.done += n
        self.figures |= figures
        now = self.clock()
        if now - self.since >= INTERVAL:
            _LOG.info("%s", self._line((self.done - self.then) / (now - self.since)))
            self.since, self.then = now, self.done

    def expect(self, total):
        """There will be ``total`` units."""
        self.total = max(int(total), self.done)

    def close(self):
        """Nothing is open."""

    def _line(self, rate):
        expected = self.total and self.done <= self.total
        parts = [f"{self.done} of about {self.total} {self.unit}" if expected else f"{self.done} {self.unit}"]
        parts.append(f"{rate:.3g} per s")
        if self.done < (self.total or 0) and rate > 0:
            parts.append(f"about {_duration((self.total - self.done) / rate)} left")
        parts += [f"{name} {value:.4g}" for name, value in self.figures.items()]
        return f"{self.label}: {', '.join(parts)}"


def _duration(seconds):
    """Seconds in the two largest units."""
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {seconds} s" if minutes else f"{seconds} s"
