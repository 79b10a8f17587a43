"""The no-U-turn sampler: exact posteriors, a disk's posterior, widths that follow the noise, resuming bit by bit."""

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from _harness import begin

import diskarray as da
from diskarray.files.journal import Journal
from diskarray.sampling.bijectors import Unconstrained
from diskarray.sampling.hamiltonian import _program

sys.path.insert(0, str(Path(__file__).parents[1] / "test_diskarray" / "support"))
import problems

BELT = "disks.belt."
PRIORS = {
    BELT + "inclination": da.Isotropic(30.0, 80.0),
    BELT + "position_angle": da.UniformAngle(0.0, 180.0),
    BELT + "density.radius": da.Normal(70.0, 20.0),
    BELT + "optical_depth": da.LogUniform(1e-4, 1e-2),
    BELT + "phase_function.g": da.TruncatedNormal(0.3, 0.3, 0.0, 0.9),
}
MISSING = """
import sys
sys.modules["numpyro"] = None
import diskarray as da, numpy as np
sys.path.insert(0, {folder!r})
import problems
jnp = da.enable_jax()
try:
    da.sample(problems.conjugate(), da.NUTS(), xp=jnp, progress=False)
except da.MissingExtraError as error:
    assert "diskarray[jax]" in str(error) and str(error).count(".") == 0, error
else:
    raise SystemExit("a missing NumPyro was not noticed")
"""


ENGINE = da.NUTS(draws=600, warmup=150)  # one for all: a problem compiles once


class Silent:
    """Progress that is not shown; ``stop_after`` units of it ask a journal to stop."""

    def __init__(self, journal=None, stop_after=None):
        self.journal, self.stop_after, self.done = journal, stop_after, 0

    def update(self, n=1, **figures):
        self.done += n
        if self.stop_after is not None and self.done >= self.stop_after:
            self.journal.stop_requested = "stopped by the test"

    def expect(self, total):
        pass


def drawn(posterior, engine, start, jnp, seed=1, journal=None, progress=None):
    journal = journal or Journal.in_memory()
    return engine.run(posterior, start, seed=seed, xp=jnp, journal=journal, progress=progress or Silent())


def agrees(table, name, result, mean, sigma, mean_error=0.0, sigma_error=0.0):
    """Means within 4 standard errors, widths within 4 of theirs."""
    figures, n = result.diagnostics, mean.size
    pulls = np.abs(result.mean - mean) / np.hypot(figures.mcse_mean[:n], mean_error)
    table.line(f"{name}: means, in standard errors", bool(pulls.max() < 4), float(pulls.max()), 4.0, str(result))
    widths = np.abs(result.sigma - sigma) / np.hypot(figures.mcse_sd[:n], sigma_error)
    table.line(
        f"{name}: widths, in standard errors (ESS {figures.ess_bulk[:n].min():.0f})",
        bool(widths.max() < 4),
        float(widths.max()),
        4.0,
        str(result),
    )


def coordinates(table, jax, jnp):
    maps = Unconstrained.of(disk_posterior().space)
    rows = np.random.default_rng(0).normal(size=(64, len(maps.names))) * 3
    for name in ("to_vector", "log_derivatives"):
        function = getattr(maps, name)
        got = jax.jit(jax.vmap(lambda z, f=function: f(z, xp=jnp)))(rows)
        table.same(f"coordinates: {name}, vmap", got, [function(row) for row in rows])
    jacobian = jax.jit(jax.vmap(jax.jacfwd(lambda z: maps.to_vector(z, xp=jnp))))(rows)
    exact = np.array([np.linalg.slogdet(j)[1] for j in np.asarray(jacobian)])
    table.same("coordinates: Jacobian by automatic differentiation", exact, [maps.log_jacobian(r) for r in rows])


def analytic(table, jnp):
    for name in ("correlated", "bounded"):
        problem = problems.PROBLEMS[name]()
        result = drawn(problem, ENGINE, problems.best_fit(problem), jnp)
        agrees(table, name, result, problem.exact_mean, np.sqrt(np.diag(problem.exact_covariance)))
        share = result.diagnostics.divergences / result.diagnostics.draws
        table.line(f"{name}: every gate passed", result.established, share, 0.01, str(result))
    problem = problems.conjugate()
    result = drawn(problem, da.NUTS(draws=600, warmup=150, vectorized=True), None, jnp)
    agrees(
        table, "conjugate, vectorized, no start", result, problem.exact_mean, np.sqrt(np.diag(problem.exact_covariance))
    )


def disk_posterior(noise=1.0, seed=1):
    rule = da.Quadrature("layer", 6)
    scene = da.Scene(
        disks={
            "belt": da.Disk(
                density=da.TwoPowerLaw(radius=70.0, alpha_in=8.0, alpha_out=-5.0, scale_height=3.0),
                inclination=60.0,
                phase_function=da.HenyeyGreenstein(0.3),
                position_angle=2.0,
                distance=70.0,
                optical_depth=2e-3,
                rule=rule,
            )
        }
    )
    grid = da.Grid2D.uniform((24, 24), 0.15)
    level = noise * scene.image_2d_from(grid).max() / 20
    return da.Posterior(da.simulate(scene, grid, background=level, seed=seed), da.ParameterSpace.of(scene, PRIORS))


def weighted_laplace(posterior, best, draws=3000):
    """Means, widths and their errors from Gaussian draws around the best fit, weighted with the NumPy posterior."""
    random = np.random.default_rng(7)
    root = 1.2 * np.linalg.cholesky(best.covariance)
    z = random.normal(size=(draws, best.vector.size))
    rows = best.vector + z @ root.T
    log_weight = posterior.log_probabilities(rows) + 0.5 * np.sum(z**2, axis=1)
    weight = np.exp(log_weight - log_weight.max())
    weight /= weight.sum()
    mean = weight @ rows
    square = (rows - mean) ** 2
    sigma = np.sqrt(weight @ square)
    return mean, sigma, np.sqrt(weight**2 @ square), np.sqrt(weight**2 @ (square - sigma**2) ** 2) / (2 * sigma)


def seamless(result, best):
    """The draws' moments with the angle near the best fit, which may lie at the other end of its interval."""
    flat = result.flat.copy()
    flat[:, 1] -= 180 * np.round((flat[:, 1] - best.vector[1]) / 180)
    return flat.mean(axis=0), flat.std(axis=0)


def disk(table, jnp):
    posterior = disk_posterior()
    best = da.optimize(posterior, da.LeastSquares(), progress=False)
    engine = da.NUTS(draws=400, warmup=150)
    result = drawn(posterior, engine, best, jnp)
    mean, sigma, mean_error, sigma_error = weighted_laplace(posterior, best)
    got_mean, got_sigma = seamless(result, best)
    figures, n = result.diagnostics, mean.size
    pulls = np.abs(got_mean - mean) / np.hypot(figures.mcse_mean[:n], mean_error)
    table.line(
        "disk: means against weighted Laplace draws", bool(pulls.max() < 4), float(pulls.max()), 4.0, str(result)
    )
    pulls = np.abs(got_sigma - sigma) / np.hypot(figures.mcse_sd[:n], sigma_error)
    table.line(f"disk: widths (ESS {figures.ess_bulk[:n].min():.0f})", bool(pulls.max() < 4), float(pulls.max()), 4.0)
    table.line("disk: every gate passed", result.established, detail=str(result))
    log_probability = posterior.log_probabilities(result.flat[:50])
    table.same(
        "disk: log probability of draws as by NumPy",
        result.log_probability.ravel()[:50],
        log_probability,
        tolerance=1e-10,
    )
    compiled = _program.cache_info().misses
    sharper = disk_posterior(noise=np.sqrt(0.5))
    fit = da.optimize(sharper, da.LeastSquares(), progress=False)
    other = drawn(sharper, engine, fit, jnp)
    table.line("disk: other data do not compile again", _program.cache_info().misses == compiled)
    ratio = got_sigma / seamless(other, fit)[1] / np.sqrt(2)
    error = np.hypot(figures.mcse_sd[:n] / got_sigma, other.diagnostics.mcse_sd[:n] / other.sigma)
    pulls = np.abs(np.log(ratio)) / np.hypot(
        error, 0.02
    )  # 2 %: the width itself depends on where the noise put the peak
    table.line("disk: noise / sqrt 2 makes widths / sqrt 2", bool(pulls.max() < 4), float(pulls.max()), 4.0, str(ratio))


def resumed(table, jnp):
    problem = problems.bounded()
    start = problems.best_fit(problem)
    whole = drawn(problem, ENGINE, start, jnp)
    with tempfile.TemporaryDirectory() as folder:
        stops = 0
        while True:
            with Journal.open(Path(folder) / "run", {"run": "one"}, every=0.0) as journal:
                try:
                    progress = Silent(journal, 4 * (100 + 200 * stops))
                    result = drawn(problem, ENGINE, start, jnp, journal=journal, progress=progress)
                    break
                except da.Interrupted:
                    stops += 1
    same = all(
        np.array_equal(a, b)
        for a, b in (
            (whole.samples, result.samples),
            (whole.log_probability, result.log_probability),
            *((whole.statistics[k], result.statistics[k]) for k in whole.statistics),
        )
    )
    table.line(f"interrupted {stops} times: the same draws to the last bit", same and stops >= 2)
    table.line("the same number of evaluations", whole.n_evaluations == result.n_evaluations)


class Plain:
    """A posterior that is no pytree."""

    def __init__(self, problem):
        self.space, self._problem = problem.space, problem

    def log_probability(self, vector, *, xp=np):
        return self._problem.log_probability(vector, xp=xp)


class Nowhere(Plain):
    """Not finite around the start."""

    def log_probability(self, vector, *, xp=np):
        return self._problem.log_probability(vector, xp=xp) * xp.asarray(np.nan)


def odd_ones(table, jnp):
    problem = problems.bounded()
    start = problems.best_fit(problem)
    own, plain = drawn(problem, ENGINE, start, jnp), drawn(Plain(problem), ENGINE, start, jnp)
    table.same("a posterior that is no pytree: the same draws", plain.samples, own.samples, tolerance=1e-9)
    table.raises(
        "no finite log probability", da.SamplerError, lambda: drawn(Nowhere(problem), ENGINE, start, jnp), "finite"
    )
    table.raises("NumPy", da.BackendError, lambda: drawn(problem, ENGINE, start, np), "enable_jax")
    script = MISSING.format(folder=str(Path(problems.__file__).parent))
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    table.line("NumPyro missing: one sentence that names the extra", done.returncode == 0, detail=done.stderr[-800:])


def main():
    arguments, jax, jnp, table = begin("NUTS")
    coordinates(table, jax, jnp)
    analytic(table, jnp)
    resumed(table, jnp)
    if not arguments.quick:
        disk(table, jnp)
        odd_ones(table, jnp)
    table.finish()


if __name__ == "__main__":
    main()
