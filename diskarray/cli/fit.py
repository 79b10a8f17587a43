"""`diskarray fit`: run a fit and print what it found."""

__all__ = ["fit"]

import math
import sys
import time

from ..pipeline.run import run_fit
from .table import parameter_table

NOT_CONVERGED = 1


def fit(options):
    """Run the sub-command; returns its exit code."""
    if options.config is None:
        from ..example.locate import example_config

        config = example_config()
    else:
        config = options.config
    began = time.perf_counter()
    run = run_fit(
        config,
        options.output,
        data_path=options.data,
        backend=options.backend,
        overwrite=options.overwrite,
        progress=not options.quiet,
    )
    if not options.quiet:
        print(_report(run, time.perf_counter() - began))
    if run.notice:
        print(f"diskarray: no figure: {run.notice}", file=sys.stderr)
    if run.result.status != "converged":
        print(f"diskarray: error: the fit did not converge: {run.result.message}", file=sys.stderr)
        return NOT_CONVERGED
    return 0


def _report(run, seconds):
    result = run.result
    fitted = {
        name: {"value": value, "sigma": sigma if math.isfinite(sigma) else None, "unit": unit}
        for name, value, sigma, unit in zip(
            result.names, result.vector, result.sigma, result.units, strict=True
        )
    }
    return (
        f"{parameter_table(fitted, at_bound=result.at_bound, truth=run.truth)}\n\n"
        f"reduced chi-squared {result.reduced_chi_squared:.4f} from {result.n_data} pixels, "
        f"log-likelihood {result.log_likelihood:.2f}\n"
        f"{result.status} after {result.n_evaluations} images in {seconds:.1f} s: {result.message}\n"
        f"wrote {run.output}"
    )
