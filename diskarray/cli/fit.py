"""`diskarray fit`: run a fit and print what it found."""

__all__ = ["add_parser", "run"]

import math
import sys
import time

from .arguments import add_backend, add_components, add_output, add_overwrite, add_quiet, add_seed

NOT_CONVERGED = 1


def add_parser(commands):
    """Declare the sub-command's arguments."""
    parser = commands.add_parser(
        "fit",
        help="fit an image and write the result, the model and a figure",
        description="Fit the image that a configuration names, or without one the built-in example.",
    )
    parser.add_argument(
        "config", nargs="?", metavar="CONFIG.yaml", help="the configuration (default: the built-in example)"
    )
    add_output(parser, "diskarray_fit")
    add_overwrite(parser, "replace the run folder of an earlier fit")
    parser.add_argument("--data", metavar="PATH", help="read the data from this file instead of the configuration's")
    add_backend(parser)
    add_components(parser)
    add_seed(parser, text="seed of the random starts, where the fit has several (default: the configuration's)")
    add_quiet(parser)
    return parser


def run(options):
    """Run the sub-command; returns its exit code."""
    from ..pipeline.run import run_fit

    if options.config is None:
        from ..example.locate import example_config

        config = example_config()
    else:
        config = options.config
    began = time.perf_counter()
    done = run_fit(
        config,
        options.output,
        data_path=options.data,
        backend=options.backend,
        overwrite=options.overwrite,
        progress=not options.quiet,
        component_files=options.components,
        seed=options.seed,
    )
    if not options.quiet:
        print(_report(done, time.perf_counter() - began))
    if done.notice:
        print(f"diskarray: no figure: {done.notice}", file=sys.stderr)
    if done.result.status != "converged":
        print(f"diskarray: error: the fit did not converge: {done.result.message}", file=sys.stderr)
        return NOT_CONVERGED
    return 0


def _report(run, seconds):
    from .table import parameter_table

    result, linear = run.result, run.result.linear
    fitted = {
        name: {"value": value, "sigma": sigma if math.isfinite(sigma) else None, "unit": unit}
        for name, value, sigma, unit in [
            *zip(result.names, result.vector, result.sigma, result.units, strict=True),
            *zip(linear.names, linear.values, linear.sigma, linear.units, strict=True),
        ]
    }
    at_bound = (*result.at_bound, *linear.at_bound)
    return (
        f"{parameter_table(fitted, at_bound=at_bound, truth=run.truth)}\n\n"
        f"reduced chi-squared {result.reduced_chi_squared:.4f} from {result.n_data} pixels, "
        f"log-likelihood {result.log_likelihood:.2f}\n"
        f"{result.status} after {result.n_evaluations} images in {seconds:.1f} s: {result.message}\n"
        f"wrote {run.output}"
    )
