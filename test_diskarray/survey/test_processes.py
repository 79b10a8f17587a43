import multiprocessing
import os

import pytest

from diskarray.survey import processes
from diskarray.survey.processes import Task, fit_targets

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


class FakeProcess:
    """Answers when it is told to, and remembers what it was started with."""

    made = ()

    def __init__(self, target, args, name):
        self.connection, self.task = args
        self.name, self.ended, self.exitcode = name, "", None
        FakeProcess.made = (*FakeProcess.made, self)

    def start(self):
        self.environment = {name: os.environ.get(name) for name in THREADS}
        self.running_beside = sum(not other.ended for other in FakeProcess.made)
        if self.task.name != "hangs":
            self.connection.send(("DataError", "told") if self.task.name == "bad" else ("", ""))

    def join(self, timeout=None):
        self.ended = self.ended or "joined"

    def is_alive(self):
        return False

    def terminate(self):
        self.ended = "terminated"

    def close(self):
        pass


@pytest.fixture
def started(monkeypatch):
    """The kinds of context that were asked for; processes are fakes."""
    kinds = []

    class Context:
        Pipe, Process = staticmethod(multiprocessing.Pipe), FakeProcess

    monkeypatch.setattr(processes.multiprocessing, "get_context", lambda kind: (kinds.append(kind), Context)[1])
    monkeypatch.setattr(processes, "usable_cpus", lambda: 8)
    for name in THREADS:
        monkeypatch.delenv(name, raising=False)
    FakeProcess.made = ()
    return kinds


def tasks(*names):
    return [Task(name, "config", "output", "log", "thumbnails", "numpy", ()) for name in names]


def test_processes_are_started_anew_and_never_forked(started):
    outcomes = {outcome.name: (outcome.error, outcome.message) for outcome in fit_targets(tasks("a", "bad"), 1)}
    assert started == ["spawn"] and outcomes == {"a": ("", ""), "bad": ("DataError", "told")}


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_no_more_run_than_asked_for(workers, started):
    names = [outcome.name for outcome in fit_targets(tasks(*"abcdefg"), workers)]
    assert sorted(names) == list("abcdefg")
    assert max(process.running_beside for process in FakeProcess.made) == workers
    assert all(process.ended == "joined" for process in FakeProcess.made)


@pytest.mark.parametrize(("workers", "threads"), [(1, None), (2, "4"), (3, "2"), (16, "1")])
def test_workers_share_the_processors(workers, threads, started):
    before = dict(os.environ)
    list(fit_targets(tasks("a", "b"), workers))
    assert [set(process.environment.values()) for process in FakeProcess.made] == [{threads}] * 2
    assert dict(os.environ) == before


def test_threads_that_the_user_chose_are_left_alone(started, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "5")
    list(fit_targets(tasks("a"), 4))
    assert FakeProcess.made[0].environment == {
        "OMP_NUM_THREADS": "5",
        "OPENBLAS_NUM_THREADS": None,
        "MKL_NUM_THREADS": None,
    }


def test_what_still_runs_is_ended_when_nobody_waits_any_more(started):
    outcomes = fit_targets(tasks("a", "hangs", "never"), 2)
    assert next(outcomes).name == "a"
    outcomes.close()
    assert [(process.task.name, process.ended) for process in FakeProcess.made] == [
        ("a", "joined"),
        ("hangs", "terminated"),
    ]


def test_a_process_that_ends_without_an_answer_is_named(started, monkeypatch):
    def dies(self):
        self.connection.close()
        self.exitcode = -11 if self.task.name == "a" else 3

    monkeypatch.setattr(FakeProcess, "start", dies)
    messages = {outcome.name: (outcome.error, outcome.message) for outcome in fit_targets(tasks("a", "b"), 1)}
    assert messages == {
        "a": ("ProcessDied", "its process was killed by SIGSEGV (out of memory?)"),
        "b": ("ProcessDied", "its process ended with code 3"),
    }
