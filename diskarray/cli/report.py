"""`diskarray report`: one self-contained HTML page of a run."""

__all__ = ["add_parser", "run"]

from .arguments import add_components, add_output, add_overwrite, add_quiet, add_run


def add_parser(commands):
    """Declare the sub-command's arguments."""
    parser = commands.add_parser(
        "report",
        help="write one page with everything about a run",
        description="Write one self-contained HTML page with every number, requirement and figure of a run. It can be "
        "read, sent and printed without anything else. Its first line says whether the run is to be trusted; this "
        "command succeeds when the page is written.",
    )
    add_run(parser)
    add_output(parser, metavar="FILE.html", text="the page to write (default: report.html in the folder of the run)")
    add_overwrite(parser, "replace an existing page")
    add_components(parser)
    add_quiet(parser)
    return parser


def run(options):
    """Run the sub-command; returns its exit code."""
    from ..pipeline.belonging import foreign_results
    from ..pipeline.open_run import open_with_files
    from ..report.page import write_report
    from ..report.verdict import verdict_of

    opened = open_with_files(options.run_folder, options.components)
    path = write_report(opened, options.output, overwrite=options.overwrite)
    if not options.quiet:
        verdict = verdict_of(opened.fit, opened.samples, foreign_results(opened, opened.samples))
        print(f"{verdict.headline}\nwrote {path}")
    return 0
