"""Tasks that each ask for one likelihood at a time, run side by side so that their questions are answered together.

A task is an ordinary function that calls ``ask(row)`` wherever it needs a value. Every task is carried on until it asks
or ends; then all questions are answered by one call, and so on. Tasks live on threads of their own, but only one of
them runs at any time, in the order in which they were given: nothing depends on how a computer schedules threads.
"""

__all__ = ["Lockstep"]

import threading

import numpy as np


class Lockstep:
    """Runs tasks in lockstep; a context manager, and a pool for whatever calls ``pool.map``.

    Parameters
    ----------
    evaluate : callable
        Rows, shape (m, n) -> values, shape (m,); called in the thread that calls ``map``.
    width : int
        Tasks that are under way at the same time; where one ends, the next begins.
    """

    def __init__(self, evaluate, width):
        self.evaluate, self.size = evaluate, width
        self._strands, self._round, self._running = [], iter(()), None
        self._round_over = threading.Semaphore(0)

    def map(self, function, tasks):
        """``[function(task) for task in tasks]``, with the questions of all of them answered together."""
        tasks = list(tasks)
        if min(self.size, len(tasks)) < 2:
            return [function(task) for task in tasks]
        work = _Work(function, tasks)
        try:
            active = [self._strand(k) for k in range(min(self.size, len(tasks)))]
            for strand in active:
                strand.work = work
            while active:
                self._go_round(active)
                if work.error is not None:
                    raise work.error
                active = [strand for strand in active if strand.question is not None]
                if active:
                    values = self.evaluate(np.stack([strand.question for strand in active]))
                    for strand, value in zip(active, values, strict=True):
                        strand.question, strand.answer = None, float(value)
        except BaseException:
            self._abandon()
            raise
        return work.results

    def ask(self, row):
        """The value at a row, shape (n,); called by a task."""
        row = np.array(row, dtype=float)
        strand = self._running
        return float(self.evaluate(row[None])[0]) if strand is None else strand.ask(row)

    def close(self):
        """End the threads."""
        self._abandon()
        for strand in self._strands:
            strand.end()
        self._strands = []

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        self.close()

    def _strand(self, k):
        if k == len(self._strands):
            self._strands.append(_Strand(self._pass_on))
        return self._strands[k]

    def _go_round(self, strands):
        """Carry strands on, one after the other; each passes the turn on to the next."""
        self._round = iter(strands)
        self._pass_on()
        self._round_over.acquire()

    def _pass_on(self):
        self._running = next(self._round, None)
        (self._round_over if self._running is None else self._running.go).release()

    def _abandon(self):
        """Bring every task that is under way to an end, without its result."""
        if self._running is not None:  # interrupted in the middle of a round: wait for the one whose turn it is
            self._round = iter(())
            self._round_over.acquire(timeout=10.0)
        for strand in self._strands:
            if strand.work is not None:
                strand.abandoned = True
                self._go_round([strand])
                strand.abandoned = False


class _Work:
    """Tasks that are taken one after the other, and their results."""

    def __init__(self, function, tasks):
        self.function, self.results, self.error = function, [None] * len(tasks), None
        self._following = iter(enumerate(tasks))

    def do_all(self):
        while self.error is None and (numbered := next(self._following, None)) is not None:
            number, task = numbered
            try:
                self.results[number] = self.function(task)
            except _Abandoned:
                return
            except BaseException as error:
                self.error = self.error or error


class _Abandoned(BaseException):
    """Ends a task whose result is not wanted any more; nothing but its strand sees it."""


class _Strand:
    """A thread that does work, and only while it is its turn."""

    def __init__(self, pass_on):
        self.go, self.pass_on = threading.Semaphore(0), pass_on
        self.work = self.question = self.answer = None
        self.abandoned = self.ended = False
        self._thread = threading.Thread(target=self._run, daemon=True, name="diskarray-lockstep")
        self._thread.start()

    def ask(self, row):
        self.question = row
        self.pass_on()
        self.go.acquire()
        if self.abandoned:
            raise _Abandoned
        return self.answer

    def end(self):
        self.ended = True
        self.go.release()
        self._thread.join()

    def _run(self):
        while True:
            self.go.acquire()
            if self.ended:
                return
            if not self.abandoned:
                self.work.do_all()
            self.work = self.question = None
            self.pass_on()
