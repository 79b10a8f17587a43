"""What is written for compiled code, functions, sums and a sort: equal to NumPy's; their slopes are derivatives."""

import numpy as np
from _harness import begin

from diskarray.backend.accumulate import accumulate, chosen_rows
from diskarray.backend.elementary import logarithm, power, square_root
from diskarray.backend.loops import in_blocks, sorted_rows
from diskarray.backend.numbers import bundled
from diskarray.profiles.density import circular_gaussian, joined_power_laws
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
    "circular ring": (
        circular_gaussian,
        [RANDOM.uniform(0.5, 2.0, 500), RANDOM.normal(0.0, 0.1, 500)]
        + [RANDOM.uniform(*limits, 500) for limits in ((0.9, 1.2), (1.0, 9.0), (-8.0, -1.0), (0.1, 0.3))],
    ),
    "Henyey-Greenstein": (henyey_greenstein, [RANDOM.uniform(-0.7, 0.7, 500), RANDOM.uniform(-0.99, 0.99, 500)]),
    "scattering cosine": (scattering_cosine, [RANDOM.uniform(-3.0, 3.0, 500), RANDOM.uniform(0.02, 0.33, 500)]),
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
    table.line("logarithm, units in the last place", units.max() <= 4, f"{units.max():.1f}", "4.0")
    wrong = np.asarray(jax.jit(lambda x: logarithm(x, xp=jnp))(np.array([0.0, -1.0, np.inf, np.nan, 1e-310])))
    table.line("logarithm of what has none is NaN", np.all(np.isnan(wrong)), f"{np.sum(np.isnan(wrong))} of 5", "5")
    for name, (function, points) in SLOPES.items():
        compiled = jax.jit(lambda *given, function=function: function(*given, xp=jnp))
        equal(table, f"{name}: value", compiled(*points), function(*points), ROUNDING)
        for k in range(len(points)):
            total = jax.jit(jax.grad(lambda *given, f=function: jnp.sum(f(*given, xp=jnp)), argnums=k))
            equal(table, f"{name}: slope {k + 1}", total(*points), differences(function, points, k), TRUE)
    sums(table, jax, jnp)
    sum_with_a_number_out_of_sight(table, jax, jnp)
    sums_of_one_of_several_tables(table, jax, jnp)
    second = jax.jit(jax.vmap(jax.grad(jax.grad(lambda g, c: henyey_greenstein(g, c, xp=jnp))), in_axes=(None, 0)))
    cosines = np.linspace(-1.0, 1.0, 9)
    curvature = (15 * cosines**2 - 5) / (4 * np.pi)
    equal(table, "Henyey-Greenstein: curvature at g = 0", second(0.0, cosines), curvature, ROUNDING)
    numbers_in_a_loop(table, jax, jnp)
    for number in (1, 2, 7, 20):
        sorted_as_numpy(table, number, jax, jnp)
    for size, length in ((2, 1), (9, 4), (65, 64), (100, 7), (1000, 300)):
        in_blocks_as_whole(table, size, length, jax, jnp)
    table.finish()


def sums(table, jax, jnp):
    """Derivatives of a sum by an array and by two numbers, of first and second order; so, too, with a table in it."""
    nodes, shape = RANDOM.uniform(0.0, 1.0, 5), (2, 9)
    x, numbers, weights = RANDOM.uniform(0.5, 2.0, shape), np.array([0.7, 1.3]), RANDOM.normal(size=shape)

    def total(added, x, numbers, xp=np):
        def term(node, x, numbers):
            a, b, added = numbers
            return (a * x + node) ** 3 * x ** (b * node) + xp.sum(added**2)

        return accumulate(term, (xp.asarray(nodes),), (x,), (*numbers, added), xp=xp)

    def loss(added, x, numbers):
        return jnp.sum(weights * total(added, x, numbers, jnp))

    by_added, by_x, by_numbers = (jax.jit(jax.grad(loss, argnums=k)) for k in range(3))
    second = jax.jit(jax.hessian(loss, argnums=2))
    ways = [jax.jit(way(lambda n, *rest: total(*rest, n, jnp))) for way in (jax.jacfwd, jax.jacrev)]
    many = jax.jit(jax.vmap(by_numbers, in_axes=(None, None, 0)))
    for name, added in (("sum", jnp.asarray(0.3)), ("sum with a table", jnp.asarray(numbers))):
        at = (added, x, numbers)
        equal(table, f"{name}: value", jax.jit(total, static_argnums=3)(*at, jnp), total(*at), ROUNDING)
        of_added = 2 * nodes.size * np.sum(weights) * np.asarray(added)
        stepped = by_steps(lambda n, at=at: loss(*at[:2], n), numbers)
        equal(table, f"{name}: slopes in what is added", by_added(*at), of_added, TRUE)
        equal(table, f"{name}: slopes in the array", by_x(*at), weights * differences(total, at, 1), TRUE)
        equal(table, f"{name}: slopes in numbers", by_numbers(*at), stepped, TRUE)
        equal(table, f"{name}: forwards as backwards", *(np.asarray(way(numbers, *at[:2])) for way in ways), ROUNDING)
        curved = by_steps(lambda n, at=at: np.asarray(by_numbers(*at[:2], n)), numbers)
        equal(table, f"{name}: second derivatives", second(*at), curved, TRUE)
        rows = np.stack([numbers, numbers + 0.1])
        alone = np.array([by_numbers(*at[:2], row) for row in rows])
        equal(table, f"{name}: under vmap", many(*at[:2], rows), alone, ROUNDING)


def sum_with_a_number_out_of_sight(table, jax, jnp):
    """What the function takes from around it, and not from its arguments, is differentiated all the same."""
    nodes, x = RANDOM.uniform(0.0, 1.0, 5), RANDOM.uniform(0.5, 2.0, 9)

    def loss(numbers):
        def term(node, x, scale):
            return jnp.exp(scale * node * x * numbers[1])

        return jnp.sum(accumulate(term, (jnp.asarray(nodes),), (jnp.asarray(x),), numbers[0], xp=jnp))

    numbers = np.array([0.7, 1.3])
    equal(table, "sum with a number out of sight", jax.jit(jax.grad(loss))(numbers), by_steps(loss, numbers), TRUE)


def sums_of_one_of_several_tables(table, jax, jnp):
    """Which table it is, and so how many terms there are, is known only while the code runs."""
    tables = [(RANDOM.uniform(0.0, 1.0, n), RANDOM.normal(size=n)) for n in (3, 7)]
    x, numbers = RANDOM.uniform(0.5, 2.0, 9), np.array([0.7, 1.3])

    def term(node, weight, x, numbers):
        return weight * jnp.exp(node * numbers[0] * x) * x ** numbers[1]

    def loss(numbers, index):
        *rows, count = chosen_rows(tables, index, xp=jnp)
        return jnp.sum(accumulate(term, rows, (jnp.asarray(x),), (numbers[0], numbers[1]), count=count, xp=jnp))

    ways = {"value": loss, "gradient": jax.grad(loss), "forwards": jax.jacfwd(loss), "Hessian": jax.hessian(loss)}
    ways["gradient of a gradient"] = jax.jacrev(jax.grad(loss))
    for name, way in ways.items():
        compiled, rows = jax.jit(way), jax.jit(jax.vmap(way, in_axes=(None, 0)))(numbers, jnp.arange(2))
        for k in range(2):
            expected = np.asarray(way(numbers, k))
            equal(table, f"sum of table {k}: {name}", compiled(numbers, k), expected, ROUNDING)
            equal(table, f"sum of table {k}: {name}, under vmap", rows[k], expected, ROUNDING)


def numbers_in_a_loop(table, jax, jnp):
    """Twenty numbers, more than go into one array, come back in their places; a plain one and an array stay theirs."""
    x, numbers = RANDOM.uniform(0.5, 2.0, 9), RANDOM.uniform(0.5, 2.0, 20)

    def loss(numbers):
        tree = {"many": tuple(numbers[k] for k in range(20)), "plain": 3.0, "array": numbers[:2]}
        found = bundled(tree, xp=jnp)

        def step(k, total):
            loose = found()
            kept = loose["plain"] == 3.0 and loose["array"].shape == (2,)
            return total + sum((n + 2) * number**n * x for n, number in enumerate(loose["many"])) / kept

        return jnp.sum(jax.lax.fori_loop(0, 3, step, jnp.zeros(9)))

    powers = np.arange(20)
    equal(table, "bundled numbers", jax.jit(loss)(numbers), 3 * np.sum(x) * ((powers + 2) @ numbers**powers), ROUNDING)
    slopes = 3 * np.sum(x) * (powers + 2) * powers * numbers ** (powers - 1.0)
    equal(table, "bundled numbers: slopes", jax.jit(jax.grad(loss))(numbers), slopes, ROUNDING)


def by_steps(function, numbers):
    """Derivatives of a function of a vector by each of its numbers, first axis."""
    lines = np.eye(numbers.size)
    return np.array([differences(lambda t, line=line: function(numbers + t * line), [0.0], 0) for line in lines])


def in_blocks_as_whole(table, size, length, jax, jnp):
    """The same values as without blocks, all of which begin with a cache line: where there are more, 8 divides them."""
    points, lengths = RANDOM.normal(size=size), []

    def function(x):
        lengths.append(x.shape[0])
        return x**2

    found = jax.jit(lambda x: in_blocks(function, (x,), length, xp=jnp))(points)
    aligned = all(n % 8 == 0 or n == size for n in lengths)
    table.line(f"{size} in blocks of {length}", aligned and np.array_equal(found, points**2), f"{lengths[0]}", "n x 8")


def sorted_as_numpy(table, number, jax, jnp):
    """Two lines: columns with ties in order, and the gradient of their weighted sum (without ties)."""
    rows = RANDOM.normal(size=(number, 500))
    tied, weights = np.round(rows, 1), RANDOM.normal(size=rows.shape)
    found = jax.jit(lambda rows: sorted_rows(rows, xp=jnp))(tied)
    table.line(f"{number} rows sorted", np.array_equal(found, np.sort(tied, axis=0)))
    gradient = jax.jit(jax.grad(lambda rows: jnp.sum(weights * sorted_rows(rows, xp=jnp))))(rows)
    rank = np.argsort(np.argsort(rows, axis=0), axis=0)
    table.line(f"{number} rows sorted: slopes", np.array_equal(gradient, np.take_along_axis(weights, rank, axis=0)))


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
