import argparse
import os
import subprocess
import sys
import time

import pytest

from diskarray.cli.main import COMMANDS, main, parser_of_command

ALLOWED = 0.15  # seconds
TRIES = 15


def sub_parsers():
    actions = parser_of_command()._actions
    return next(action for action in actions if isinstance(action, argparse._SubParsersAction)).choices


def cost(*words, enough=0.0):
    """The least processor time and wall-clock time of a process, in seconds, of a few tries."""
    processor, wall = [], []
    while len(wall) < TRIES and min(processor, default=9.0) > enough:
        began = time.perf_counter()
        process = subprocess.Popen([sys.executable, *words], stdout=subprocess.DEVNULL)
        _, status, used = os.wait4(process.pid, 0)
        wall.append(time.perf_counter() - began)
        process.returncode = os.waitstatus_to_exitcode(status)
        assert process.returncode == 0
        processor.append(used.ru_utime + used.ru_stime)
    return min(processor), min(wall)


@pytest.mark.skipif(not hasattr(os, "wait4"), reason="the system does not tell what a process used")
def test_help_answers_at_once(record_property):
    bare, _ = cost("-c", "pass")
    processor, wall = cost("-m", "diskarray", "--help", enough=ALLOWED)
    record_property(
        "help", f"{processor:.3f} s of processor time, {processor / bare:.1f} times python -c pass, {wall:.3f} s"
    )
    assert processor < ALLOWED, f"{processor:.3f} s, {processor / bare:.1f} times a bare interpreter"


def test_help_lists_every_command_with_what_it_does(capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["--help"])
    assert stopped.value.code == 0
    lines = [line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines() if line.startswith("    ")]
    told = {words[0] for words in lines}
    assert set(sub_parsers()) <= told
    order = [words[0] for words in lines if words[0] in sub_parsers()]
    assert order == [module.__name__.rpartition(".")[2] for module in COMMANDS]


@pytest.mark.parametrize("command", sub_parsers())
def test_help_of_a_command_describes_every_argument(command, capsys):
    with pytest.raises(SystemExit) as stopped:
        main([command, "--help"])
    assert stopped.value.code == 0
    shown = " ".join(capsys.readouterr().out.split())
    parser = sub_parsers()[command]
    assert parser.description
    for action in parser._actions:
        assert action.help, action
        for flag in action.option_strings:
            assert flag in shown
        if "%(default)" not in action.help and action.default not in (None, False, argparse.SUPPRESS, []):
            assert "default" in action.help, f"{command} {action.option_strings}: the default is not told"


def test_no_command_loads_anything_heavy_before_it_runs():
    code = """
import sys
from diskarray.cli.main import parser_of_command
parser_of_command()
heavy = {"numpy", "scipy", "astropy", "pydantic", "yaml", "matplotlib", "jax", "tqdm", "multiprocessing"}
print(sorted(heavy & set(sys.modules)))
"""
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_the_module_is_the_command():
    done = subprocess.run([sys.executable, "-m", "diskarray", "fti"], capture_output=True, text=True, check=False)
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr.startswith("diskarray: error: ") and done.stderr.count("\n") == 1


@pytest.mark.parametrize("command", sub_parsers())
def test_wrong_usage_of_any_command_is_one_line_and_exit_code_2(command, capsys):
    with pytest.raises(SystemExit) as stopped:
        main([command, "--no-such-flag"])
    printed = capsys.readouterr()
    assert stopped.value.code == 2 and printed.out == ""
    assert printed.err.startswith("diskarray: error: ") and printed.err.count("\n") == 1


def test_flags_may_not_be_shortened_into_another(capsys):
    """A prefix of one flag today is a prefix of two tomorrow: argparse says so instead of choosing."""
    with pytest.raises(SystemExit) as stopped:
        main(["fit", "--o", "x"])
    assert stopped.value.code == 2 and "ambiguous" in capsys.readouterr().err
