"""Arguments that several sub-commands have, declared once so that they mean the same everywhere."""

__all__ = [
    "add_backend",
    "add_components",
    "add_output",
    "add_overwrite",
    "add_quiet",
    "add_run",
    "add_seed",
    "whole_number",
]

import argparse


def add_output(parser, default=None, *, metavar="DIR", text="new folder for the run", required=False):
    """``--output``: where the products go."""
    shown = text if default is None else f"{text} (default: %(default)s)"
    parser.add_argument("--output", metavar=metavar, default=default, required=required, help=shown)


def add_overwrite(parser, text="replace what an earlier run wrote there"):
    """``--overwrite``: without it nothing is replaced."""
    parser.add_argument("--overwrite", action="store_true", help=text)


def add_quiet(parser):
    """``--quiet``: errors only."""
    parser.add_argument("--quiet", action="store_true", help="no progress bar and no table")


def add_backend(parser, default="numpy", text="array library"):
    """``--backend``: what does the arithmetic."""
    shown = text if default is None else f"{text} (default: %(default)s)"
    parser.add_argument("--backend", choices=("numpy", "jax"), default=default, help=shown)


def add_components(parser):
    """``--components``: a Python file with the user's own classes; run because the user names it."""
    parser.add_argument(
        "--components",
        metavar="FILE.py",
        action="append",
        default=[],
        help="Python file with component classes of your own, which is run; may be given several times",
    )


def add_seed(parser, default=None, text="seed of the random numbers"):
    """``--seed``: a whole number, at least 0."""
    shown = text if default is None else f"{text} (default: %(default)s)"
    parser.add_argument("--seed", type=whole_number, metavar="N", default=default, help=shown)


def add_run(parser, nargs=None):
    """``RUN``: a run folder."""
    parser.add_argument(
        "run_folder" if nargs is None else "run_folders", nargs=nargs, metavar="RUN", help="folder of a run"
    )


def whole_number(text):
    """A whole number, at least 0, as argparse wants to be told."""
    if not (text.isascii() and text.isdigit()):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 0")
    return int(text)
