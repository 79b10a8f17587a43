"""A bar on a terminal, lines elsewhere, and the time that is left."""

import io
import logging

import pytest

from diskarray.sampling.progress import open_progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def test_lines_of_the_log_every_thirty_seconds(caplog):
    clock = Clock()
    with (
        caplog.at_level(logging.INFO, "diskarray"),
        open_progress("Emcee", "steps", stream=io.StringIO(), clock=clock) as progress,
    ):
        for k in range(95):
            clock.now = float(k)
            if k == 50:
                progress.expect(1000)
            progress.update(2, tau=k / 10)
    lines = [record.getMessage() for record in caplog.records]
    assert lines == [
        "Emcee: 62 steps, 2.07 per s, tau 3",
        "Emcee: 122 of about 1000 steps, 2 per s, about 7 min 19 s left, tau 6",
        "Emcee: 182 of about 1000 steps, 2 per s, about 6 min 49 s left, tau 9",
    ]


def test_a_run_longer_than_expected_has_no_time_left(caplog):
    clock = Clock()
    with (
        caplog.at_level(logging.INFO, "diskarray"),
        open_progress("Emcee", "steps", total=20, stream=io.StringIO(), clock=clock) as progress,
    ):
        clock.now = 40.0
        progress.update(50)
    assert [record.getMessage() for record in caplog.records] == ["Emcee: 50 steps, 1.25 per s"]


@pytest.mark.parametrize(("seconds", "text"), [(7.6, "8 s"), (3 * 3600 + 125, "3 h 2 min")])
def test_durations(seconds, text):
    from diskarray.sampling.progress import _duration

    assert _duration(seconds) == text


def test_a_bar_on_a_terminal():
    terminal = Terminal()
    with open_progress("Emcee", "steps", total=10, stream=terminal) as progress:
        progress.update(5, tau=1.23456)
        progress.expect(40)
        progress.bar.refresh()
    shown = terminal.getvalue()
    assert "Emcee" in shown and "5/40" in shown and "tau=1.235" in shown


@pytest.mark.parametrize("stream", [Terminal(), io.StringIO()])
def test_nothing_when_nothing_is_wanted(stream, caplog):
    clock = Clock()
    with caplog.at_level(logging.INFO), open_progress("x", "steps", enabled=False, stream=stream, clock=clock) as shown:
        shown.expect(3)
        clock.now = 100.0
        shown.update(1, tau=2.0)
    assert stream.getvalue() == "" and caplog.records == []
