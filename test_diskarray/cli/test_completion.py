import argparse
import re
import shlex
import shutil
import subprocess

import pytest

from diskarray.cli.completion import SHELLS, script_for
from diskarray.cli.main import main, parser_of_command

COMPLETE = """
source {script}
COMP_WORDS=({words}) COMP_CWORD={position}
_diskarray
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


def sub_parsers():
    actions = parser_of_command()._actions
    return next(action for action in actions if isinstance(action, argparse._SubParsersAction)).choices


def flags_of(parser):
    return [flag for action in parser._actions for flag in action.option_strings]


@pytest.fixture
def completed(tmp_path):
    """What bash offers for the last of some words."""
    script = tmp_path / "completion.bash"
    script.write_text(script_for(parser_of_command(), "bash"))

    def offered(*words, folder=tmp_path):
        words = ["diskarray", *words]
        code = COMPLETE.format(script=script, words=shlex.join(words), position=len(words) - 1)
        done = subprocess.run(["bash", "-uc", code], capture_output=True, text=True, check=True, cwd=folder)
        assert done.stderr == ""
        return done.stdout.split()

    return offered


@pytest.mark.parametrize("shell", SHELLS)
def test_the_command_prints_the_script_of_its_own_parser(shell, capsys):
    assert main(["completion", shell]) == 0
    assert capsys.readouterr().out == script_for(parser_of_command(), shell)


@pytest.mark.parametrize("words", [["completion"], ["completion", "tcsh"]])
def test_other_shells_are_refused(words, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(words)
    assert stopped.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_bash_completes_commands(completed):
    assert completed("") == list(sub_parsers())
    assert completed("sim") == ["simulate"]
    assert "--version" in completed("--")


@pytest.mark.parametrize("command", sub_parsers())
def test_bash_completes_every_flag_of_a_command(command, completed):
    parser = sub_parsers()[command]
    assert completed(command, "-") == flags_of(parser)
    for flag in flags_of(parser):
        assert flag in completed(command, flag[:-1])


def test_bash_completes_choices_after_a_flag_and_files_elsewhere(completed, tmp_path):
    (tmp_path / "my_disk.yaml").touch()
    assert completed("fit", "--backend", "") == ["numpy", "jax"]
    assert completed("fit", "--backend", "j") == ["jax"]
    assert completed("fit", "my_") == completed("fit", "--output", "my_") == ["my_disk.yaml"]
    assert completed("fit", "my_disk.yaml", "--qu") == ["--quiet"]
    assert completed("completion", "") == ["bash", "zsh", "fish"]
    assert completed("doctor", "my_") == []
    assert completed("survey", "--workers", "") == []


@pytest.mark.parametrize("command", sub_parsers())
def test_zsh_and_fish_list_every_flag(command):
    zsh = script_for(parser_of_command(), "zsh").split(f"            {command}) _arguments")[1].split(";;")[0]
    fish = [
        line
        for line in script_for(parser_of_command(), "fish").splitlines()
        if f"-n '__fish_seen_subcommand_from {command}'" in line
    ]
    for action in sub_parsers()[command]._actions:
        for flag in action.option_strings:
            assert re.search(rf"'\*?{flag}\[", zsh), flag
            name = f"-l {flag[2:]}" if flag.startswith("--") else f"-s {flag[1:]}"
            assert any(re.search(rf" {name}\b(?!-)", line) for line in fish), flag
        for choice in action.choices or ():
            assert choice in zsh and any(choice in line for line in fish)


@pytest.mark.parametrize("shell", SHELLS)
def test_commands_are_offered_with_what_they_do(shell):
    script = script_for(parser_of_command(), shell)
    assert all(re.search(rf"\b{command}\b", script) for command in sub_parsers())
    if shell != "bash":
        assert "check the installation and describe the machine" in script


@pytest.mark.parametrize("shell", SHELLS)
def test_quotes_and_colons_in_a_help_text_do_not_break_the_script(shell, tmp_path):
    parser = argparse.ArgumentParser(prog="odd")
    commands = parser.add_subparsers()
    sub_parser = commands.add_parser("go", help="it's [odd]: $(touch broken) `touch broken` \\")
    sub_parser.add_argument("--deep", help='don\'t: 50%% [or] "more"', nargs="+")
    sub_parser.add_argument("--many", action="append", choices=["a", "b"])
    script = script_for(parser, shell)
    program = shutil.which(shell)
    if program is None:
        assert "'\\''" in script if shell == "zsh" else "\\'" in script
        return
    (tmp_path / "script").write_text(script)
    subprocess.run([program, "-n", "script"], check=True, cwd=tmp_path)
    if shell == "bash":
        subprocess.run([program, "-c", "source ./script"], check=True, cwd=tmp_path)
    assert not (tmp_path / "broken").exists()
