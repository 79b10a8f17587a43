"""Every registered profile, PSF and prior: NumPy, JAX eager, jit and vmap agree, and the gradients are right."""

import numpy as np
from _harness import VALUE, Numbers, begin, example

from diskarray.optics.registry import PSFS
from diskarray.parameters.priors import PRIORS
from diskarray.profiles.registry import (
    DENSITIES,
    PHASE_FUNCTIONS,
    POLARIZATIONS,
    RADIAL_PROFILES,
    VERTICAL_PROFILES,
)

RANDOM = np.random.default_rng(3)
REGULAR = RANDOM.uniform(-1, 1, size=(3, 120)) * np.array([[120.0], [120.0], [4.0]])
SYMMETRIC = np.array(
    [[0, 0, 0], [77, 0, 0], [0, 77, 0], [-77, 0, 1e-3], [0, 0, 5], [40, 40, 0], [1e4, 0, 0], [0, 1e-9, 0], [77, 0, 900]]
).T
POINTS = np.concatenate([REGULAR, SYMMETRIC.astype(float)], axis=1)
RADII = np.concatenate([RANDOM.uniform(20, 150, 120), [1e-12, 1.0, 60.0, 77.0, 90.0, 1e4]])
HEIGHTS = np.concatenate([RANDOM.uniform(-6, 6, 120), [0.0, 0.0, 900.0, -1e-9, 4.0]])
RATIOS = np.concatenate([RANDOM.uniform(0.3, 2.0, 120), [1e-14, 1.0, 1.0, 1.0, 100.0]])
COSINES = np.concatenate([np.cos(RANDOM.uniform(0, np.pi, 120)), [-1.0, 0.0, 1.0]])


def density(model, xp):
    values = model.density(*(xp.asarray(p) for p in POINTS), xp=xp)
    column = model.vertical_column(xp=xp) if hasattr(model, "vertical_column") else 1.0
    return xp.concat([values, xp.reshape(xp.asarray(column), (1,)) / 100])


def vertical(model, xp):
    values = model.profile(xp.asarray(HEIGHTS), xp.asarray(RATIOS), xp=xp)
    return xp.concat([values, xp.reshape(xp.asarray(model.column(xp=xp)), (1,)) / 100])


KINDS = (
    (DENSITIES, density, REGULAR.shape[1]),
    (RADIAL_PROFILES, lambda model, xp: model.midplane(xp.asarray(RADII), xp=xp), 120),
    (VERTICAL_PROFILES, vertical, 120),
    (PHASE_FUNCTIONS, lambda model, xp: model.phase(xp.asarray(COSINES), xp=xp), None),
    (POLARIZATIONS, lambda model, xp: model.fraction(xp.asarray(COSINES), xp=xp), None),
    (PSFS, lambda model, xp: xp.reshape(model.kernel_from(0.02, xp=xp), (-1,)), None),
)


def compare_profile(name, cls, evaluate, n_regular, quick, table, jax, jnp):
    numbers = Numbers(example(cls))
    if not numbers.names:
        table.same(f"{name}: no parameters", evaluate(numbers.model, jnp), evaluate(numbers.model, np))
        return
    rows = numbers.rows()[:: 8 if quick else 1]

    def of_vector(vector):
        return evaluate(numbers.place(vector, jnp), jnp)

    expected = np.stack([evaluate(numbers.place(row), np) for row in rows])
    compiled = jax.jit(of_vector)
    table.finite(f"{name}: {len(rows)} rows, NumPy finite", expected, rows, numbers.names)
    table.same(f"{name}: eager", np.stack([of_vector(jnp.asarray(r)) for r in rows]), expected, rows, numbers.names)
    table.same(f"{name}: jit", np.stack([compiled(r) for r in rows]), expected, rows, numbers.names)
    table.same(f"{name}: vmap", jax.jit(jax.vmap(of_vector))(rows), expected, rows, numbers.names)
    if quick:
        return
    forward = np.asarray(jax.jit(jax.vmap(jax.jacfwd(of_vector)))(rows))
    reverse = np.asarray(jax.jit(jax.vmap(jax.jacrev(of_vector)))(rows))
    table.finite(f"{name}: gradients finite, symmetric points too", forward, rows, numbers.names)
    table.same(f"{name}: forward and reverse agree", reverse, forward, rows, numbers.names, tolerance=1e-10)
    regular = slice(None, n_regular)
    table.gradient(
        f"{name}: gradients against finite differences",
        forward[::4, regular],
        lambda v: evaluate(numbers.place(v), np)[regular],
        rows[::4],
        numbers.names,
    )


def compare_prior(name, cls, table, jax, jnp):
    prior = example(cls)
    lower, upper = (max(prior.lower, -3.0), min(prior.upper, 200.0))
    inside = np.linspace(lower, upper, 64)
    values = np.concatenate([inside, [lower - 1.0, upper + 1.0, 0.0]])
    unit = np.concatenate([np.linspace(0.01, 0.99, 64), [1e-9, 1 - 1e-9]])
    for what, function, points in (("log_density", prior.log_density, values), ("from_unit", prior.from_unit, unit)):

        def of_value(value, function=function):
            return function(value, xp=jnp)

        expected = np.array([function(p) for p in points])
        tolerance = VALUE if what == "log_density" else 1e-11  # two libraries' inverse normal distributions
        table.same(
            f"{name}: {what} eager",
            [of_value(jnp.asarray(p)) for p in points],
            expected,
            points[:, None],
            ["x"],
            tolerance,
        )
        table.same(
            f"{name}: {what} jit", [jax.jit(of_value)(p) for p in points], expected, points[:, None], ["x"], tolerance
        )
        table.same(
            f"{name}: {what} vmap", jax.jit(jax.vmap(of_value))(points), expected, points[:, None], ["x"], tolerance
        )
        table.finite(f"{name}: {what} gradient finite", jax.vmap(jax.grad(of_value))(points), points[:, None], ["x"])
    slope = jax.vmap(jax.grad(lambda u: prior.from_unit(u, xp=jnp)))(unit[1:63])
    density_there = np.exp(prior.log_density(prior.from_unit(unit[1:63])))
    table.same(f"{name}: the map has the density", 1 / slope, density_there, tolerance=1e-9)


def main():
    arguments, jax, jnp, table = begin("Profiles, point-spread functions and priors")
    for registry, evaluate, n_regular in KINDS:
        for name, cls in registry.items():
            compare_profile(name, cls, evaluate, n_regular, arguments.quick, table, jax, jnp)
    for name, cls in PRIORS.items():
        compare_prior(name, cls, table, jax, jnp)
    table.finish()


if __name__ == "__main__":
    main()
