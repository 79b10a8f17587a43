"""Every structure and component goes into jit, vmap, grad, scan, device_put, pickle, deepcopy, and works afterwards."""

import copy
import pickle
import subprocess
import sys

import numpy as np
from _harness import begin, full_grid, full_scene

import diskarray as da

FRAME = da.Frame2D((7, 6), 0.4, center=(2.0, 3.5))
DISK = da.Disk(inclination=50.0, position_angle=30.0, distance=60.0)
EARLY = """
import sys, numpy as np, diskarray as da
frame = da.Frame2D((5, 5), 0.4)
grid, disk = da.Grid2D(frame), da.Disk(inclination=40.0)
scene, image = da.Scene(disks={"belt": disk}), disk.image_2d_from(grid)
assert "jax" not in sys.modules
import jax
for made in (grid, disk, image):
    try:
        jax.jit(lambda a: a)(made)
    except da.DiskArrayError as error:
        assert "enable_jax" in str(error) and type(made).__name__ in str(error), error
    else:
        raise SystemExit(f"{type(made).__name__} crossed jit before enable_jax")
jnp = da.enable_jax()
for made in (grid, disk, scene, image):
    assert type(jax.jit(lambda a: a)(made)) is type(made)
got = jax.jit(lambda s, g: s.image_2d_from(g, xp=jnp))(scene, grid)
assert np.allclose(got.array, image.array, rtol=1e-12)
"""


@da.component
class Shell:
    """A user's density: one method, no registration."""

    size: float = da.parameter(60.0, above=0)

    def density(self, X, Y, Z, *, xp):
        return xp.exp(-((xp.sqrt(X * X + Y * Y + Z * Z) / self.size - 1) ** 2) / 0.02)


class PlainShell:
    """The same without even the decorator: a constant of the model."""

    def density(self, X, Y, Z, *, xp):
        return Shell().density(X, Y, Z, xp=xp)


def mask():
    return da.Mask2D.circular(da.Frame2D((7, 6), 0.4, center=(2.0, 3.5)), 1.1)


def posterior():
    scene = da.Scene(disks={"belt": DISK})
    data = da.simulate(scene, da.Grid2D(mask()), background=1e-3, seed=1)
    return da.Posterior(data, da.ParameterSpace.of(scene, {"disks.belt.inclination": da.Uniform(20, 80)}))


def rendered(grid, xp):
    return DISK.image_2d_from(grid, xp=xp).array


def added(structure, xp):
    return (structure * 2.0 + structure).array


# how to make it, and how to use it in a decorated call or in arithmetic
CASES = {
    "Image2D": (lambda: da.Image2D(np.arange(42.0).reshape(7, 6), mask()), added),
    "ImageIrregular": (lambda: da.ImageIrregular([1.0, 2.0, 4.0]), added),
    "Grid2D": (lambda: da.Grid2D(mask()), rendered),
    "Grid2D over-sampled": (lambda: da.Grid2D(mask(), 1 + np.arange(42).reshape(7, 6) % 2), rendered),
    "Grid2D moved": (lambda: da.Grid2D(mask(), 2) - (0.1, 0.2), rendered),
    "Grid2DIrregular": (lambda: da.Grid2DIrregular([(0.3, 0.5), (0.0, -0.9), (0.7, 0.1)]), rendered),
    "VectorYX2D": (lambda: da.VectorYX2D(np.arange(84.0).reshape(7, 6, 2), mask()), added),
    "VectorYX2DIrregular": (lambda: da.VectorYX2DIrregular([[1.0, 2.0], [3.0, 4.0]]), added),
    "TwoPowerLaw": (
        lambda: da.TwoPowerLaw(radius=50.0),
        lambda m, xp: m.density(xp.asarray(50.0), xp.asarray(1.0), xp.asarray(0.1), xp=xp),
    ),
    "Disk": (lambda: da.replace(DISK, "optical_depth", 0.3), lambda m, xp: m.image_2d_from(full_grid(), xp=xp).array),
    "Disk with a user's density": (
        lambda: da.Disk(density=Shell(50.0)),
        lambda m, xp: m.image_2d_from(full_grid(), xp=xp).array,
    ),
    "Scene": (lambda: full_scene("empirical"), lambda m, xp: m.image_2d_from(full_grid(), xp=xp).array),
    "Imaging": (lambda: posterior().data, lambda d, xp: (d.data / d.noise_map).array),
    "FitImaging": (
        lambda: posterior().fit_from(posterior().space.template),
        lambda f, xp: (f.model_image + f.model.image_2d_from(f.dataset.grid, xp=xp)).array,
    ),
    "ParameterSpace": (
        lambda: posterior().space,
        lambda s, xp: s.to_model(xp.asarray([33.0])).disks["belt"].inclination,
    ),
    "Posterior": (posterior, lambda p, xp: p.log_likelihood(xp.asarray([50.0]), xp=xp)),
}


def check_case(name, make, use, table, jax, jnp):
    made, again = make(), make()
    leaves, tree = jax.tree.flatten(made)
    kinds = {np.asarray(leaf).dtype.kind for leaf in leaves}
    table.line(f"{name}: leaves are numbers", bool(leaves) and kinds <= {"f", "i"}, "".join(sorted(kinds)))
    other = jax.tree.structure(again)
    table.line(f"{name}: equal objects, equal tree definitions", tree == other and hash(tree) == hash(other))
    expected = np.asarray(use(made, np))
    where = {
        "jit": jax.jit(lambda a: a)(made),
        "scan": jax.lax.scan(
            lambda carry, _: (jax.tree.map(lambda x: x * 1.0, carry), None),
            jax.tree.map(jnp.asarray, made),
            None,
            length=2,
        )[0],
        "device_put": jax.device_put(made),
        "pickle": pickle.loads(pickle.dumps(made)),
        "deepcopy": copy.deepcopy(made),
        "pickle of jit": pickle.loads(pickle.dumps(jax.jit(lambda a: a)(made))),
        "vmap": jax.tree.map(
            lambda x: x[1],
            jax.vmap(lambda a: a)(jax.tree.map(lambda x: jnp.stack([2.0 * jnp.asarray(x), jnp.asarray(x)]), made)),
        ),
    }
    same = [k for k, v in where.items() if type(v) is type(made) and jax.tree.structure(v) == tree]
    table.line(f"{name}: the same type after {len(where)} journeys", len(same) == len(where), detail=f"only {same}")
    uses = jax.jit(lambda a: use(a, jnp))
    results = [uses(made), uses(again)]
    table.line(f"{name}: equal objects compile once", uses._cache_size() == 1, uses._cache_size(), 1)
    results += [use(v, np) if k in ("pickle", "deepcopy") else uses(v) for k, v in where.items()] + [
        use(where["jit"], jnp)
    ]
    table.same(
        f"{name}: used after each of them",
        np.stack([np.asarray(r) for r in results]),
        np.stack([expected] * len(results)),
    )
    gradient = jax.grad(lambda a: sum(jnp.sum(leaf**2) for leaf in jax.tree.leaves(a)) / 2)(
        jax.tree.map(jnp.asarray, made)
    )
    right = all(np.array_equal(g, leaf) for g, leaf in zip(jax.tree.leaves(gradient), leaves, strict=True))
    table.line(f"{name}: grad with respect to it", type(gradient) is type(made) and right)


def check_user_density(table, jax, jnp):
    grid, disk = full_grid(), da.Disk(density=Shell(), inclination=60.0)
    expected = disk.image_2d_from(grid)
    total = jax.jit(lambda d: d.image_2d_from(grid, xp=jnp))
    table.same("a user's density: jit", total(disk).array[None], expected.array[None])
    sizes = np.linspace(40.0, 90.0, 5)
    images = jax.jit(jax.vmap(lambda s: da.Disk(density=Shell(s), inclination=60.0).image_2d_from(grid, xp=jnp)))(sizes)
    table.same(
        "a user's density: vmap",
        images.array,
        [da.Disk(density=Shell(s), inclination=60.0).image_2d_from(grid).array for s in sizes],
    )
    gradient = jax.grad(lambda d: d.image_2d_from(grid, xp=jnp).sum())(disk).density.size
    step = 1e-3
    sums = [da.replace(disk, "density.size", 60.0 + s).image_2d_from(grid).sum() for s in (step, -step)]
    table.same("a user's density: grad", [gradient], [(sums[0] - sums[1]) / (2 * step)], tolerance=1e-6)
    plain = da.Disk(density=PlainShell(), inclination=60.0)
    table.same(
        "a user's plain class: in a compiled function",
        jax.jit(lambda y: da.replace(plain, "distance", y).image_2d_from(grid, xp=jnp).array)(100.0)[None],
        expected.array[None],
    )


def check_backend_errors(table, jax, jnp):
    points = jnp.asarray([(0.3, 0.5), (0.0, -0.9)])
    on_jax, grid = jax.device_put(DISK), da.Grid2D(mask())
    for name, function in {
        "points": lambda: DISK.image_2d_from(da.Grid2DIrregular(points)),
        "a raw pair": lambda: DISK.image_2d_from((points[:, 0], points[:, 1])),
        "a raw array": lambda: DISK.image_2d_from(points),
        "a Grid2D": lambda: DISK.image_2d_from(jax.device_put(grid)),
        "a disk": lambda: on_jax.image_2d_from(grid),
        "a disk in a scene": lambda: da.Scene(disks={"belt": on_jax}).image_2d_from(grid),
        "a vector": lambda: posterior().log_likelihood(jnp.asarray([50.0])),
    }.items():
        table.raises(f"JAX array with xp=numpy: {name}", da.BackendError, function, "xp")
    table.raises("item assignment: NumPy", TypeError, lambda: _assign(da.Image2D(np.ones((7, 6)), mask())))
    table.raises(
        "item assignment: JAX", TypeError, lambda: _assign(jax.device_put(da.Image2D(np.ones((7, 6)), mask())))
    )


def _assign(image):
    image[0, 0] = 1.0


def main():
    _, jax, jnp, table = begin("Structures")
    for name, (make, use) in CASES.items():
        check_case(name, make, use, table, jax, jnp)
    check_user_density(table, jax, jnp)
    check_backend_errors(table, jax, jnp)
    run = subprocess.run([sys.executable, "-c", EARLY], capture_output=True, text=True, check=False)
    table.line("made before JAX was imported", run.returncode == 0, detail=run.stderr[-600:])
    table.finish()


if __name__ == "__main__":
    main()
