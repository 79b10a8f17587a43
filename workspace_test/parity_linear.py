"""Parameters solved inside: the same likelihoods, solutions and fits in NumPy and JAX, and right gradients."""

import math

import numpy as np
from _harness import begin, example
from parity_posterior import nats, rows_of

import diskarray as da

SHAPE = (13, 12)
RULE = da.Quadrature("layer", 5)
A, B = "disks.first", "disks.second"
FREE = {"minimum": -math.inf, "maximum": math.inf}
PRIORS = {
    f"{A}.inclination": da.Uniform(30.0, 75.0),
    f"{A}.density.radius": da.Uniform(40.0, 90.0),
    "instrument.offset_y": da.Normal(0.0, 0.02),
}
LINEAR = {  # the data have no disk where one is bounded, so that some rows have it at its bound
    "one bounded": {
        f"{A}.optical_depth": da.Linear(),
        "background": da.Linear(),
        "stellar_residual.weights": da.Linear(),
        "sources.planet.flux": da.Linear(1e-5, 1e-5, **FREE),
    },
    "two bounded": {
        f"{A}.optical_depth": da.Linear(),
        f"{B}.optical_depth": da.Linear(maximum=0.01),
        "background": da.Linear(),
    },
    "moments": {f"{A}.phase_function.moments": da.Linear(0.0, 0.3, **FREE), "background": da.Linear()},
}


def scene_of(two=False):
    belt = {"position_angle": 27.0, "distance": 72.0, "rule": RULE}
    phase = da.LegendreSeries(moments=np.array([0.3, 0.1]))
    disks = {
        "first": da.Disk(
            inclination=55.0, optical_depth=1e-3, density=da.TwoPowerLaw(radius=60.0), phase_function=phase, **belt
        )
    }
    if two:
        disks["second"] = da.Disk(inclination=40.0, optical_depth=5e-4, density=da.TwoPowerLaw(radius=85.0), **belt)
    references = np.cos(np.arange(2 * SHAPE[0] * SHAPE[1]) ** 1.1).reshape(2, *SHAPE)
    return da.Scene(
        disks=disks,
        instrument=da.Instrument(psf=example(da.GaussianPSF), throughput=np.linspace(0.6, 1.0, 156).reshape(SHAPE)),
        star=da.Star(flux=1200.0, unit="mJy"),
        sources={"planet": da.PointSource(y=0.61, x=-0.33, flux=1e-5)},
        stellar_residual=da.StellarResidual(0.1 * references, weights=np.array([0.5, -0.4])),
        background=0.02,
    )


def data_of(scene, level=None, seed=4):
    grid = da.Grid2D.uniform(SHAPE, 0.2, mask=da.Mask2D.annular(da.Frame2D(SHAPE, 0.2), 0.3, 1.3))
    level = level or 0.05 * float(scene.image_2d_from(grid).max())
    return da.simulate(scene, grid, background=level, seed=seed, unit="mJy / arcsec2")


def posterior_of(name):
    scene = scene_of(two=name == "two bounded")
    data = data_of(scene)
    if "bounded" in name:
        dark = da.replace(scene, f"{A}.optical_depth", 0.0)
        data = data_of(dark, float(data.noise_map.array[0, 0]), seed=9)
    return da.Posterior(data, da.ParameterSpace.of(scene, PRIORS | LINEAR[name]))


def compare(name, posterior, table, jax, jnp):
    rows, names = rows_of(posterior.space, 20, 40), posterior.space.names
    table.line(f"{name}: {len(rows)} distinct rows", len(rows) >= 64)
    expected = [posterior.log_likelihood(row) for row in rows]
    nats(table, f"{name}: log_likelihoods", posterior.log_likelihoods(rows, xp=jnp), expected, rows, names)
    residuals = jax.jit(jax.vmap(lambda v: posterior.residuals(v, xp=jnp)))(rows)
    table.same(f"{name}: residuals", residuals, [posterior.residuals(r) for r in rows], rows, names, tolerance=1e-9)
    some = rows[:: len(rows) // 8]
    by_numpy, by_jax = ([posterior.linear_solution(r, xp=xp) for r in some] for xp in (np, jnp))
    held = [len(solution.at_bound) for solution in by_numpy]
    table.line(f"{name}: rows with and without a bound reached", 0 < sum(held) < len(held), sum(held))
    table.line(f"{name}: the same bounds reached", [s.at_bound for s in by_numpy] == [s.at_bound for s in by_jax])
    for what in ("values", "covariance"):
        got, wanted = (np.nan_to_num([getattr(s, what) for s in each]) for each in (by_jax, by_numpy))
        table.same(
            f"{name}: {what} of the solution",
            got.reshape(len(some), -1).T,
            wanted.reshape(len(some), -1).T,
            tolerance=1e-8,
        )
    draws = [posterior.draw_linear(some, 3, xp=xp) for xp in (np, jnp)]
    table.same(f"{name}: draws", draws[1].T, draws[0].T, tolerance=1e-6)


def gradients(name, posterior, table, jax, jnp):
    names = posterior.space.names
    rows = rows_of(posterior.space, 6, 6)
    values, exact = zip(*[posterior.value_and_gradient(r, xp=jnp) for r in rows], strict=True)
    nats(table, f"{name}: value_and_gradient", values, [posterior.log_probability(r) for r in rows], rows, names)
    table.finite(f"{name}: gradients finite", exact, rows, names)
    lower, upper = posterior.space.bounds
    margin = np.where(np.isfinite(upper - lower), 0.02 * (upper - lower), 0.0)
    inside = np.array([r for r in rows if np.all((r - lower > margin) & (upper - r > margin))][:2])
    exact = [posterior.value_and_gradient(r, xp=jnp)[1] for r in inside]
    table.gradient(f"{name}: against differences", exact, posterior.log_probability, inside, names, (1e-3, 1e-4))


def compare_degenerate(table, jax, jnp):
    """Amplitudes that nothing constrains: two equal disks, and a disk outside the field."""
    scene = scene_of(two=True)
    equal = da.Scene(disks={"first": scene.disks["second"], "second": scene.disks["second"]})
    far = da.replace(da.replace(scene.disks["first"], "density.radius", 6000.0), "inclination", 9.0)
    data = da.Imaging(data=data_of(scene).data.array, noise_map=np.ones(SHAPE), pixel_scale=0.2)
    for name, model, linear, degenerate in (
        ("equal disks", equal, {f"{A}.optical_depth": da.Linear(), f"{B}.optical_depth": da.Linear()}, True),
        (
            "disk out of sight",
            da.Scene(disks={"first": far}),
            {f"{A}.optical_depth": da.Linear(), "background": da.Linear()},
            False,
        ),
    ):
        free = {f"{A}.position_angle": da.UniformAngle()}
        if degenerate:
            free[f"{B}.position_angle"] = da.Tied(f"{A}.position_angle")
        posterior = da.Posterior(data, da.ParameterSpace.of(model, free | linear))
        vector = posterior.space.to_vector()
        value, gradient = posterior.value_and_gradient(vector, xp=jnp)
        expected = posterior.log_probability(vector)
        nats(table, f"{name}: log probability", [value], [expected], [vector], posterior.space.names)
        table.finite(f"{name}: gradient", gradient)
        jacobian = jax.jit(jax.jacfwd(lambda v, p=posterior: p.residuals(v, xp=jnp)))(vector)
        table.finite(f"{name}: forward-mode residuals", jacobian)
        named = posterior.linear_solution(vector).degenerate
        table.line(f"{name}: named degenerate", bool(named) == degenerate, str(len(named)))


def compare_rest(posterior, table, jax, jnp):
    outside = np.where([n.endswith("radius") for n in posterior.space.names], -1.0, posterior.space.to_vector())
    value, gradient = posterior.value_and_gradient(outside, xp=jnp)
    table.line("outside the physical range: -inf", float(value) == -math.inf)
    table.finite("outside the physical range: gradient", gradient)
    joint = da.Posterior({"one": posterior.data, "two": data_of(scene_of(), seed=9)}, posterior.space)
    vector = joint.space.to_vector()
    fits = jax.jit(lambda p, v: p.fit_from(v, xp=jnp))(joint, vector)
    expected = joint.fit_from(vector)
    table.line("joint data: jit(fit_from) keeps the names", list(fits) == list(expected))
    for name in expected:
        table.same(f"joint data: chi-squared of {name}", [fits[name].chi_squared], [expected[name].chi_squared])
    engines = ((np, da.LeastSquares()), (jnp, da.LeastSquares(derivatives="exact")))
    best = [da.optimize(posterior, settings, xp=xp, progress=False) for xp, settings in engines]
    shift = np.max(np.abs(best[0].vector - best[1].vector) / best[0].sigma)
    table.line("least squares: the same point, in sigma", bool(shift < 0.02), float(shift), 0.02)
    ratio = np.max(np.abs(best[1].sigma / best[0].sigma - 1))
    table.line("least squares: the same uncertainties", bool(ratio < 1e-3), float(ratio), 1e-3)


def main():
    arguments, jax, jnp, table = begin("Linear parameters")
    first = posterior_of("one bounded")
    compare("one bounded", first, table, jax, jnp)
    if not arguments.quick:
        gradients("one bounded", first, table, jax, jnp)
        gradients("two bounded", posterior_of("two bounded"), table, jax, jnp)
        compare_rest(posterior_of("moments"), table, jax, jnp)
        compare_degenerate(table, jax, jnp)
    table.finish()


if __name__ == "__main__":
    main()
