"""The `diskarray` command: arguments in, exit code out.

Exit codes: 0 done, 1 the fit did not converge, 2 bad input, 130 interrupted. Everything heavy is imported
by the sub-command that needs it, so that `--help` answers at once.
"""

__all__ = ["main"]

import argparse
import sys

from ..errors import DiskArrayError, Interrupted

BAD_INPUT, INTERRUPTED = 2, 130


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
    options = _parser().parse_args(arguments)
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


def _parser():
    parser = _Parser(
        prog="diskarray", description="Model and fit scattered-light images of circumstellar debris disks."
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version and exit")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True, dest="command")
    _add_fit(commands)
    _add_simulate(commands)
    return parser


def _add_fit(commands):
    parser = commands.add_parser(
        "fit",
        help="fit an image and write the result, the model and a figure",
        description="Fit the image that a configuration names, or without one the built-in example.",
    )
    parser.add_argument(
        "config", nargs="?", metavar="CONFIG.yaml", help="the configuration (default: the built-in example)"
    )
    parser.add_argument(
        "--output",
        metavar="DIR",
        default="diskarray_fit",
        help="new folder for the products (default: %(default)s)",
    )
    parser.add_argument(
        "--overwrite", action="store_true", help="replace the output folder of an earlier fit"
    )
    parser.add_argument(
        "--data", metavar="PATH", help="read the data from this file instead of the configuration's"
    )
    parser.add_argument(
        "--backend", choices=("numpy", "jax"), default="numpy", help="array library (default: %(default)s)"
    )
    parser.add_argument("--quiet", action="store_true", help="no progress bar and no table")
    parser.set_defaults(run=_fit)


def _add_simulate(commands):
    parser = commands.add_parser(
        "simulate",
        help="make the image that a configuration describes",
        description="Make a noisy image from the scene and the simulation section of a configuration. "
        "The true values are written beside it, as FILE_truth.json.",
    )
    parser.add_argument("config", metavar="CONFIG.yaml", help="the configuration")
    parser.add_argument("--output", metavar="FILE.fits", required=True, help="the FITS file to write")
    parser.add_argument("--overwrite", action="store_true", help="replace an existing file")
    parser.set_defaults(run=_simulate)


def _fit(options):
    from .fit import fit

    return fit(options)


def _simulate(options):
    from ..pipeline.simulate import run_simulation

    written = run_simulation(options.config, options.output, overwrite=options.overwrite)
    print("Wrote " + " and ".join(str(path) for path in written))
    return 0
