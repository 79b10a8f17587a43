"""Every registered component rendered in a Disk: NumPy, jit and vmap agree over distinct rows, gradients are right.

The images are those of some lines of sight through one disk each; scenes of several disks are in parity_scene.py.
"""

import dataclasses

import numpy as np
from _harness import Numbers, begin, example

import diskarray as da
from diskarray.backend.pytree import set_at
from diskarray.profiles.registry import DENSITIES, PHASE_FUNCTIONS, POLARIZATIONS, RADIAL_PROFILES, VERTICAL_PROFILES

RANDOM = np.random.default_rng(5)
LINES = da.Grid2DIrregular(RANDOM.uniform(-1.4, 1.4, size=(12, 2)))  # 112 au at 80 pc
# few nodes, the same on both sides: what is compared is not accuracy
PANELS, LAYER = da.Quadrature(nodes="panels", order=4), da.Quadrature(nodes="layer", order=6)
SAME = 1e-11  # of the row's brightest line: sums over a hundred nodes


def disk(**parts):
    return da.Disk(inclination=66.0, position_angle=33.0, distance=80.0, optical_depth=2e-3, rule=LAYER, **parts)


def disks():
    """(name, disk, path of the part whose numbers vary)."""
    for name, cls in DENSITIES.items():
        yield name, disk(density=example(cls)), "density"
    for name, cls in RADIAL_PROFILES.items():
        yield f"layered, {name}", disk(density=da.Layered(radial=example(cls))), "density.radial"
    for name, cls in VERTICAL_PROFILES.items():
        yield f"layered, {name}", disk(density=da.Layered(vertical=example(cls))), "density.vertical"
    for name, cls in PHASE_FUNCTIONS.items():
        yield name, disk(phase_function=example(cls)), "phase_function"
    for name, cls in POLARIZATIONS.items():
        polarized = da.Polarized(polarization=example(cls))
        yield f"polarized, {name}", disk(phase_function=polarized), "phase_function.polarization"


def compare(name, made, path, quick, table, jax, jnp):
    numbers = Numbers(da.get_at(made, path))

    def image(vector, xp, made=made):
        part = numbers.place(vector, xp)
        return set_at(made, path, part).image_2d_from(LINES, xp=xp).array

    if not numbers.names:
        compiled = jax.jit(lambda: image(jnp.zeros(0), jnp))
        return table.same(f"{name}: jit", compiled(), image(np.zeros(0), np), tolerance=SAME)
    rows = numbers.rows(n_near=8, n_scatter=24)[:: 8 if quick else 1]
    expected = np.stack([image(row, np) for row in rows])
    table.finite(f"{name}: {len(rows)} rows, NumPy finite", expected, rows, numbers.names)
    if quick:
        compiled = jax.jit(lambda row: image(row, jnp))
        values = np.stack([compiled(r) for r in rows])
        return table.same(f"{name}: jit", values, expected, rows, numbers.names, SAME)

    def both(row):
        return image(row, jnp), jax.jacfwd(lambda r: image(r, jnp))(row)

    values, exact = map(np.asarray, jax.jit(jax.vmap(both))(rows))
    table.same(f"{name}: jit and vmap", values, expected, rows, numbers.names, SAME)
    table.finite(f"{name}: gradients finite", exact, rows, numbers.names)
    near = slice(0, 9, 8)
    table.gradient(
        f"{name}: gradients against finite differences", exact[near], lambda r: image(r, np), rows[near], numbers.names
    )
    if not path.startswith("density"):
        return None
    cut = da.Disk(**{f.name: getattr(made, f.name) for f in dataclasses.fields(made)} | {"rule": PANELS})
    expected = np.stack([image(row, np, cut) for row in rows])
    values = jax.jit(jax.vmap(lambda row: image(row, jnp, cut)))(rows)
    return table.same(f"{name}: cut into panels", values, expected, rows, numbers.names, SAME)


def main():
    arguments, jax, jnp, table = begin("Components in a rendered disk")
    for name, made, path in disks():
        compare(name, made, path, arguments.quick, table, jax, jnp)
    table.finish()


if __name__ == "__main__":
    main()
