"""Every PSF in an instrument with point sources and residual starlight: NumPy, JAX eager, jit and vmap, and gradients.

A blob that is quick to evaluate stands in for the disk, so that the optics are what is compared.
"""

import dataclasses

import numpy as np
from _harness import Numbers, begin, example, full_grid, full_scene

import diskarray as da
from diskarray.optics.registry import PSFS

SHAPE = (17, 15)


@da.component
class Blob:
    """Light that is smooth, bright beyond the edges of the image too, and nowhere symmetric."""

    amplitude: float = da.parameter(1e-3, minimum=0, prior=da.Uniform(0.0, 1.0), doc="brightness of the crest")
    width: float = da.parameter(0.8, above=0, prior=da.Uniform(0.3, 3.0), doc="arcsec")

    def image_2d_from(self, grid, *, xp=np):
        y, x = grid.y, grid.x
        round_blob = xp.exp(-0.5 * ((y - 0.4) ** 2 + (x + 0.2) ** 2) / self.width**2)
        return da.Image2D.from_slim(self.amplitude * round_blob * (1.2 + xp.sin(3 * x)), grid.mask, xp=xp)


@da.component
class ExponentialPSF:
    """A user's own PSF: one parameter and one method."""

    scale: float = da.parameter(0.2, unit="arcsec", above=0, doc="e-folding length", prior=da.Uniform(0.1, 0.5))

    def kernel_from(self, pixel_scale, *, xp=np):
        offsets = np.arange(-5, 6) * pixel_scale
        kernel = xp.exp(-xp.asarray(np.hypot(offsets[:, None], offsets)) / self.scale)
        return kernel / xp.sum(kernel)


def variants():
    for name, cls in PSFS.items():
        yield name, example(cls)
    yield "a user's own", ExponentialPSF()
    finer = {"over_sample_size": 2, "center": (2.3, 2.75), "normalize": False}
    yield "varying, finer, off center", dataclasses.replace(example(PSFS["spatially_varying"]), **finer)


def compare(name, psf, quick, table, jax, jnp):
    scene = full_scene("gaussian", SHAPE, n_disks=1)
    scene = da.Scene(
        disks={"blob": Blob()},
        instrument=da.Instrument(psf=psf, throughput=scene.instrument.throughput, offset_y=0.004, offset_x=-0.007),
        star=scene.star,
        sources=scene.sources,
        stellar_residual=scene.stellar_residual,
        background=scene.background,
    )
    numbers, grid, whole = Numbers(scene), full_grid(SHAPE), full_grid(SHAPE, masked=False)
    rows = numbers.rows()[:: 8 if quick else 1]

    def of_vector(vector, xp=jnp):
        return numbers.place(vector, xp).image_2d_from(grid, xp=xp).slim

    expected = np.stack([of_vector(row, np) for row in rows])
    peak = np.array([numbers.place(row).image_2d_from(whole).max() for row in rows])
    name = f"{name}, {len(rows)} rows"
    table.finite(f"{name}: NumPy finite", expected, rows, numbers.names)
    eager = [of_vector(jnp.asarray(r)) for r in rows[::40]]
    table.same(f"{name}: eager", eager, expected[::40], rows[::40], numbers.names, peak=peak[::40])
    compiled = jax.jit(of_vector)
    table.same(f"{name}: jit", [compiled(r) for r in rows], expected, rows, numbers.names, peak=peak)
    table.same(f"{name}: vmap", jax.jit(jax.vmap(of_vector))(rows), expected, rows, numbers.names, peak=peak)
    if quick:
        return
    import array_api_strict as strict

    images = [np.asarray(numbers.checked(r).image_2d_from(grid, xp=strict).slim) for r in rows[:3]]
    table.same(f"{name}: array-api-strict", images, expected[:3], peak=peak[:3])
    chosen = rows[[0, 30]]
    weights = np.random.default_rng(2).uniform(0.5, 1.5, size=expected.shape[1])
    jacobian, gradient = jax.jit(jax.jacfwd(of_vector)), jax.jit(jax.grad(lambda v: jnp.sum(weights * of_vector(v))))
    forward, reverse = (np.stack([np.asarray(f(row)) for row in chosen]) for f in (jacobian, gradient))
    table.finite(f"{name}: gradients finite", forward, chosen, numbers.names)
    table.same(f"{name}: forward and reverse agree", reverse, weights @ forward, chosen, numbers.names, tolerance=1e-10)
    table.gradient(
        f"{name}: gradients against differences",
        forward,
        lambda v: of_vector(v, np),
        chosen,
        numbers.names,
        widths=(1e-3, 1e-4),
    )


def compare_operator(table, jax, jnp):
    """The spatially varying operator and its adjoint, compiled, and the derivative of one against the other."""
    psf, random = example(PSFS["spatially_varying"]), np.random.default_rng(4)
    image, other = random.normal(size=(2, *SHAPE))
    forward, adjoint = (jax.jit(lambda p, a, m=m: m(p, a, xp=jnp)) for m in (type(psf).forward, type(psf).adjoint))
    table.same("operator: jit", forward(psf, image)[None], psf.forward(image)[None])
    table.same("adjoint: jit", adjoint(psf, image)[None], psf.adjoint(image)[None])
    gradient = jax.grad(lambda a: jnp.sum(other * forward(psf, a)))(jnp.asarray(image))
    table.same("adjoint: the derivative of the operator", psf.adjoint(other)[None], np.asarray(gradient)[None])
    batch = random.normal(size=(64, *SHAPE))
    both = jax.vmap(lambda a: forward(psf, a))(jnp.asarray(batch))
    table.same("operator: vmap", both, np.stack([psf.forward(a) for a in batch]))


def main():
    arguments, jax, jnp, table = begin("Optics: point-spread functions, point sources, residual starlight")
    for name, psf in list(variants())[:: 3 if arguments.quick else 1]:
        compare(name, psf, arguments.quick, table, jax, jnp)
    compare_operator(table, jax, jnp)
    table.finish()


if __name__ == "__main__":
    main()
