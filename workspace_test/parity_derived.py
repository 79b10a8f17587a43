"""Maps of the mid-plane and the flux ratio of a disk: NumPy, JAX eager, jit and vmap, and gradients."""

import numpy as np
from _harness import RULES, Numbers, begin, full_grid

import diskarray as da

SYMMETRIC = ((0.0, 0.0, 72.0), (90.0, 30.0, 72.0), (180.0, -30.0, 72.0), (89.9999, 400.0, 72.0))
MAPS = ("scattering_angle_2d_from", "radius_2d_from")


@da.component
class Tilted:
    """Only what a mid-plane has: its orientation and distance."""

    inclination: float = da.parameter(62.0, unit="deg", minimum=0, maximum=180, prior=da.Uniform(5.0, 175.0))
    position_angle: float = da.parameter(27.0, unit="deg", prior=da.UniformAngle(0.0, 360.0))
    distance: float = da.parameter(72.0, unit="pc", above=0, prior=da.Uniform(10.0, 300.0))

    to_reference_frame = da.Disk.to_reference_frame


def compare_map(name, quick, table, jax, jnp):
    numbers, grid = Numbers(da.Midplane(Tilted())), full_grid()
    drawn = numbers.rows(*((8, 8) if quick else (24, 40)))
    rows = np.concatenate([drawn, [SYMMETRIC[k] for k in range(4)]])

    def of_vector(vector, xp=jnp):
        return getattr(numbers.place(vector, xp), name)(grid, xp=xp).slim

    expected = np.stack([np.asarray(of_vector(row, np)) for row in rows])
    compiled = jax.jit(of_vector)
    label = f"Midplane.{name}"
    table.finite(f"{label}: {len(rows)} rows, NumPy finite", expected, rows, numbers.names)
    tolerance = 1e-8 if "angle" in name else 1e-9  # straight ahead an angle is known to the root of the rounding
    table.same(
        f"{label}: eager",
        np.stack([of_vector(jnp.asarray(r)) for r in rows[::8]]),
        expected[::8],
        rows[::8],
        numbers.names,
        tolerance=tolerance,
    )
    table.same(
        f"{label}: jit", np.stack([compiled(r) for r in rows]), expected, rows, numbers.names, tolerance=tolerance
    )
    table.same(f"{label}: vmap", jax.jit(jax.vmap(of_vector))(rows), expected, rows, numbers.names, tolerance=tolerance)
    forward = np.asarray(jax.jit(jax.vmap(jax.jacfwd(of_vector)))(rows))
    table.finite(f"{label}: gradients finite, symmetric points too", forward, rows, numbers.names)
    regular = [k for k, row in enumerate(rows) if 10 < row[0] < 80 or 100 < row[0] < 170][:8]
    table.gradient(
        f"{label}: gradients against finite differences",
        forward[regular],
        lambda v: of_vector(v, np),
        rows[regular],
        numbers.names,
    )


def compare_flux(table, jax, jnp):
    grid, inclinations = full_grid(masked=False), np.linspace(5.0, 70.0, 4)

    def ratio(inclination, xp=jnp):
        return da.disk_to_star_flux_ratio(da.Disk(inclination=inclination, distance=72.0, rule=RULES[0]), grid, xp=xp)

    expected = [ratio(i, np) for i in inclinations]
    table.same("disk_to_star_flux_ratio: jit", [jax.jit(ratio)(i) for i in inclinations], expected, tolerance=1e-12)
    slope = jax.grad(ratio)(40.0)
    step = (ratio(40.01, np) - ratio(39.99, np)) / 0.02
    table.same("disk_to_star_flux_ratio: gradient", slope, step, tolerance=1e-4)


def main():
    arguments, jax, jnp, table = begin("Derived maps and numbers")
    for name in MAPS:
        compare_map(name, arguments.quick, table, jax, jnp)
    compare_flux(table, jax, jnp)
    table.finish()


if __name__ == "__main__":
    main()
