"""Our diagnostics against arviz-stats on random chains, and our NetCDF files opened by xarray as ArviZ 1.x does.

python workspace_test/compare_arviz.py [--sets 200]
"""

import argparse
import importlib.util
import logging
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

import numpy as np
from _harness import Table

import diskarray as da
from diskarray.diagnostics import convergence as diagnostics

ALLOWED = 1e-10


def chains(random, k):
    """Chains of all kinds: correlated and antithetic, shifted, skewed, heavy-tailed, with ties, odd in number."""
    shape = int(random.integers(2, 7)), int(random.integers(4, 500))
    correlation = random.uniform(-0.8, 0.98)
    x = random.standard_t(3, size=shape) if k % 4 == 3 else random.normal(size=shape)
    for step in range(1, shape[1]):
        x[:, step] += correlation * x[:, step - 1]
    if k % 3 == 0:
        x += random.normal(size=(shape[0], 1))
    if k % 5 == 0:
        x = np.round(x, 1)
    if k % 7 == 0:
        x = np.exp(x)
    return 10 ** random.uniform(-6, 6) * x


def references():
    """Figure -> what arviz-stats and emcee call it."""
    from arviz_stats.base import array_stats
    from emcee.autocorr import integrated_time

    def mcse_sd(x):
        """That of arviz-stats 1.x, also from older ones, which took the effective size of the draws themselves."""
        squares = (x - x.mean()) ** 2
        scatter = np.mean(squares**2) - np.mean(squares) ** 2
        return np.sqrt(scatter / array_stats.ess(squares, method="mean") / np.mean(squares) / 4)

    newer = int(version("arviz-stats").partition(".")[0]) >= 1
    return {
        "rhat": array_stats.rhat,
        "ess_bulk": lambda x: array_stats.ess(x, method="bulk"),
        "ess_tail": lambda x: array_stats.ess(x, method="tail", prob=(0.05, 0.95)),
        "ess_mean": lambda x: array_stats.ess(x, method="mean"),
        "mcse_mean": lambda x: array_stats.mcse(x, method="mean"),
        "mcse_sd": (lambda x: array_stats.mcse(x, method="sd")) if newer else mcse_sd,
        "bfmi": array_stats.bfmi,
        "autocorrelation_time": lambda x: integrated_time(x.T, quiet=True)[0],
    }


def compare(table, n_sets):
    random = np.random.default_rng(7)
    sets = [chains(random, k) for k in range(n_sets)]
    logging.getLogger("emcee.autocorr").setLevel(logging.ERROR)  # it says when chains are short, which they are
    for name, reference in references().items():
        worst = 0.0
        for x in sets:
            ours, theirs = np.asarray(getattr(diagnostics, name)(x)), np.asarray(reference(x), dtype=float)
            worst = max(worst, float(np.max(np.abs(ours / theirs - 1))))
        table.line(f"{name} on {n_sets} sets of chains", worst <= ALLOWED, worst, ALLOWED)


def open_groups(table):
    """A result's file as a DataTree, which is what ArviZ 1.x makes of it."""
    import xarray
    from arviz_stats.base import array_stats

    sys.path.insert(0, str(Path(__file__).parent.parent / "test_diskarray" / "support"))
    from made_runs import gaussian, result

    run = result(gaussian(np.random.default_rng(1)), statistics={"diverging": np.zeros((4, 1000), dtype=bool)})
    with tempfile.TemporaryDirectory() as folder:
        run.save(Path(folder) / "run.nc")
        with xarray.open_datatree(Path(folder) / "run.nc", engine="h5netcdf") as tree:
            columns = enumerate(run.names[:2])  # the third is an angle, which is stored without its seam
            same = all(np.array_equal(tree.posterior[name].values, run.samples[..., k]) for k, name in columns)
            same &= tree.posterior["first"].dims == ("chain", "draw") and tree.sample_stats["diverging"].dtype == bool
            same &= np.array_equal(tree.sample_stats["lp"].values, run.log_probability)
            error = abs(array_stats.rhat(tree.posterior["first"].values) / run.diagnostics.row("first")["rhat"] - 1)
        again = da.load_result(Path(folder) / "run.nc", components=[type(run.scene)])
    table.line("posterior and sample_stats of an .nc, by xarray", same)
    table.line("R-hat of an .nc, by arviz-stats", error <= ALLOWED, float(error), ALLOWED)
    table.line("the .nc returns", np.array_equal(again.samples, run.samples))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", type=int, default=200)
    parser.add_argument("--quick", action="store_true")
    arguments = parser.parse_args()
    table = Table("diagnostics and files against arviz-stats, emcee and xarray")
    needed = ("arviz_stats", "emcee", "h5netcdf", "xarray")
    missing = [name for name in needed if importlib.util.find_spec(name) is None]
    if missing:
        print(f"  left out: {', '.join(missing)} not installed (pip install 'diskarray[sample,diag]')\n")
        return
    compare(table, 20 if arguments.quick else arguments.sets)
    open_groups(table)
    table.finish()


if __name__ == "__main__":
    main()
