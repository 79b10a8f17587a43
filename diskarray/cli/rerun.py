"""`diskarray rerun`: repeat a run from its manifest and see whether the numbers are the same."""

__all__ = ["add_parser", "run"]

import sys

from .arguments import add_components, add_output, add_overwrite, add_quiet

DIFFERENT = 1


def add_parser(commands):
    """Declare the sub-command's arguments."""
    parser = commands.add_parser(
        "rerun",
        help="repeat a run from its manifest, bit for bit",
        description="Repeat a run and compare every number of the results, bit for bit. Data, configuration, "
        "components, libraries and processor must be those of the run.",
    )
    parser.add_argument("source", metavar="MANIFEST_or_RUN", help="folder of a run, or the manifest.json in it")
    add_output(parser, required=True)
    parser.add_argument("--force", action="store_true", help="go on though inputs or versions are others, and say so")
    add_overwrite(parser, "replace the run folder of an earlier run")
    add_components(parser)
    add_quiet(parser)
    return parser


def run(options):
    """Run the sub-command; returns its exit code."""
    from ..pipeline.rerun import run_again

    done = run_again(
        options.source,
        options.output,
        force=options.force,
        overwrite=options.overwrite,
        progress=not options.quiet,
        component_files=options.components,
    )
    for sentence in done.ignored:
        print(f"diskarray: warning: {sentence}", file=sys.stderr)
    if not done.identical:
        print(f"diskarray: error: {options.output} is not the same: {'; '.join(done.differences)}", file=sys.stderr)
        return DIFFERENT
    if not options.quiet:
        print(f"{' and '.join(done.compared)} of {options.output} are the same, bit for bit.")
    return 0
