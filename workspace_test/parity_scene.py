"""Whole scenes: NumPy, JAX eager, jit and vmap render the same image; nothing is baked in or compiled twice."""

import numpy as np
from _harness import Numbers, begin, full_grid, full_scene

import diskarray as da
from diskarray.backend.pytree import set_at
from diskarray.optics.registry import PSFS

SINGLE = 5e-5  # of the peak
SYMMETRIC = {
    "inclination": (0.0, 90.0, 180.0),
    "position_angle": (0.0, 180.0, 360.0),
    "eccentricity": (0.0,),
    "g": (0.0,),
}


def compare_rows(psf, quick, table, jax, jnp):
    one_disk = quick or psf != next(iter(PSFS))
    numbers, grid, whole = Numbers(full_scene(psf, n_disks=1 if one_disk else 2)), full_grid(), full_grid(masked=False)
    rows = numbers.rows(n_near=8, n_scatter=8)[:17] if quick else numbers.rows()
    chosen = np.arange(0, len(rows), 24)

    def of_vector(vector):
        return numbers.place(vector, jnp).image_2d_from(grid, xp=jnp)

    expected = np.stack([numbers.place(row).image_2d_from(grid).slim for row in rows])
    # light behind the mask enters through the transform of the PSF: the peak is that of the whole image
    peak = np.array([numbers.place(row).image_2d_from(whole).max() for row in rows])
    name = f"{psf} PSF, {len(numbers.names)} numbers, {len(rows)} rows"
    table.finite(f"{name}: NumPy finite", expected, rows, numbers.names)
    images = [of_vector(jnp.asarray(row)) for row in rows[chosen]]
    table.same(
        f"{name}: eager ({len(chosen)})",
        [i.slim for i in images],
        expected[chosen],
        rows[chosen],
        numbers.names,
        peak=peak[chosen],
    )
    compiled = jax.jit(of_vector)
    images += [compiled(row) for row in rows]
    table.same(f"{name}: jit", [i.slim for i in images[len(chosen) :]], expected, rows, numbers.names, peak=peak)
    table.line(f"{name}: an Image2D each time", all(type(i) is da.Image2D and i.mask == grid.mask for i in images))
    table.same(
        f"{name}: vmap",
        jax.jit(jax.vmap(of_vector))(rows).array,
        np.stack([np.asarray(i) for i in images[len(chosen) :]]),
        rows,
        numbers.names,
        peak=peak,
    )
    if quick:
        return
    import array_api_strict as strict

    images = [numbers.checked(row).image_2d_from(grid, xp=strict) for row in rows[:3]]
    truth = [numbers.checked(row).image_2d_from(grid).slim for row in rows[:3]]
    table.same(f"{name}: array-api-strict", [np.asarray(i.slim) for i in images], truth, peak=peak[:3])


def symmetric_rows(numbers):
    """The values of a model with one kind of number (all disks alike) at a symmetric value."""
    for field, values in SYMMETRIC.items():
        chosen = np.array([name.endswith(f".{field}") for name in numbers.names])
        for value in values:
            yield np.where(chosen, value, numbers.vector)
    chosen = np.array(
        [name.split(".")[-1] in ("offset_x", "offset_y", "argument_of_pericenter") for name in numbers.names]
    )
    yield np.where(chosen, 0.0, numbers.vector)
    face_on = np.array([name.split(".")[-1] in ("inclination", "eccentricity", "g") for name in numbers.names])
    yield np.where(chosen | face_on, 0.0, numbers.vector)


def compare_gradients(table, jax, jnp):
    numbers, grid = Numbers(full_scene("gaussian")), full_grid(masked=False)
    weights = np.random.default_rng(2).uniform(0.5, 1.5, size=grid.array.shape[0])
    rows = np.array([numbers.vector, *symmetric_rows(numbers)])

    def total(vector, xp=np):
        return xp.sum(xp.asarray(weights) * numbers.place(vector, xp).image_2d_from(grid, xp=xp).slim)

    values, gradients = jax.jit(jax.vmap(jax.value_and_grad(lambda v: total(v, jnp))))(rows)
    names = numbers.names
    table.same(
        f"star on a pixel center, {len(rows)} symmetric rows: values",
        values,
        np.array([total(r) for r in rows]),
        rows,
        names,
    )
    table.finite("symmetric rows: gradients finite", gradients, rows, names)
    turned = [
        k
        for k, row in enumerate(rows)
        if k and row[names.index(next(n for n in names if "position_angle" in n))] in (0.0, 360.0)
    ]
    table.same("position angle 0 and 360: values", values[turned[0]], values[turned[-1]])
    table.same("position angle 0 and 360: gradients", gradients[turned[0]], gradients[turned[-1]], tolerance=1e-8)
    table.gradient(
        "gradient of the whole scene against differences", gradients[:1], total, rows[:1], names, widths=(1e-5,)
    )  # the panels of the quadrature have kinks, which a wide step would straddle


def compare_choice(table, jax, jnp):
    """What "automatic" chooses from the numbers of a disk is the same in NumPy, under jit and under vmap."""
    inclinations = np.linspace(0.0, 180.0, 65)
    points = da.Grid2DIrregular(np.random.default_rng(4).normal(0, 0.6, size=(60, 2)))
    disk = da.Disk(density=da.TwoPowerLaw(alpha_in=12.0, scale_height=2.0, gamma=2.3), distance=80.0)

    def image(inclination, xp):
        turned = set_at(disk, "inclination", inclination)
        return turned.image_2d_from(points, xp=xp).array

    expected = np.stack([image(i, np) for i in inclinations])
    compiled = jax.jit(lambda i: image(i, jnp))
    peak = expected.max(axis=1)
    table.same("automatic quadrature: jit", [compiled(i) for i in inclinations], expected, peak=peak)
    table.same("automatic quadrature: vmap", jax.vmap(compiled)(jnp.asarray(inclinations)), expected, peak=peak)

    def with_exponent(gamma, xp):
        return set_at(disk, "density.gamma", gamma).image_2d_from(points, xp=xp).array

    exponents = np.array([1.0, 1.998, 1.9995, 2.0, 2.0005, 2.002, 3.5])
    expected = np.stack([with_exponent(gamma, np) for gamma in exponents])
    compiled, peak = jax.jit(lambda gamma: with_exponent(gamma, jnp)), expected.max(axis=1)
    table.same("a layer's nodes at and around gamma = 2: jit", [compiled(g) for g in exponents], expected, peak=peak)
    table.same("a layer's nodes, vmap", jax.vmap(compiled)(jnp.asarray(exponents)), expected, peak=peak)
    inclined = set_at(disk, "inclination", 65.0)
    free = da.ParameterSpace.of(inclined, {"density.gamma": da.Uniform(1.0, 4.0)})
    slope = jax.jit(jax.jacfwd(lambda gamma: free.to_model(gamma).image_2d_from(points, xp=jnp).array))(np.array([2.0]))
    finest = set_at(inclined, "rule", da.Quadrature("panels", 24))
    above, below = (set_at(finest, "density.gamma", g).image_2d_from(points).array for g in (2.0 + 1e-4, 2.0 - 1e-4))
    table.same("free, its derivative at 2 is right", slope.T, (above - below)[None] / 2e-4, tolerance=0.02)


def compare_compiled(table, jax, jnp):
    """Everything is an argument of the compiled function; numbers of any kind share one compilation."""
    scene, grid = full_scene("empirical"), full_grid()
    render = jax.jit(lambda scene, grid: scene.image_2d_from(grid, xp=jnp))
    first = next(iter(scene.disks))
    kernel = np.asarray(scene.instrument.psf.kernel)
    image = render(scene, grid)
    for path, value in (
        ("instrument.psf", da.EmpiricalPSF(kernel=kernel[::-1] ** 2)),
        ("instrument.throughput", np.asarray(scene.instrument.throughput) ** 2),
        ("instrument.offset_y", 0.05),
        ("instrument.offset_x", -0.03),
        ("star.flux", 7.0),
        (f"disks.{first}.distance", 50.0),
        (f"disks.{first}.offset_x", -7.0),
        (f"disks.{first}.position_angle", 120.0),
    ):
        changed = da.replace(scene, path, value)
        got = render(changed, grid)
        table.same(f"exchanged after compilation: {path}", got.array, changed.image_2d_from(grid).array)
        table.line(
            f"exchanged after compilation: {path} has an effect", not np.allclose(got.array, image.array, rtol=1e-6)
        )
    numbers = Numbers(scene)
    for row in numbers.rows(n_near=100, n_scatter=0)[:101]:
        render(numbers.checked(row), grid)
    for number in (77, 77.0, np.float64(77), np.float32(77), np.int64(77), np.array(77.0)):
        render(da.replace(scene, f"disks.{first}.density.radius", number), grid)
    render(full_scene("empirical"), full_grid())
    table.line(
        "100 different scenes, numbers of any kind: compilations", render._cache_size() == 1, render._cache_size(), 1
    )


def compare_single_precision(table, jax, jnp):
    scene, grid = full_scene("gaussian"), full_grid()
    expected = scene.image_2d_from(grid).slim
    with jax.enable_x64(False):
        got = jax.jit(lambda s, g: s.image_2d_from(g, xp=jnp))(scene, grid)
        table.line("32 bit: stays 32 bit", got.array.dtype == np.float32, str(got.array.dtype))
        table.same("32 bit: image", np.asarray(got.slim)[None], expected[None], tolerance=SINGLE)


def main():
    arguments, jax, jnp, table = begin("Scenes")
    for psf in list(PSFS)[:1] if arguments.quick else PSFS:
        compare_rows(psf, arguments.quick, table, jax, jnp)
    if not arguments.quick:
        compare_gradients(table, jax, jnp)
        compare_choice(table, jax, jnp)
        compare_compiled(table, jax, jnp)
        compare_single_precision(table, jax, jnp)
    table.finish()


if __name__ == "__main__":
    main()
