"""`diskarray sample`: sample the posterior of a run, and print what the draws say and whether they can be trusted."""

__all__ = ["add_parser", "finish", "run"]

import argparse
import sys
import time

from .arguments import add_backend, add_components, add_output, add_overwrite, add_quiet, add_seed

ENGINES = ("emcee", "dynesty", "nuts", "consensus")
NOT_ESTABLISHED = 1


def add_parser(commands):
    """Declare the sub-command's arguments."""
    parser = commands.add_parser(
        "sample",
        help="sample the posterior, from a fit",
        description="Sample the posterior of a run in its own folder, beginning at its fit; or fit a configuration "
        "into a new folder first. An interrupted sampling is gone on with by `diskarray resume RUN`.",
    )
    parser.add_argument("source", metavar="RUN_or_CONFIG", help="folder of a run with a fit, or a configuration")
    parser.add_argument("--engine", choices=ENGINES, help="sampler (default: the configuration's, else emcee)")
    add_output(parser, text="new folder for the run; for a configuration only")
    add_overwrite(parser, "replace earlier draws; of a configuration, the folder of an earlier run")
    add_seed(parser, 0)
    add_backend(parser, None, "array library (default: numpy, or jax for an engine that needs it)")
    parser.add_argument(
        "--checkpoint-every",
        type=_seconds,
        metavar="S",
        default=10.0,
        help="seconds of work that may be lost when the process is killed (default: %(default)s)",
    )
    add_components(parser)
    add_quiet(parser)
    return parser


def run(options):
    """Run the sub-command; returns its exit code."""
    from ..pipeline.sample import run_sample

    began = time.perf_counter()
    done = run_sample(
        options.source,
        engine=options.engine,
        output=options.output,
        seed=options.seed,
        backend=options.backend,
        checkpoint_every=options.checkpoint_every,
        overwrite=options.overwrite,
        progress=not options.quiet,
        component_files=options.components,
    )
    return finish(done, None if options.quiet else time.perf_counter() - began)


def finish(done, seconds):
    """Print what a sampling found, unless ``seconds`` is None, and what is wrong with it; returns the exit code."""
    if done.samples is None:
        print(
            f"diskarray: error: nothing was sampled, as the fit did not converge: {done.run.fit.message}",
            file=sys.stderr,
        )
        return NOT_ESTABLISHED
    if seconds is not None:
        print(_report(done, seconds))
    if done.notice:
        print(f"diskarray: {done.notice}", file=sys.stderr)
    reasons = [gate.text for gate in done.samples.gates if gate.passed is not True]
    if reasons:
        print(f"diskarray: error: the posterior is not established: {'; '.join(reasons)}", file=sys.stderr)
        return NOT_ESTABLISHED
    return 0


def _report(done, seconds):
    from ..results.summary import summary_of
    from .table import aligned, draws_table

    samples = done.samples
    summary = summary_of(samples)
    evidence = ""
    if samples.log_evidence is not None:
        evidence = f"log-evidence {samples.log_evidence:.2f} +- {samples.log_evidence_error or 0.0:.2f}\n"
    gates = aligned([[gate.verdict, gate.text] for gate in samples.gates], left={0, 1})
    return (
        f"{draws_table({**summary['parameters'], **summary['linear_parameters']}, truth=done.run.truth)}\n\n"
        f"{gates}\n\n{evidence}"
        f"{samples.engine}, {samples.status} after {samples.n_evaluations} evaluations in {seconds:.1f} s: "
        f"{samples.message}\nwrote {done.run.folder}"
    )


def _seconds(text):
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0.0 <= value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds of at least 0")
    return value
