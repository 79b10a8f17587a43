"""The `diskarray` command: arguments in, exit code out.

Exit codes: 0 done, 1 finished but not to be trusted as it is, 2 bad input, 130 interrupted. Everything heavy is
imported by the sub-command that runs, so that `--help` answers at once.
"""

__all__ = ["main", "parser_of_command"]

import argparse
import sys

from ..errors import DiskArrayError, Interrupted
from . import (
    compare,
    completion,
    doctor,
    fit,
    init,
    plot,
    report,
    rerun,
    resume,
    sample,
    show,
    simulate,
    survey,
    validate,
)

BAD_INPUT, INTERRUPTED = 2, 130

COMMANDS = (
    init,
    validate,
    show,
    simulate,
    fit,
    sample,
    resume,
    compare,
    plot,
    report,
    survey,
    rerun,
    doctor,
    completion,
)
"""Modules of this room, in the order of the help; each has `add_parser(commands)` and `run(options)`."""


def main(arguments=None):
    """Run the command.

    Parameters
    ----------
    arguments
        The words after `diskarray`; those of the process when None.

    Returns
    -------
    int
        The exit code.
    """
    options = parser_of_command().parse_args(arguments)
    try:
        return options.run(options)
    except Interrupted as stopped:
        print(f"diskarray: {stopped}", file=sys.stderr)
        return INTERRUPTED
    except DiskArrayError as error:
        print(f"diskarray: error: {error}", file=sys.stderr)
        return BAD_INPUT
    except KeyboardInterrupt:
        print("diskarray: interrupted, nothing was written", file=sys.stderr)
        return INTERRUPTED


class _Parser(argparse.ArgumentParser):
    """Reports a usage error as every other error: in one line."""

    def error(self, message):
        self.exit(BAD_INPUT, f"diskarray: error: {message} (see {self.prog} --help)\n")


class _Version(argparse.Action):
    """Prints the installed version; importlib.metadata is slow enough to wait until it is asked for."""

    def __call__(self, parser, namespace, values, option_string=None):
        from importlib.metadata import version

        print(f"diskarray {version('diskarray')}")
        parser.exit()


def parser_of_command():
    """The parser of the whole command."""
    parser = _Parser(
        prog="diskarray", description="Model and fit scattered-light images of circumstellar debris disks."
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version and exit")
    parser.set_defaults(parser=parser)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True, dest="command")
    for module in COMMANDS:
        module.add_parser(commands).set_defaults(run=module.run)
    return parser
