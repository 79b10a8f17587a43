"""`diskarray plot`: draw the figures of a run into its folder."""

__all__ = ["add_parser", "run"]

import argparse

from .arguments import add_components, add_overwrite, add_quiet, add_run


def add_parser(commands):
    """Declare the sub-command's arguments."""
    parser = commands.add_parser(
        "plot",
        help="draw the figures of a run",
        description="Draw the figures of a run into its folder 'figures'. Without --figures, all that apply to the run "
        "and are not there yet.",
    )
    add_run(parser)
    parser.add_argument(
        "--figures", nargs="+", metavar="NAME", help="draw these only, as named by --list", default=None
    )
    parser.add_argument("--list", action="store_true", help="list all figures, and which are there; draw none")
    parser.add_argument(
        "--format", choices=("png", "pdf", "svg"), default="png", help="kind of file (default: %(default)s)"
    )
    parser.add_argument(
        "--dpi", type=_dots, default=200.0, metavar="N", help="dots per inch, at most 2400 (default: 200)"
    )
    add_overwrite(parser, "replace figures that are there")
    add_components(parser)
    add_quiet(parser)
    return parser


def run(options):
    """Run the sub-command; returns its exit code."""
    from ..pipeline.figures import write_figures
    from ..pipeline.open_run import open_with_files

    opened = open_with_files(options.run_folder, options.components)
    if options.list:
        print(_listing(opened, options.format))
        return 0
    written = write_figures(
        opened, options.figures, format=options.format, overwrite=options.overwrite, dpi=options.dpi
    )
    if not options.quiet:
        print("\n".join(f"wrote {path}" for path in written) or "nothing to draw: --overwrite draws all anew")
    return 0


def _listing(opened, ending):
    """Name and title of every figure, and whether its file is there."""
    from ..pipeline.figures import RUN_FIGURES
    from .table import aligned

    rows = [("figure", "file", "shows")]
    for name, figure in RUN_FIGURES.items():
        path = opened.path(f"figures/{name}.{ending}")
        rows.append((name, "there" if path.is_file() else "-", figure.title))
    return aligned(rows, left={0, 1, 2})


def _dots(text):
    """Dots per inch, as argparse wants to be told."""
    try:
        dots = float(text)
    except ValueError:
        dots = float("nan")
    if not 10 <= dots <= 2400:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of dots per inch from 10 to 2400")
    return dots
