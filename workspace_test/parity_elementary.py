"""Elementary functions written for compiled code: equal to NumPy's, and their slopes are their derivatives."""

import numpy as np
from _harness import begin

from diskarray.backend.elementary import logarithm, power, square_root
from diskarray.profiles.density import joined_power_laws
from diskarray.profiles.phase_function import henyey_greenstein
from diskarray.scattering.integral import scattering_cosine

RANDOM = np.random.default_rng(7)
ROUNDING, TRUE = 4e-15, 1e-9  # of the largest value
SLOPES = {  # function and points, away from kinks
    "square root": (square_root, [RANDOM.uniform(0.1, 9.0, 500)]),
    "logarithm": (logarithm, [np.exp(RANDOM.uniform(-3.0, 3.0, 500))]),
    "power": (power, [RANDOM.uniform(0.1, 3.0, 500), RANDOM.uniform(-2.0, 2.0, 500)]),
    "joined power laws": (
        joined_power_laws,
        [RANDOM.normal(0.0, 3.0, 500), RANDOM.normal(0.0, 3.0, 500), RANDOM.uniform(0.0, 5.0, 500)],
    ),
    "Henyey-Greenstein": (henyey_greenstein, [RANDOM.uniform(-0.7, 0.7, 500), RANDOM.uniform(-0.99, 0.99, 500)]),
    "scattering cosine": (scattering_cosine, [RANDOM.uniform(-3.0, 3.0, 500), RANDOM.uniform(9.5, 50.0, 500)]),
}


def main():
    _, jax, jnp, table = begin("Elementary functions")
    x = np.concatenate(
        [
            np.exp(RANDOM.uniform(-700.0, 700.0, 100_000)),
            1 + RANDOM.normal(0.0, 1e-3, 100_000),
            1 + RANDOM.normal(0.0, 1e-12, 1000),
            [np.finfo(float).tiny, np.finfo(float).max, 1.0],
        ]
    )
    found, expected = np.asarray(jax.jit(lambda x: logarithm(x, xp=jnp))(x)), np.log(x)
    units = np.abs(found - expected) / np.spacing(np.maximum(np.abs(expected), np.finfo(float).tiny))
    table.line("logarithm, units in the last place", units.max() <= 2, f"{units.max():.1f}", "2.0")
    wrong = np.asarray(jax.jit(lambda x: logarithm(x, xp=jnp))(np.array([0.0, -1.0, np.inf, np.nan, 1e-310])))
    table.line("logarithm of what has none is NaN", np.all(np.isnan(wrong)), f"{np.sum(np.isnan(wrong))} of 5", "5")
    for name, (function, points) in SLOPES.items():
        compiled = jax.jit(lambda *given, function=function: function(*given, xp=jnp))
        equal(table, f"{name}: value", compiled(*points), function(*points), ROUNDING)
        for k in range(len(points)):
            total = jax.jit(jax.grad(lambda *given, f=function: jnp.sum(f(*given, xp=jnp)), argnums=k))
            equal(table, f"{name}: slope {k + 1}", total(*points), differences(function, points, k), TRUE)
    table.finish()


def equal(table, name, got, expected, tolerance):
    """One line: the largest difference, as a fraction of the largest value."""
    table.same(name, np.asarray(got)[None], expected[None], tolerance=tolerance)


def differences(function, points, k):
    """Sixth-order central differences of an elementwise function with respect to one argument."""
    step, slope = 1e-3, 0.0
    for n, weight in ((1, 3 / 4), (2, -3 / 20), (3, 1 / 60)):
        for sign in (-1, 1):
            moved = list(points)
            moved[k] = points[k] + sign * n * step
            slope = slope + sign * weight * function(*moved) / step
    return slope


if __name__ == "__main__":
    main()
