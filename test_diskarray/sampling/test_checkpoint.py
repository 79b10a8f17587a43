"""Whose checkpoint it is, and signals that ask a run to stop."""

import dataclasses
import json
import os
import signal
import threading

import numpy as np
import pytest
from problems import best_fit, conjugate, correlated

from diskarray.errors import CheckpointError, Interrupted, ParameterError
from diskarray.sampling.checkpoint import identity_of, open_journal

SIGNALS = [signal.SIGTERM, signal.SIGINT, signal.SIGUSR1]


@dataclasses.dataclass(frozen=True)
class Inner:
    width: float = 2.0


@dataclasses.dataclass(frozen=True)
class Engine:
    steps: int = 5
    inner: Inner = Inner()
    scale: object = None
    workers: int = dataclasses.field(default=0, metadata={"resumable": True})

    packages = ("numpy", "no-such-package")


def identity(posterior=None, engine=None, start=None, seed=0, xp=np):
    posterior = conjugate() if posterior is None else posterior
    return identity_of(posterior, Engine() if engine is None else engine, start, seed=seed, xp=xp)


def test_an_identity_is_plain_and_repeats():
    assert json.loads(json.dumps(identity())) == identity() == identity(conjugate(), Engine(workers=3))
    assert identity()["settings"] == {"steps": 5, "inner": {"width": 2.0}, "scale": None}
    assert identity()["versions"]["numpy"] == np.__version__ and identity()["versions"]["no-such-package"] is None


def test_everything_that_changes_a_run_changes_its_identity():
    best, moved = best_fit(conjugate()), best_fit(conjugate(), vector=np.array([0.5, -2.0, 1.0]))
    wider = dataclasses.replace(best, covariance=2 * best.covariance)
    strict = pytest.importorskip("array_api_strict")
    changed = [
        identity(correlated(3)),
        identity(seed=1),
        identity(engine=Engine(6)),
        identity(engine=Engine(inner=Inner(3))),
        identity(start=best),
        identity(start=moved),
        identity(start=wider),
        identity(start=best.vector),
        identity(engine=Engine(scale=(1, 2))),
        identity(xp=strict),
    ]
    texts = [json.dumps(i, sort_keys=True) for i in (identity(), *changed)]
    assert len(set(texts)) == len(texts)


def test_a_posterior_without_identity_has_no_checkpoint():
    with pytest.raises(CheckpointError, match="a object has no identity"):
        identity_of(object(), Engine(), None, seed=0, xp=np)


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_ends_the_run_at_its_next_step(tmp_path, number):
    handlers = [signal.getsignal(s) for s in SIGNALS]
    done = []

    def compute(k):
        done.append(k)
        if k == 2:
            os.kill(os.getpid(), number)
        return {"k": k}

    for expected in ([0, 1, 2], [0, 1, 2, 3, 4]):
        stopped = pytest.raises(Interrupted, match=number.name) if expected[-1] == 2 else open_journal(None, None)
        with stopped, open_journal(tmp_path / "run", {}, every=3600) as journal:
            for k in range(5):
                journal.step("k", (k,), lambda k=k: compute(k))
        assert done == expected
    assert [signal.getsignal(s) for s in SIGNALS] == handlers


def test_a_second_signal_does_not_wait_for_the_step(tmp_path):
    reached = []

    def compute():
        os.kill(os.getpid(), signal.SIGINT)
        reached.append("once")
        os.kill(os.getpid(), signal.SIGINT)
        reached.append("twice")
        return {}

    with pytest.raises(Interrupted), open_journal(tmp_path / "run", {}, every=3600) as journal:
        journal.step("kept", (), dict)
        journal.step("lost", (), compute)
    assert reached == ["once"]
    with open_journal(tmp_path / "run", {}) as journal:
        journal.step("kept", (), lambda: pytest.fail("computed"))


def test_an_interrupted_run_is_a_keyboard_interrupt_too(tmp_path):
    with pytest.raises(KeyboardInterrupt), open_journal(tmp_path / "run", {}) as journal:
        os.kill(os.getpid(), signal.SIGINT)
        journal.step("never", (), lambda: pytest.fail("computed"))


@pytest.fixture
def heeded():
    """SIGINT ends what runs, even in a process that a shell started in the background, to ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_without_a_folder_signals_are_left_alone(heeded):
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt) as raised, open_journal(None, {}) as journal:
        assert signal.getsignal(signal.SIGINT) is before and journal.folder is None
        os.kill(os.getpid(), signal.SIGINT)
        journal.step("never", (), dict)
    assert not isinstance(raised.value, Interrupted)


def test_outside_the_main_thread_it_works_without_signals(tmp_path):
    results = []

    def run():
        with open_journal(tmp_path / "run", {}) as journal:
            results.append(journal.step("k", (), lambda: {"k": 1}))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert results == [{"k": 1}]


@pytest.mark.parametrize("every", [-1.0, float("nan")])
def test_an_interval_that_makes_no_sense(tmp_path, every):
    with pytest.raises(ParameterError, match="checkpoint_every"), open_journal(tmp_path / "run", {}, every):
        pass
    assert not (tmp_path / "run").exists()
