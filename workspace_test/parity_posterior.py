"""The posterior: one log-likelihood in NumPy and JAX, right gradients, fits that survive jit, the same best fit."""

import subprocess
import sys
from functools import partial

import numpy as np
from _harness import begin, full_grid, full_scene

import diskarray as da
from diskarray.backend.transforms import evaluate_each

BELT = "disks.two_power_law_henyey_greenstein"
PRIORS = {
    f"{BELT}.inclination": da.Isotropic(30.0, 88.0),
    f"{BELT}.position_angle": da.UniformAngle(0.0, 360.0),
    f"{BELT}.optical_depth": da.LogUniform(1e-4, 1e-1),
    f"{BELT}.density.radius": da.Uniform(40.0, 120.0),
    f"{BELT}.density.alpha_out": da.Uniform(-12.0, -1.0),
    f"{BELT}.density.eccentricity": da.Uniform(0.0, 0.6),
    f"{BELT}.density.argument_of_pericenter": da.UniformAngle(-180.0, 180.0),
    f"{BELT}.phase_function.g": da.TruncatedNormal(0.3, 0.3, -0.9, 0.9),
    "instrument.offset_y": da.Normal(0.0, 0.01),
    "instrument.psf.fwhm": da.Uniform(0.1, 0.4),
}
REFUSED = """
import numpy as np, diskarray as da, jax.numpy as jnp
frame = da.Frame2D((9, 9), 0.3)
scene = da.Scene(disks={"belt": da.Disk(inclination=60.0)})
posterior = da.Posterior(da.Imaging(data=np.zeros((9, 9)), noise_map=np.ones((9, 9)), frame=frame),
                         da.ParameterSpace.of(scene, {"disks.belt.inclination": da.Uniform(0, 90)}))
try:
    posterior.log_likelihood(np.array([60.0]), xp=jnp)
except da.BackendError as error:
    assert "32 bit" in str(error) and "enable_jax" in str(error), error
else:
    raise SystemExit("32 bit was not refused")
assert jnp.asarray(1.0).dtype == "float32"
value = posterior.log_likelihood(np.array([60.0]), xp=da.enable_jax(x64=False))
assert value.dtype == "float32" and np.isfinite(value), value
value = posterior.log_likelihood(np.array([60.0]), xp=da.enable_jax())
assert value.dtype == "float64", value.dtype
"""


def simulated():
    scene, grid = full_scene("gaussian", n_disks=1), full_grid(masked=False)
    truth = da.replace(scene, f"{BELT}.density.eccentricity", 0.08)
    noise = 0.02 * truth.image_2d_from(grid).max()
    return da.simulate(truth, full_grid(), background=noise, seed=4, unit="mJy / arcsec2"), truth


def rows_of(space, n_near, n_scatter):
    """Rows near the truth, from the prior, and with one parameter at a time at a bound."""
    random, start = np.random.default_rng(5), space.to_vector()
    lower, upper = (
        np.array(
            [getattr(p, end) if np.isfinite(getattr(p, end)) else p.mean + sign * 3 * p.sigma for p in space.priors]
        )
        for end, sign in (("lower", -1), ("upper", 1))
    )
    near = np.clip(start + 0.02 * (upper - lower) * random.standard_normal((n_near, start.size)), lower, upper)
    drawn = [space.from_unit_cube(u) for u in random.uniform(size=(n_scatter, start.size))]
    bounds = [np.where(np.arange(start.size) == k, end, start) for end in (lower, upper) for k in range(start.size)]
    rows = np.unique(np.array([start, *near, *drawn, *bounds]), axis=0)
    return rows


def nats(table, name, got, expected, rows, names):
    got, expected = np.asarray(got, dtype=float), np.asarray(expected, dtype=float)
    excess = np.where(np.isfinite(got), np.abs(got - expected) / (1e-6 + 1e-12 * np.abs(expected)), np.inf)
    worst = int(np.argmax(excess))
    row = dict(zip(names, rows[worst].tolist(), strict=True))
    detail = f"{got[worst]!r} is not {expected[worst]!r} in row {worst}: {row}"
    table.line(name, bool(excess[worst] <= 1), float(abs(got[worst] - expected[worst])), "1e-6 nats", detail)


def compare_values(posterior, quick, table, jax, jnp):
    space = posterior.space
    rows = rows_of(space, 8, 8)[:16] if quick else rows_of(space, 24, 40)
    table.line(f"{len(rows)} distinct rows", quick or len(rows) >= 64)
    of_vector = partial(posterior.log_likelihood, xp=jnp)
    expected = [posterior.log_likelihood(row) for row in rows]
    chosen = rows[:: len(rows) // (1 if quick else 6)]
    nats(
        table,
        f"log-likelihood eager ({len(chosen)} rows)",
        [of_vector(row) for row in chosen],
        [posterior.log_likelihood(row) for row in chosen],
        chosen,
        space.names,
    )
    compiled = jax.jit(lambda p, v: p.log_likelihood(v, xp=jnp))
    nats(table, "log-likelihood jit", [compiled(posterior, row) for row in rows], expected, rows, space.names)
    nats(table, "log-likelihood vmap", jax.jit(jax.vmap(of_vector))(rows), expected, rows, space.names)
    probabilities = [posterior.log_probability(row) for row in rows]
    nats(
        table,
        "log-probability vmap",
        jax.jit(jax.vmap(partial(posterior.log_probability, xp=jnp)))(rows),
        probabilities,
        rows,
        space.names,
    )
    residuals = evaluate_each(type(posterior).residuals, posterior, list(rows[:5]), xp=jnp)
    table.same("residuals, several in threads", residuals, [posterior.residuals(row) for row in rows[:5]])
    nats(table, "log_probabilities", posterior.log_probabilities(rows, xp=jnp), probabilities, rows, space.names)
    by_hand = posterior.fit_from(space.to_model(rows[3]))
    nats(table, "fit_from has the same log-likelihood", [by_hand.log_likelihood], [expected[3]], rows[3:4], space.names)
    return rows


def compare_gradients(posterior, rows, table, jax, jnp):
    names = posterior.space.names
    several = rows[:: len(rows) // 5]
    values, gradients = zip(*[posterior.value_and_gradient(row, xp=jnp) for row in rows], strict=True)
    nats(table, "value_and_gradient: value", values, [posterior.log_probability(r) for r in rows], rows, names)
    table.finite("value_and_gradient: gradient finite", gradients, rows, names)
    inside = [
        k
        for k, row in enumerate(several)
        if np.all(np.isfinite([posterior.log_probability(row * (1 + s)) for s in (-1e-3, 1e-3)]))
    ]
    exact = np.array([posterior.value_and_gradient(several[k], xp=jnp)[1] for k in inside])
    table.line("rows away from bounds", len(inside) >= 2, len(inside))
    table.gradient(
        "value_and_gradient against differences",
        exact,
        posterior.log_probability,
        several[inside],
        names,
        widths=(1e-4, 1e-5),
    )


def compare_outside(posterior, table, jax, jnp):
    """Outside the physical range, and outside a prior."""
    space, start = posterior.space, posterior.space.to_vector()
    compiled = jax.jit(jax.value_and_grad(lambda v: posterior.log_likelihood(v, xp=jnp)))
    for name, value in (
        ("inclination", -1.0),
        ("inclination", 200.0),
        ("optical_depth", -1e-3),
        ("density.radius", 0.0),
        ("density.alpha_out", 3.0),
        ("density.eccentricity", 1.0),
        ("phase_function.g", 1.0),
        ("inclination", np.nan),
    ):
        vector = np.where([n == f"{BELT}.{name}" for n in space.names], value, start)
        label = f"{name} = {value}"
        table.raises(
            f"{label}: NumPy", da.ParameterError, lambda v=vector: posterior.log_likelihood(v), name.split(".")[-1]
        )
        value, gradient = compiled(vector)
        table.line(
            f"{label}: JAX gives -inf",
            float(value) == -np.inf and float(posterior.value_and_gradient(vector, xp=jnp)[0]) == -np.inf,
        )
        table.line(f"{label}: log_probability of NumPy is -inf", posterior.log_probability(vector) == -np.inf)
        table.finite(f"{label}: gradient", gradient, [vector], space.names)


def compare_fits(posterior, table, jax, jnp):
    scene = posterior.space.template
    expected = posterior.fit_from(scene)
    for how, fit in (
        ("jit(posterior.fit_from)", jax.jit(posterior.fit_from, static_argnames="xp")(scene, xp=jnp)),
        ("jit with the posterior as argument", jax.jit(lambda p, s: p.fit_from(s, xp=jnp))(posterior, scene)),
        ("jit at a vector", jax.jit(lambda v: posterior.fit_from(v, xp=jnp))(posterior.space.to_vector())),
    ):
        table.line(f"{how}: a FitImaging", type(fit) is da.FitImaging and type(fit.model_image) is da.Image2D)
        for name in ("model_image", "residual_map", "normalized_residual_map", "chi_squared_map"):
            table.same(
                f"{how}: {name}", getattr(fit, name).array[None], getattr(expected, name).array[None], tolerance=1e-10
            )
        table.same(f"{how}: chi_squared", [fit.chi_squared], [expected.chi_squared])
    used = (fit.model_image - fit.data) * 2.0
    table.same("used again: arithmetic", used.array[None], (-2.0 * expected.residual_map).array[None], tolerance=1e-10)
    again = fit.model.image_2d_from(fit.dataset.grid, xp=jnp)
    table.same("used again: its scene rendered", again.array[None], expected.model_image.array[None])
    chi = jax.jit(lambda fit: fit.chi_squared_map.sum() + 0 * fit.model_image.sum())(fit)
    table.same("used again: passed into jit", [chi], [expected.chi_squared])
    table.line(
        "used again: the numbers of a table",
        np.isfinite(float(fit.reduced_chi_squared(4))) and fit.n_data == expected.n_data,
    )
    chi = jax.jit(jax.vmap(lambda v: posterior.fit_from(v, xp=jnp)))(
        np.stack([posterior.space.to_vector()] * 3) * [[1], [1.01], [0.99]]
    )
    table.line("vmap: a FitImaging with a batch axis", type(chi) is da.FitImaging and chi.chi_squared.shape == (3,))


def compare_optimizers(posterior, truth, table, jnp):
    free = {path: prior for path, prior in PRIORS.items() if "pericenter" not in path and "psf" not in path}
    posterior = da.Posterior(posterior.data, da.ParameterSpace.of(truth, free))
    start = posterior.space.to_vector() * 1.03
    by_numpy, by_jax = (da.optimize(posterior, da.LeastSquares(), start, xp=xp, progress=False) for xp in (np, jnp))
    gap = abs(by_numpy.chi_squared - by_jax.chi_squared)
    table.line("least squares: both converged", by_numpy.succeeded and by_jax.succeeded)
    table.line("least squares: the same chi-squared", gap <= 0.01, float(gap), 0.01)
    shift = np.max(np.abs(by_numpy.vector - by_jax.vector) / by_numpy.sigma)
    table.line("least squares: the same point, in sigma", bool(shift < 0.02), float(shift), 0.02)
    ratio = np.max(np.abs(by_jax.sigma / by_numpy.sigma - 1))
    table.line("least squares: the same uncertainties", bool(ratio < 1e-3), float(ratio), 1e-3)


def main():
    arguments, jax, jnp, table = begin("Posterior")
    data, truth = simulated()
    posterior = da.Posterior(data, da.ParameterSpace.of(truth, PRIORS))
    rows = compare_values(posterior, arguments.quick, table, jax, jnp)
    if not arguments.quick:
        compare_gradients(posterior, rows, table, jax, jnp)
        compare_outside(posterior, table, jax, jnp)
        compare_fits(posterior, table, jax, jnp)
        compare_optimizers(posterior, truth, table, jnp)
        table.raises(
            "value_and_gradient without JAX",
            da.BackendError,
            lambda: posterior.value_and_gradient(rows[0], xp=np),
            "enable_jax",
        )
        run = subprocess.run([sys.executable, "-c", REFUSED], capture_output=True, text=True, check=False)
        table.line("32 bit refused unless asked for", run.returncode == 0, detail=run.stderr[-500:])
    table.finish()


if __name__ == "__main__":
    main()
