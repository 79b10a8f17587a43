"""Polarized light: Q, U, Q_phi and U_phi of a scene are the same in NumPy, JAX eager, jit and vmap, gradients too."""

import dataclasses

import numpy as np
from _harness import RULES, Numbers, begin, example, full_grid

import diskarray as da
from diskarray.backend.pytree import set_at
from diskarray.model.observables import OBSERVABLES
from diskarray.optics.registry import PSFS
from diskarray.profiles.registry import POLARIZATIONS

VARIED = ("U", "Q_phi")  # over many rows; all five over some


def polarized_scene(polarization, psf="gaussian"):
    """One disk and an instrument with everything that acts on Q and U."""
    disk = da.Disk(
        density=da.TwoPowerLaw(radius=60.0, alpha_in=4.0, scale_height=3.0),
        phase_function=da.HenyeyGreenstein(0.4),
        polarization=polarization,
        inclination=62.0,
        position_angle=27.0,
        distance=72.0,
        optical_depth=2e-3,
        rule=RULES[0],
    )
    throughput = np.linspace(0.6, 1.0, 17 * 15).reshape(17, 15)
    instrument = da.Instrument(psf=example(PSFS[psf]), throughput=throughput, offset_y=0.004, offset_x=-0.007)
    return da.Scene(disks={"belt": disk}, instrument=instrument, star=da.Star(flux=1200.0, unit="mJy"), background=0.02)


def images_of(scene, grid, observables, xp=np):
    """Observables of a scene, shape (K, N)."""
    return xp.stack([scene.observed_2d_from(grid, name, xp=xp).slim for name in observables])


def compare_rows(name, scene, path, quick, table, jax, jnp):
    """The numbers of a part of the scene vary; the images are those of the whole."""
    numbers, grid, whole = Numbers(da.get_at(scene, path) if path else scene), full_grid(), full_grid(masked=False)
    rows = numbers.rows(n_near=8, n_scatter=8)[:17] if quick else numbers.rows()

    def placed(vector, xp=np):
        part = numbers.place(vector, xp)
        return set_at(scene, path, part) if path else part

    def images(vector, xp=np, observables=VARIED):
        return images_of(placed(vector, xp), grid, observables, xp)

    expected = np.stack([images(row) for row in rows])
    peak = np.array([placed(row).image_2d_from(whole).max() for row in rows])
    table.finite(f"{name}, {len(numbers.names)} numbers, {len(rows)} rows: NumPy finite", expected, rows, numbers.names)
    few = rows[:: len(rows) // 2]
    truth = [images(row, np, OBSERVABLES) for row in few]
    eager = [images(jnp.asarray(row), jnp, OBSERVABLES) for row in few]
    table.same(f"{name}: eager, every observable ({len(few)})", eager, truth, peak=peak[:: len(rows) // 2])
    compiled = jax.jit(lambda row: images(row, jnp))
    table.same(f"{name}: jit", [compiled(row) for row in rows], expected, rows, numbers.names, peak=peak)
    table.same(f"{name}: vmap", jax.jit(jax.vmap(compiled))(rows), expected, rows, numbers.names, peak=peak)
    if quick:
        return
    import array_api_strict as strict

    made = da.replace(scene, path, numbers.checked(rows[0])) if path else numbers.checked(rows[0])
    found = np.asarray(images_of(made, grid, OBSERVABLES, strict))
    table.same(f"{name}: array-api-strict, every observable", found[None], truth[:1], peak=peak[:1])


def compare_gradients(name, scene, table, jax, jnp):
    """Of a weighted sum over pixels, with the star on a pixel's center; also where parameters are symmetric."""
    scene = da.replace(scene, "disks.belt", dataclasses.replace(scene.disks["belt"], rule=RULES[1]))
    numbers, grid = Numbers(scene), da.Grid2D(da.Mask2D.circular(full_grid().frame, 0.5))
    weights = np.random.default_rng(2).uniform(0.5, 1.5, size=(len(VARIED), grid.array.shape[0]))

    def total(vector, xp=np):
        return xp.sum(xp.asarray(weights) * images_of(numbers.place(vector, xp), grid, VARIED, xp))

    rows = [numbers.vector]
    for field, values in {"inclination": (0.0, 90.0), "position_angle": (0.0, 45.0, 360.0), "g": (0.0,)}.items():
        chosen = np.array([n.endswith(f".{field}") for n in numbers.names])
        rows += [np.where(chosen, value, numbers.vector) for value in values]
    still = np.array([n.split(".")[-1] in ("offset_y", "offset_x") for n in numbers.names])
    rows = np.array([*rows, np.where(still, 0.0, numbers.vector)])
    values, gradients = jax.jit(jax.vmap(jax.value_and_grad(lambda v: total(v, jnp))))(rows)
    table.same(f"{name}: symmetric rows, values", values, np.array([total(r) for r in rows]), rows, numbers.names)
    table.finite(f"{name}: symmetric rows, gradients finite", gradients, rows, numbers.names)
    table.gradient(
        f"{name}: gradient against differences", gradients[:1], total, rows[:1], numbers.names, widths=(1e-4,)
    )


def compare_compiled(table, jax, jnp):
    """One compilation per observable, whatever the numbers; the structure comes back as it is."""
    scene, grid = polarized_scene(da.RayleighPolarization(0.3)), full_grid()
    render = jax.jit(lambda scene, grid: scene.stokes_2d_from(grid, xp=jnp))
    for path, value in (
        ("disks.belt.polarization.maximum", 0.9),
        ("disks.belt.position_angle", 120.0),
        ("instrument.throughput", np.asarray(scene.instrument.throughput) ** 2),
        ("instrument.offset_y", 0.05),
        ("star.flux", 7.0),
    ):
        changed = da.replace(scene, path, value)
        got = render(changed, grid)
        table.same(f"exchanged after compilation: {path}", got.array, changed.stokes_2d_from(grid).array)
        table.line(
            f"exchanged after compilation: {path} has an effect",
            not np.allclose(got.array, render(scene, grid).array, rtol=1e-6),
        )
    table.line("compilations", render._cache_size() == 1, render._cache_size(), 1)
    table.line("a VectorYX2D leaves jit", isinstance(render(scene, grid), da.VectorYX2D))


def compare_fit(table, jax, jnp):
    """Data of every observable, fitted together: the posterior and the fit are the same on both libraries."""
    scene, grid = polarized_scene(da.RayleighPolarization(0.3)), full_grid()
    data = {}
    for k, name in enumerate(OBSERVABLES):
        image = scene.observed_2d_from(grid, name).array
        noise = np.full(image.shape, 0.05 * np.abs(image).max())
        drawn = noise * np.random.default_rng(k).standard_normal(image.shape)
        data[name] = da.Imaging(image + drawn, noise, frame=grid.frame, mask=grid.mask, observable=name)
    space = da.ParameterSpace.of(
        scene,
        {
            "disks.belt.inclination": da.Uniform(40, 80),
            "disks.belt.polarization.maximum": da.Uniform(0, 1),
        },
    )
    posterior = da.Posterior(data, space)
    rows = np.array([(62.0, 0.3), (55.0, 0.9), (79.0, 0.05)])
    expected = np.array([posterior.log_likelihood(row) for row in rows])
    found = jax.jit(jax.vmap(lambda row: posterior.log_likelihood(row, xp=jnp)))(rows)
    table.same("joint posterior of every observable: vmap", found, expected, rows, space.names)
    fits = jax.jit(lambda p, row: p.fit_from(row, xp=jnp))(posterior, rows[1])
    table.line(
        "jit(fit_from) returns a FitImaging for each", all(isinstance(fits[n], da.FitImaging) for n in OBSERVABLES)
    )
    peak = np.array([posterior.fit_from(rows[1])["total"].model_image.max()])
    for name, fit in posterior.fit_from(rows[1]).items():
        images = fits[name].model_image.slim[None], fit.model_image.slim[None]
        table.same(f"jit(fit_from): {name}", *images, peak=peak)


def main():
    arguments, jax, jnp, table = begin("Polarized light")
    for k, (name, cls) in enumerate(POLARIZATIONS.items()):
        scene = polarized_scene(example(cls))
        compare_rows(name, scene, "" if k == 0 else "disks.belt.polarization", arguments.quick, table, jax, jnp)
        if k == 0 and not arguments.quick:  # derivatives by every polarization's numbers are in parity_components.py
            compare_gradients(name, scene, table, jax, jnp)
    if not arguments.quick:
        scene = polarized_scene(da.RayleighPolarization(0.3), "spatially_varying")
        compare_rows("spatially varying PSF", scene, "instrument", False, table, jax, jnp)
        compare_compiled(table, jax, jnp)
        compare_fit(table, jax, jnp)
    table.finish()


if __name__ == "__main__":
    main()
