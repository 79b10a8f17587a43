"""Which type comes back: every public model function, every kind of grid, every way of running it.

python workspace_test/type_table.py            compare with docs/type_table.md
python workspace_test/type_table.py --write    write it anew
"""

import argparse
import sys
from pathlib import Path

import numpy as np

import diskarray as da

PAGE = Path(__file__).parents[1] / "docs" / "type_table.md"
HEADER = """# What comes back

Written by `workspace_test/type_table.py`, which asks the code for every cell; `make test` fails if this page is\
 out of date.
`vmap` maps over three inclinations: the arrays inside have one more axis in front. `grad` is the gradient of the sum
of the result with respect to the grid: it comes back as the grid that went in.

"""
COLUMNS = ("function", "grid", "NumPy", "JAX eager", "jit", "vmap", "grad")


@da.component
class Examples(da.Disk):
    """A disk with one small method for every decorator."""

    @da.decorators.to_image
    def two_images(self, grid, *, xp=np):
        """A list of results: each is wrapped."""
        return [grid.y * self.inclination, grid.x]

    @da.decorators.to_grid
    @da.decorators.transform
    def disk_plane(self, grid, *, xp=np):
        """Where the points lie in the disk's own axes."""
        return grid.array

    @da.decorators.to_vector_yx
    @da.decorators.transform(rotate_back=True)
    def outward(self, grid, *, xp=np):
        """A vector field, turned back to the sky's axes."""
        return xp.stack([grid.y, grid.x * self.inclination], axis=-1)

    @da.decorators.to_vector_yx
    @da.decorators.transform(rotate_back=True, spin=2)
    def stokes(self, grid, *, xp=np):
        """Stokes parameters (U, Q)."""
        return xp.stack([grid.y, grid.x * self.inclination], axis=-1)


def cases():
    """Name -> function of (inclination, grid, xp)."""
    frame = da.Frame2D((5, 4), 0.4, center=(2.2, 1.4))
    psf = da.Instrument(psf=da.GaussianPSF(fwhm=0.5))

    def disk(inclination):
        return da.Disk(inclination=inclination, polarization=da.RayleighPolarization(0.3))

    def polarized(inclination, **parts):
        return da.Scene(disks={"belt": disk(inclination)}, **parts)

    functions = {
        "Disk.image_2d_from": lambda i, g, xp: disk(i).image_2d_from(g, xp=xp),
        "Disk.stokes_2d_from": lambda i, g, xp: disk(i).stokes_2d_from(g, xp=xp),
        "Scene.image_2d_from": lambda i, g, xp: da.Scene(disks={"belt": disk(i)}).image_2d_from(g, xp=xp),
        "Scene.image_2d_from with a PSF": lambda i, g, xp: da.Scene(
            disks={"belt": disk(i)}, instrument=psf
        ).image_2d_from(g, xp=xp),
        "Scene.stokes_2d_from": lambda i, g, xp: polarized(i).stokes_2d_from(g, xp=xp),
        "Scene.stokes_2d_from with a PSF": lambda i, g, xp: polarized(i, instrument=psf).stokes_2d_from(g, xp=xp),
        "Scene.observed_2d_from": lambda i, g, xp: polarized(i).observed_2d_from(g, "Q_phi", xp=xp),
        "to_image, a list returned": lambda i, g, xp: Examples(inclination=i).two_images(g, xp=xp),
        "to_grid, transform": lambda i, g, xp: Examples(inclination=i).disk_plane(g, xp=xp),
        "to_vector_yx, transform(rotate_back=True)": lambda i, g, xp: Examples(inclination=i).outward(g, xp=xp),
        "to_vector_yx, transform(rotate_back=True, spin=2)": lambda i, g, xp: Examples(inclination=i).stokes(g, xp=xp),
    }
    points = np.array([(0.1, -0.3), (0.4, 0.2), (-0.6, 0.5)])
    grids = {
        "Grid2D": da.Grid2D(frame),
        "Grid2D, over-sampled": da.Grid2D(frame, 2),
        "Grid2DIrregular": da.Grid2DIrregular(points),
        "(y, x) pair": (points[:, 0], points[:, 1]),
        "(N, 2) array": points,
    }
    return functions, grids


def type_name(value):
    if isinstance(value, list):
        return f"list of {type_name(value[0])}"
    if isinstance(value, tuple):
        return f"({', '.join(map(type_name, value))})"
    return "array" if hasattr(value, "dtype") else type(value).__name__


def cell(run):
    try:
        return type_name(run())
    except da.DiskArrayError as error:
        return type(error).__name__


def types_of(function, grid, jax, jnp):
    """The five cells of one row."""
    inclinations = np.array([20.0, 50.0, 70.0])

    def on_jax(inclination, given):
        return function(inclination, given, jnp)

    def total(given):
        return sum(jnp.sum(leaf) for leaf in jax.tree.leaves(on_jax(60.0, given)))

    return [
        cell(lambda: function(60.0, grid, np)),
        cell(lambda: on_jax(60.0, grid)),
        cell(lambda: jax.jit(on_jax)(60.0, grid)),
        cell(lambda: jax.eval_shape(jax.vmap(on_jax, in_axes=(0, None)), inclinations, grid)),
        cell(lambda: jax.eval_shape(jax.grad(total), grid)),
    ]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help="write docs/type_table.md")
    arguments = parser.parse_args()
    jnp = da.enable_jax()
    import jax

    functions, grids = cases()
    found = [
        [f"`{name}`", kind, *types_of(function, grid, jax, jnp)]
        for name, function in functions.items()
        for kind, grid in grids.items()
    ]
    lines = ["| " + " | ".join(row) + " |" for row in (COLUMNS, ["---"] * len(COLUMNS), *found)]
    page = HEADER + "\n".join(lines) + "\n"
    if arguments.write:
        PAGE.parent.mkdir(exist_ok=True)
        PAGE.write_text(page, encoding="utf-8")
    uneven = [
        row[:2]
        for row in found
        if len(set(row[2:6])) != 1 or row[6] not in (row[1].split(",")[0], "array", "(array, array)", "ShapeError")
    ]
    current = PAGE.exists() and PAGE.read_text(encoding="utf-8") == page
    even = f"FAILED {uneven}" if uneven else "ok"
    print(f"Types\n  {len(found)} rows; the same on both backends, inside and outside jit: {even}")
    page_verdict = "ok" if current else "FAILED: run with --write and look at the difference"
    print(f"  docs/type_table.md is what the code does: {page_verdict}\n")
    sys.exit(1 if uneven or not current else 0)


if __name__ == "__main__":
    main()
