"""Effective samples per second on the posterior of the benchmark fit, ours and GRaTeR-JAX's, one table in one run.

    python workspace_test/effective_samples.py --peers PYTHON [--peer-script PATH] [--draws N] [--steps N] [--write]

Ours: NUTS, and emcee with all walkers of a half ensemble in one vmapped call, both on JAX, from the best fit. Theirs:
emcee's stretch move, same number of walkers, on their compiled likelihood with its mean corrected to a sum. Thousands
of steps would take hours; how many of them one effective sample takes is measured on a Gaussian of eight dimensions,
where it is the same because the moves are affine-invariant and this posterior is nearly Gaussian; seconds per step are
measured. Effective samples are the bulk ones of the worst parameter. ``--write`` renews docs/effective_samples.md.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import time

import benchmark_fit as fit
import emcee
import numpy as np

import diskarray as da
from diskarray.diagnostics.convergence import autocorrelation_time, ess_bulk

HERE = pathlib.Path(__file__).parent
WALKERS = 32
WANTED = 100.0


def timed(posterior, engine, best, xp):
    """(result, seconds) of a run."""
    began = time.perf_counter()
    result = da.sample(posterior, engine, start=best, seed=1, xp=xp, progress=False)
    return result, time.perf_counter() - began


def effective(result):
    """Bulk effective samples of the worst parameter."""
    return min(ess_bulk(result.samples[..., k]) for k in range(result.samples.shape[-1]))


def nuts_row(posterior, best, draws, xp):
    """Seconds and effective samples of two chains, after a short run that compiles."""
    settings = {"warmup": 50, "chains": 2, "block": 20}
    first = timed(posterior, da.NUTS(draws=20, **settings), best, xp)[1]
    result, seconds = timed(posterior, da.NUTS(draws=draws, **settings), best, xp)
    return {"first": first, "seconds": seconds, "effective": effective(result), "gradients": result.n_evaluations}


def steps_per_effective(move, size, steps=20000):
    """Autocorrelation time, in steps of the ensemble, of a move on a Gaussian of as many dimensions.

    The moves are affine-invariant: on a posterior that is nearly Gaussian, whatever its covariance, it is the same.
    """
    moves = {"stretch": emcee.moves.StretchMove(), "differential": emcee.moves.DEMove()}
    sampler = emcee.EnsembleSampler(
        WALKERS, size, lambda rows: -0.5 * np.sum(rows**2, axis=1), moves=moves[move], vectorize=True
    )
    sampler.run_mcmc(np.random.default_rng(3).normal(size=(WALKERS, size)), steps)
    chain = sampler.get_chain()[steps // 20 :]
    return max(autocorrelation_time(chain[:, :, k].T) for k in range(size))


def emcee_row(posterior, best, steps, move, xp):
    """Seconds per step after a short run that compiles, and effective samples per second."""
    settings = {"walkers": WALKERS, "autocorrelation_times": 1e6, "move": move}
    timed(posterior, da.Emcee(max_steps=4, **settings), best, xp)
    seconds = timed(posterior, da.Emcee(max_steps=steps, **settings), best, xp)[1] / steps
    slowest = steps_per_effective(move, best.vector.size)
    return {"seconds_per_step": seconds, "autocorrelation": slowest, "rate": WALKERS / slowest / seconds}


def peer_seconds(python, script, steps):
    command = [python, str(HERE / "_peer_sample.py"), str(script), str(steps), str(WALKERS)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def page_of(rows, ratios):
    lines = [
        "# Effective samples per second\n",
        "On the posterior of the [benchmark fit](fit_benchmark.md): eight parameters, 200 x 200 pixels, a Gaussian",
        "PSF; one run, two cores. Seconds are those of sampling, warm-up included and compiling not. NUTS is sampled;",
        "of ensembles the seconds per step are measured, and the steps per effective sample on a Gaussian of eight",
        "dimensions (the moves are affine-invariant, and the posterior is nearly Gaussian). GRaTeR-JAX's likelihood is",
        "a mean over pixels, corrected to a sum. Written by",
        "`python workspace_test/effective_samples.py --peers PYTHON --write`.\n",
        "| sampler | effective samples per second | NUTS of ours is better by |",
        "|---|---|---|",
        *(f"| {name} | {rate:.3g} | {ratios[name]:.3g} |" for name, rate in rows.items()),
    ]
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peers", help="a Python with grater-jax")
    parser.add_argument("--peer-script", default=str(fit.PEER_SCRIPT))
    parser.add_argument("--draws", type=int, default=300)
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--peer-steps", type=int, default=5)
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    xp = da.enable_jax()
    posterior = fit.benchmark_posterior()
    best = da.optimize(posterior, da.LeastSquares(), start=fit.START, progress=False)
    theirs = peer_seconds(arguments.peers, arguments.peer_script, arguments.peer_steps) if arguments.peers else None
    nuts = nuts_row(posterior, best, arguments.draws, xp)
    emcees = {m: emcee_row(posterior, best, arguments.steps, m, xp) for m in ("differential", "stretch")}
    rows = {"diskarray, NUTS": nuts["effective"] / nuts["seconds"]}
    for move, row in emcees.items():
        rows[f"diskarray, emcee vmapped, {move} move"] = row["rate"]
    if theirs:
        per_effective = emcees["stretch"]["autocorrelation"] / WALKERS
        rows["GRaTeR-JAX, emcee, stretch move"] = 1 / (theirs["seconds_per_step"] * per_effective)
    print(f"NUTS: {nuts}\nemcee: {emcees}\ntheirs: {theirs}")
    ratios = {name: rows["diskarray, NUTS"] / rate for name, rate in rows.items()}
    for name, rate in rows.items():
        print(f"{name}: {rate:.3g} effective samples per second, NUTS better by {ratios[name]:.3g}")
    if arguments.write:
        (HERE.parent / "docs" / "effective_samples.md").write_text(page_of(rows, ratios))
    if theirs:
        ratio = ratios["GRaTeR-JAX, emcee, stretch move"]
        print(f"{'ok' if ratio >= WANTED else 'FAILED'}: {ratio:.0f} times theirs (bar {WANTED:.0f})")
        sys.exit(ratio < WANTED)


if __name__ == "__main__":
    main()
