"""`diskarray resume`: go on with an interrupted sampling."""

__all__ = ["add_parser", "run"]

import time

from .arguments import add_components, add_quiet, add_run


def add_parser(commands):
    """Declare the sub-command's arguments."""
    parser = commands.add_parser(
        "resume",
        help="go on with an interrupted sampling",
        description="Go on with the sampling that was begun in a run folder, with the arguments it was begun with. The "
        "draws are those that it would have given without the interruption.",
    )
    add_run(parser)
    add_components(parser)
    add_quiet(parser)
    return parser


def run(options):
    """Run the sub-command; returns its exit code."""
    from ..pipeline.sample import resume_run
    from .sample import finish

    began = time.perf_counter()
    done = resume_run(options.run_folder, progress=not options.quiet, component_files=options.components)
    if not done.resumed:
        print(f"{options.run_folder}: there is nothing to resume, the sampling ended as {done.samples.status!r}.")
        return finish(done, None)
    return finish(done, None if options.quiet else time.perf_counter() - began)
