"""Worker processes: the same numbers, and no fault of theirs goes unnoticed or hangs."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from faulty import CannotBeRead, EndsAtOnce, Faulty, KilledAtOnce
from problems import correlated

from diskarray.errors import Interrupted, ParameterError, SamplerError
from diskarray.sampling.workers import WorkerPool

LIMIT = 30.0
GOOD = np.linspace(-1, 0.9, 21).reshape(7, 3)
BAD = np.concatenate([GOOD[:3], [[1.5, 0.0, 0.0]], GOOD[3:]])


@pytest.fixture(autouse=True)
def nothing_is_left_and_nothing_hangs():
    began = time.monotonic()
    yield
    assert time.monotonic() - began < LIMIT
    assert multiprocessing.active_children() == []


def test_the_answer_does_not_depend_on_the_workers():
    problem = correlated()
    sigma = np.sqrt(np.diag(problem.exact_covariance))
    rows = problem.exact_mean + sigma * np.random.default_rng(0).normal(size=(40, 4))
    expected = problem.log_probabilities(rows)
    for workers in (1, 3):
        with WorkerPool(problem, workers) as pool:
            assert np.array_equal(pool.map("log_probability", rows), expected)
            assert np.array_equal(pool.map("log_likelihood", rows[:5]), problem.log_likelihoods(rows[:5]))
            assert pool.map("log_probability", rows[:0]).shape == (0,)


def test_a_killed_worker_is_replaced(tmp_path):
    posterior = Faulty("kill once", tmp_path)
    with WorkerPool(posterior, 2) as pool:
        values = pool.map("log_probability", BAD)
        os.kill(pool._workers[0].process.pid, signal.SIGKILL)  # while it has nothing to do
        again = pool.map("log_probability", BAD)
    assert np.array_equal(values, posterior.log_probabilities(BAD)) and np.array_equal(again, values)
    assert (tmp_path / "killed").exists()


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("raise", "ZeroDivisionError: a fault in the model.*1.5"),
        ("kill", "died 2 times at .1.5"),
        ("exit", "died 2 times"),
    ],
)
def test_a_fault_at_a_row_is_one_error(fault, words):
    with WorkerPool(Faulty(fault), 2) as pool:
        assert np.all(np.isfinite(pool.map("log_probability", GOOD)))
        with pytest.raises(SamplerError, match=words):
            pool.map("log_probability", BAD)


def test_nan_is_handed_on():
    with WorkerPool(Faulty("nan"), 1) as pool:
        values = pool.map("log_probability", BAD)
    assert np.isnan(values[3]) and np.isnan(values).sum() == 1


@pytest.mark.parametrize(
    ("posterior", "words"),
    [
        (lambda v: v, "cannot be sent"),
        (CannotBeRead(), "ZeroDivisionError: cannot be read"),
        (EndsAtOnce(), "exit code 4"),
        (KilledAtOnce(), "killed while they start"),
    ],
)
def test_a_posterior_that_does_not_travel_is_one_error(posterior, words):
    with pytest.raises(SamplerError, match=words):
        WorkerPool(posterior, 2)


@pytest.mark.parametrize("workers", [0, -1, 1.5, "2"])
def test_a_number_of_workers_that_makes_no_sense(workers):
    with pytest.raises(ParameterError, match="workers"):
        WorkerPool(Faulty(""), workers)


def test_a_stop_ends_the_wait():
    def stop():
        raise Interrupted("stop")

    with WorkerPool(Faulty(""), 1) as pool, pytest.raises(Interrupted):
        pool.map("log_probability", GOOD, check=stop)


SCRIPT = """
import os, signal, sys
sys.path[:0] = {path!r}
from faulty import Faulty
from diskarray.sampling.workers import WorkerPool

{guard}
    pool = WorkerPool(Faulty(""), 2)
    print(*(w.process.pid for w in pool._workers), flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def script(tmp_path, guard):
    path = [str(Path(__file__).parents[1] / "support"), str(Path(__file__).parents[2])]
    (tmp_path / "script.py").write_text(SCRIPT.format(path=path, guard=guard))
    return subprocess.run([sys.executable, tmp_path / "script.py"], capture_output=True, text=True, timeout=LIMIT)


def test_workers_end_when_their_parent_is_killed(tmp_path):
    done = script(tmp_path, "if __name__ == '__main__':")
    assert done.returncode == -signal.SIGKILL, done.stderr
    waiting = time.monotonic() + 10
    while any(map(alive, map(int, done.stdout.split()))):
        assert time.monotonic() < waiting, "a worker outlived its parent"
        time.sleep(0.05)


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_script_without_its_guard_is_told_so(tmp_path):
    done = script(tmp_path, "if True:")
    assert done.returncode == 1 and "if __name__ == '__main__':" in done.stderr.splitlines()[-1]
