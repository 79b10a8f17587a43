import logging

import pytest

from diskarray.errors import OutputError
from diskarray.pipeline.log import RunLog


def test_a_phase_is_one_line_with_its_time(tmp_path):
    log = RunLog(tmp_path / "run.log")
    with log.phase("search"):
        pass
    with pytest.raises(ZeroDivisionError), log.phase("write"):
        _ = 1 / 0
    first, second = (tmp_path / "run.log").read_text().splitlines()
    assert first[:2] == "20" and first.split(" s  ", 1)[1].startswith("search: 0.0")
    assert "write: stopped after" in second and "ZeroDivisionError" in second
    assert list(log.timings) == ["search"]


def test_lines_are_added_and_never_broken(tmp_path):
    RunLog(tmp_path / "run.log").line("one\ntwo")
    RunLog(tmp_path / "run.log").line("three")
    assert [line.split(" s  ", 1)[1] for line in (tmp_path / "run.log").read_text().splitlines()] == [
        "one two",
        "three",
    ]


def test_messages_go_to_the_file_while_asked_and_logging_is_as_before(tmp_path):
    logger = logging.getLogger("diskarray")
    before = logger.level, list(logger.handlers), logger.propagate
    log = RunLog(tmp_path / "run.log")
    with log.messages():
        logger.info("%d steps", 12)
    logger.info("not seen")
    assert (logger.level, list(logger.handlers), logger.propagate) == before
    assert (tmp_path / "run.log").read_text().endswith("12 steps\n") and "not seen" not in log.path.read_text()


def test_a_log_that_cannot_be_written_is_an_output_error(tmp_path):
    with pytest.raises(OutputError, match="cannot be written"):
        RunLog(tmp_path / "absent/run.log").line("x")
