"""Being asked to stop: SIGTERM ends a run as Ctrl-C does, so that it can tidy up and say how to go on."""

__all__ = ["stoppable"]

import signal
import threading
from contextlib import contextmanager

from ..errors import Interrupted


@contextmanager
def stoppable(consequence):
    """While open, SIGTERM and SIGINT raise Interrupted; outside the main thread nothing changes.

    Parameters
    ----------
    consequence : callable
        Without arguments; what the interruption means for the run, in a sentence without its capital letter.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    told = []

    def stop(number, _):
        if told:  # what the first one began, such as removing files, is finished
            return
        told.append(number)
        raise Interrupted(f"stopped by {signal.Signals(number).name}: {consequence()}")

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
