"""Ensemble sampling on JAX: exact posteriors, the same draws as with NumPy, and worker processes beside JAX."""

import math
import sys
from pathlib import Path

import numpy as np
from _harness import begin

import diskarray as da

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "test_diskarray" / "support"))


def agreement(table, name, problem, result):
    """Means within 4 and covariances within 5 Monte Carlo errors of the effective sample size."""
    size = float(result.diagnostics.ess_bulk[:-1].min())
    sigma = np.sqrt(np.diag(problem.exact_covariance))
    mean = float(np.max(np.abs(result.mean - problem.exact_mean) / sigma)) * math.sqrt(size)
    scale = np.outer(sigma, sigma)
    error = np.sqrt((1 + (problem.exact_covariance / scale) ** 2) / size)
    covariance = float(np.max(np.abs(result.covariance - problem.exact_covariance) / scale / error))
    table.line(f"{name}: mean, {size:.0f} effective draws", mean < 4, mean, 4.0)
    table.line(f"{name}: covariance", covariance < 5, covariance, 5.0)
    table.line(f"{name}: established", result.established, detail=str(result))


def small_disk():
    """A posterior of two angles over a small image, and its best fit."""
    disk = da.Disk(inclination=50.0, position_angle=30.0, distance=20.0, optical_depth=0.01)
    scene = da.Scene(disks={"belt": disk})
    clean = scene.image_2d_from(da.Grid2D.uniform((12, 12), 0.9)).array
    noise = np.full(clean.shape, 0.05 * clean.max())
    seen = clean + noise * np.random.default_rng(0).standard_normal(clean.shape)
    priors = {"disks.belt.inclination": da.Uniform(20, 80), "disks.belt.position_angle": da.UniformAngle(0, 360)}
    data = da.Imaging(data=seen, noise_map=noise, pixel_scale=0.9)
    posterior = da.Posterior(data, da.ParameterSpace.of(scene, priors))
    return posterior, da.optimize(posterior, da.LeastSquares(), progress=False)


def main():
    arguments, _, jnp, table = begin("Ensemble sampling with emcee on JAX")
    from problems import PROBLEMS, best_fit, conjugate

    for name, make in PROBLEMS.items():
        if arguments.quick and name != "conjugate":
            continue
        problem = make()
        result = da.sample(problem, da.Emcee(), start=best_fit(problem), seed=3, xp=jnp, progress=False)
        agreement(table, name, problem, result)
    problem, short = conjugate(), da.Emcee(max_steps=60)
    ours = [da.sample(problem, short, start=best_fit(problem), seed=3, xp=xp, progress=False) for xp in (np, jnp)]
    table.same("the draws are those of NumPy", ours[1].flat, ours[0].flat)
    spread = da.sample(problem, da.Emcee(max_steps=60, workers=2), start=best_fit(problem), seed=3, progress=False)
    table.same("2 workers, started after JAX, give the draws of none", spread.flat, ours[0].flat, tolerance=0.0)
    posterior, best = small_disk()
    result = da.sample(posterior, da.Emcee(), start=best, seed=3, xp=jnp, progress=False)
    ratio = result.sigma / best.sigma
    table.line(
        "a small disk: widths over those of the best fit",
        bool(np.all(np.abs(ratio - 1) < 0.25)),
        float(np.max(np.abs(ratio - 1))),
        0.25,
        str(result),
    )
    table.line("a small disk: established", result.established, detail=str(result))
    table.finish()


if __name__ == "__main__":
    main()
