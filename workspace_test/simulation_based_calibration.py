"""Simulation-based calibration (Talts et al. 2018): are posteriors of simulated disks as wide as they should be?

Parameters are drawn from the prior, a 32 x 32 image is simulated with them, fitted by least squares and sampled with
NUTS. The rank of the true value among the draws is then uniform for every function of the parameters, and so is that of
the log-likelihood of the data at the true values (Modrak et al. 2023). Widths wrong by 20 % or means off by 0.2
standard deviations show with 1,000 runs; 256 are a smoke test.

    python workspace_test/simulation_based_calibration.py --runs 256

Compiled once. Finished runs are kept in --folder, so that a longer call goes on with them; docs/sbc.md is written at
the end.
"""

import argparse
import sys
import time
import warnings
from pathlib import Path

import numpy as np
from scipy.stats import chisquare, kstest

import diskarray as da
from diskarray.backend.pytree import set_at
from diskarray.files.atomic import write_bytes
from diskarray.files.journal import Journal

warnings.simplefilter("error")

BELT = "disks.belt."
PRIORS = {
    BELT + "inclination": da.Isotropic(40.0, 80.0),
    BELT + "position_angle": da.UniformAngle(0.0, 360.0),
    BELT + "density.radius": da.Normal(75.0, 6.0),
    BELT + "optical_depth": da.LogUniform(2e-3, 5e-3),
    BELT + "phase_function.g": da.TruncatedNormal(0.4, 0.1, 0.15, 0.7),
    "background": da.Normal(0.0, 1e-4),
}
SCENE = da.Scene(
    disks={
        "belt": da.Disk(
            density=da.TwoPowerLaw(radius=75.0, alpha_in=8.0, alpha_out=-4.0, scale_height=4.0),
            distance=75.0,
            phase_function=da.HenyeyGreenstein(0.4),
            inclination=60.0,
            position_angle=30.0,
            optical_depth=3e-3,
            rule=da.Quadrature("layer", 6),
        )
    }
)
GRID = da.Grid2D.uniform((32, 32), 0.12)
THIN, DRAWS, WARMUP, LEVEL = 4, 396, 150, 0.01
RANKS = DRAWS // THIN + 1  # 100 possible ranks, five to a bin
BINS = 20
NOISE = 2e-4  # a twelfth of the peak, typically
DOCUMENT = Path(__file__).parents[1] / "docs" / "sbc.md"


class Silent:
    def update(self, n=1, **figures):
        """Nothing is shown."""

    def expect(self, total):
        """Nothing is shown."""


def posterior_for(template, vector, seed):
    """The posterior of data simulated at a vector: the template's structure with another image."""
    image = template.space.to_model(vector).image_2d_from(template.data.grid)
    noise = NOISE * np.random.default_rng([seed, 2]).standard_normal(image.array.shape)
    return set_at(template, "data.data.array", image.array + noise)


def one_run(template, engine, seed, jnp):
    """Ranks of the true parameters and of the log-likelihood at them, and figures of the run."""
    space = template.space
    truth = space.from_unit_cube(np.random.default_rng([seed, 1]).uniform(size=space.size))
    posterior = posterior_for(template, truth, seed)
    best = da.optimize(posterior, da.LeastSquares(), start=truth, xp=jnp, progress=False)
    result = engine.run(posterior, best, seed=seed, xp=jnp, journal=Journal.in_memory(), progress=Silent())
    kept = result.flat[THIN - 1 :: THIN]
    prior = np.array([space.log_prior(row) for row in kept])
    likelihood = result.log_probability.ravel()[THIN - 1 :: THIN] - prior
    true_likelihood = posterior.log_probability(truth) - space.log_prior(truth)
    ranks = [*np.sum(kept < truth, axis=0), np.sum(likelihood < true_likelihood)]
    figures = result.diagnostics
    return np.array([*ranks, figures.divergences, np.nanmin(figures.ess_bulk)])


def table_of(ranks, names):
    """Rows (name, chi-squared probability, KS probability)."""
    rows = []
    spread = np.random.default_rng(0).uniform(size=ranks.shape)  # a rank stands for an interval: KS wants no ties
    for k, name in enumerate(names):
        counts = np.bincount(ranks[:, k] * BINS // RANKS, minlength=BINS)
        rows.append(
            (name, counts, chisquare(counts).pvalue, kstest((ranks[:, k] + spread[:, k]) / RANKS, "uniform").pvalue)
        )
    return rows


def document(rows, runs, seconds, least_ess, divergences, limit):
    bars = "▁▂▃▄▅▆▇█"
    lines = [
        "# Simulation-based calibration",
        "",
        f"{runs} images of 32 x 32 pixels were simulated with parameters drawn from the prior, fitted by least",
        "squares and sampled with NUTS. If every posterior is right, the rank of the true value among the draws is",
        "uniform, for each parameter and for the log-likelihood of the data at the true values. A histogram that",
        "is high at both ends means posteriors too narrow, one high in the middle too wide, a slope a bias.",
        "",
        f"| quantity | histogram of {BINS} bins | chi-squared | Kolmogorov-Smirnov |",
        "|---|---|---|---|",
    ]
    for name, counts, chi, ks in rows:
        top = max(counts.max(), 1)
        lines.append(f"| {name} | {''.join(bars[int(7 * c / top)] for c in counts)} | {chi:.3f} | {ks:.3f} |")
    passed = min(min(row[2], row[3]) for row in rows) >= limit
    lines += [
        "",
        f"The last two columns are probabilities. The smallest one allowed is {limit:.1e}: 1 %, divided by the "
        f"number of tests (Bonferroni). {'All pass.' if passed else 'NOT all pass.'}",
        "",
        f"Smallest bulk effective sample size of a run {least_ess:.0f} for {DRAWS} draws, one in {THIN} of which is "
        f"ranked; {divergences:.0f} divergent draws in all; {seconds:.1f} s a run on one machine.",
        "",
        "With 1,000 runs a width wrong by 20 % or a mean off by 0.2 standard deviations is found almost surely;",
        "256 runs find most of those (70 % and 60 %). To repeat:",
        "`python workspace_test/simulation_based_calibration.py --runs 1000`.",
    ]
    return "\n".join(lines) + "\n", passed


def main():
    parser = argparse.ArgumentParser(description="Simulation-based calibration")
    parser.add_argument("--runs", type=int, default=256)
    parser.add_argument("--folder", help="keep finished runs here and go on with them")
    parser.add_argument("--document", default=str(DOCUMENT))
    arguments = parser.parse_args()
    jnp = da.enable_jax()
    data = da.simulate(SCENE, GRID, background=NOISE, seed=0)
    template = da.Posterior(data, da.ParameterSpace.of(SCENE, PRIORS))
    engine = da.NUTS(draws=DRAWS, warmup=WARMUP, chains=1, block=50)
    identity = {"posterior": template.identity(), "engine": repr(engine), "thin": THIN}
    journal = Journal.open(arguments.folder, identity) if arguments.folder else Journal.in_memory()
    rows, began = [], time.perf_counter()
    with journal:
        for seed in range(arguments.runs):
            rows.append(
                journal.step("run", (seed,), lambda seed=seed: {"row": one_run(template, engine, seed, jnp)})["row"]
            )
            if seed in (0, 1, 3, 7) or seed % 32 == 31:
                print(f"  {seed + 1} runs, {time.perf_counter() - began:.0f} s", flush=True)
    rows = np.array(rows)
    names = (*(name.removeprefix(BELT) for name in template.space.names), "log-likelihood")
    ranks = rows[:, : len(names)].astype(int)
    limit = LEVEL / (2 * len(names))
    table = table_of(ranks, names)
    text, passed = document(
        table, arguments.runs, journal.seconds / arguments.runs, rows[:, -1].min(), rows[:, -2].sum(), limit
    )
    write_bytes(Path(arguments.document), text.encode(), overwrite=True)
    print(text)
    sys.exit(0 if passed else 1)


if __name__ == "__main__":
    main()
