"""`diskarray survey`: fit every target of a table with one configuration."""

__all__ = ["add_parser", "run"]

import argparse
import sys

from .arguments import add_backend, add_components, add_output, add_overwrite, whole_number

SOME_FAILED = 1


def add_parser(commands):
    """Declare the sub-command's arguments."""
    parser = commands.add_parser(
        "survey",
        help="fit every target of a table, and write a table and a gallery of the results",
        description="Fit every target of a comma-separated table. Its first line names the columns: 'name', and dotted "
        "keys of the configuration, such as scene.disks.belt.distance or data.path, whose values differ between "
        "targets; an empty cell leaves the configuration's own. A target that fails does not stop the others. Ends "
        "with 0 if every target is converged or not constrained.",
    )
    parser.add_argument("table", metavar="TABLE.csv", help="the targets")
    parser.add_argument("config", metavar="CONFIG.yaml", help="the configuration of them all")
    add_output(parser, "diskarray_survey", text="new folder for runs, table and gallery")
    parser.add_argument(
        "--workers",
        type=_positive,
        metavar="N",
        default=1,
        help="targets fitted side by side, each in a process of its own (default: %(default)s)",
    )
    parser.add_argument("--data", metavar="PATH", help="read the data of all targets from this file")
    again = parser.add_mutually_exclusive_group()
    again.add_argument(
        "--resume", action="store_true", help="go on with an earlier survey: keep what is complete, make the rest"
    )
    add_overwrite(again, text="replace an earlier survey")
    add_backend(parser)
    add_components(parser)
    parser.add_argument("--quiet", action="store_true", help="no line per target and no summary")
    return parser


def run(options):
    """Run the sub-command; returns its exit code."""
    from ..survey.run_survey import run_survey

    done = run_survey(
        options.table,
        options.config,
        options.output,
        workers=options.workers,
        resume=options.resume,
        overwrite=options.overwrite,
        backend=options.backend,
        data_path=options.data,
        component_files=options.components,
        tell=_silent if options.quiet else _tell,
    )
    if not options.quiet:
        print(_summary(done))
    bad = [record["name"] for record in done.records if record["status"] not in ("converged", "not_constrained")]
    if bad:
        print(f"diskarray: error: {len(bad)} of {len(done.records)} targets failed: {', '.join(bad)}", file=sys.stderr)
    return 0 if done.succeeded else SOME_FAILED


def _tell(line):
    print(line, file=sys.stderr, flush=True)


def _silent(line):
    pass


def _summary(done):
    width = max(len(record["name"]) for record in done.records)
    lines = []
    for record in done.records:
        reduced = record["reduced_chi_squared"]
        shown = "" if reduced is None else f"{reduced:.4f}"
        lines.append(f"{record['name']:<{width}}  {record['status']:<15}  {shown:>8}  {record['message']}".rstrip())
    return "\n".join([*lines, f"wrote {done.output}: survey.csv, survey.json, gallery.html"])


def _positive(text):
    number = whole_number(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above 0")
    return number
