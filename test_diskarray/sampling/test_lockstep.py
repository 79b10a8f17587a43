"""Tasks in lockstep: the answers are those of tasks run alone, and neither they nor the batches depend on timing."""

import threading
import time

import numpy as np
import pytest

from diskarray.sampling.lockstep import Lockstep


def total(rows):
    return rows.sum(axis=1)


class Recorder:
    """Sums of rows; remembers the batches it was asked for."""

    def __init__(self):
        self.batches = []

    def __call__(self, rows):
        self.batches.append(rows.copy())
        return total(rows)


def wandering(ask, pause=0.0):
    """A task whose number of questions depends on the answers."""

    def task(seed):
        random, asked = np.random.default_rng(seed), []
        while not asked or asked[-1] < 1.6:
            time.sleep(pause * ((seed * 7 + len(asked)) % 3))
            asked.append(ask(random.random(2)))
        return asked

    return task


def alone(seeds):
    task = wandering(lambda row: float(total(row[None])[0]))
    return [task(seed) for seed in seeds]


@pytest.mark.parametrize("width", [1, 3, 8, 50])
def test_answers_are_those_of_tasks_run_alone(width):
    recorder = Recorder()
    with Lockstep(recorder, width) as pool:
        assert pool.map(wandering(pool.ask), range(20)) == alone(range(20))
    assert max(map(len, recorder.batches)) == min(width, 20)
    assert sum(map(len, recorder.batches)) == sum(map(len, alone(range(20))))


def test_batches_do_not_depend_on_the_speed_of_tasks():
    batches = []
    for pause in (0.0, 0.002):
        recorder = Recorder()
        with Lockstep(recorder, 4) as pool:
            pool.map(wandering(pool.ask, pause), range(9))
        batches.append(recorder.batches)
    assert all(np.array_equal(a, b) for a, b in zip(*batches, strict=True))


def test_the_next_task_begins_in_the_round_in_which_one_ends():
    recorder = Recorder()
    with Lockstep(recorder, 2) as pool:
        pool.map(lambda n: [pool.ask(np.full(1, 10.0 * n + k)) for k in range(n)], [1, 3, 2])
    assert [batch[:, 0].tolist() for batch in recorder.batches] == [[10.0, 30.0], [20.0, 31.0], [21.0, 32.0]]


def test_only_one_task_runs_at_a_time():
    inside, most = [], []

    def task(_):
        for _ in range(5):
            inside.append(1)
            time.sleep(0.001)
            most.append(len(inside))
            inside.pop()
            pool.ask(np.zeros(2))

    with Lockstep(total, 6) as pool:
        pool.map(task, range(6))
    assert max(most) == 1


def test_tasks_need_not_ask_and_there_may_be_none():
    with Lockstep(total, 4) as pool:
        assert pool.map(lambda task: task**2, range(7)) == [0, 1, 4, 9, 16, 25, 36]
        assert pool.map(abs, []) == []
        assert pool.ask([1.0, 2.0]) == 3.0


def threads():
    return sum(t.name == "diskarray-lockstep" for t in threading.enumerate())


def test_an_error_in_a_task_ends_all_and_the_pool_is_as_before():
    ended = []

    def task(k):
        try:
            for _ in range(k):
                pool.ask(np.zeros(2))
            raise ValueError(f"task {k}")
        finally:
            ended.append(k)

    before = threads()
    with Lockstep(total, 3) as pool:
        with pytest.raises(ValueError, match="task 2"):
            pool.map(task, [4, 2, 9, 1])
        assert sorted(ended) == [2, 4, 9]
        assert pool.map(wandering(pool.ask), range(5)) == alone(range(5))
        assert threads() == before + 3
    assert threads() == before


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_an_error_in_the_evaluation_ends_all(error):
    asked, ended = [], []

    def evaluate(rows):
        asked.append(rows)
        if len(asked) == 2:
            raise error("stop")
        return total(rows)

    def task(k):
        try:
            return [pool.ask(np.full(2, k)) for _ in range(3)]
        finally:
            ended.append(k)

    with Lockstep(evaluate, 2) as pool:
        with pytest.raises(error, match="stop"):
            pool.map(task, range(5))
        assert sorted(ended) == [0, 1]
        assert pool.map(task, range(2)) == [[0.0] * 3, [2.0] * 3]
