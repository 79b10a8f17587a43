"""How fast do pixel means converge? Uniform and adaptive sub-pixels against brute force, on NumPy and on JAX.

    python workspace_test/convergence_over_sampling.py [--quick] [--write]

Fails if a mean does not converge to second order at a sharp ring edge or in the star's pixel, if the adaptive choice
misses its tolerance, or if JAX gives other numbers. ``--write`` renews docs/over_sampling.md.
"""

import argparse
import functools
import pathlib

import numpy as np
from _harness import Table
from scipy.integrate import fixed_quad

import diskarray as da

PAGE = pathlib.Path(__file__).parents[1] / "docs" / "over_sampling.md"
SIZES = (1, 2, 4, 8, 16)
PIXEL, DISTANCE = 0.16, 70.0
CENTERS = {"at the center": (7.0, 7.0), "in a corner": (7.5, 7.5), "elsewhere": (7.31, 6.8)}


@da.component
class Cusp:
    """Brightness b^(-1/2), different in every direction, and no line of sight whose error would add to the mean's."""

    @da.decorators.to_image
    @da.decorators.over_sample
    def image_2d_from(self, grid, *, xp=np):
        b = xp.sqrt(grid.y * grid.y + grid.x * grid.x + 1e-20)
        return (1 + 0.5 * grid.y / b) / xp.sqrt(b)


def disk(inclination, **density):
    values = {"radius": 77.0, "alpha_in": 10.0, "alpha_out": -5.0, "scale_height": 2.0, **density}
    return da.Disk(
        density=da.TwoPowerLaw(**values),
        phase_function=da.HenyeyGreenstein(g=0.3),
        inclination=inclination,
        position_angle=27.0,
        distance=DISTANCE,
    )


SHARP = disk(60.0, alpha_in=30.0, alpha_out=-12.0)
TEXT_TOP = """# Over-sampling

A pixel's value is the brightness at its center (`over_sample_size=1`) or the mean over sub-pixels, which uses the same
line-of-sight integral at every sub-pixel. The pixel that holds the star always has its mean: where dust reaches the
star, brightness grows as 1 / b towards it, and its value at the center would be infinite. The error of a mean over
n x n regular sub-pixels falls as 1 / n^2. Sizes are one number, or one for each pixel;
`da.adaptive_over_sample_size` chooses them from a model:

```python
import diskarray as da

disk = da.Disk(density=da.TwoPowerLaw(radius=77.0, alpha_in=30.0), inclination=76.0, distance=71.9)
grid = da.Grid2D.uniform(shape_native=(50, 50), pixel_scale=0.05)
sizes = da.adaptive_over_sample_size(disk, grid, tolerance=1e-3)
image = disk.image_2d_from(da.Grid2D(grid.mask, sizes))
```

A pixel's size is doubled as long as its mean changes by more than the tolerance (a fraction of the peak), and the
pixels around it are examined with it. Sizes are fixed numbers: they never follow a parameter, so that images stay
smooth in every parameter and compile once. The pixels next to a refined one get its size too (`margin=1`), so that a
ring may move a little in a fit; for more, take `numpy.maximum` of the sizes of several models.

Written by `python workspace_test/convergence_over_sampling.py --write`.

## A sharp ring edge

alpha_in = 30, alpha_out = -12, i = 60, a ring with an inner edge of 2.6 au in pixels of 11 au. Largest error of a
pixel's mean as a fraction of the peak; adaptive: with a tolerance of 5e-4 and this size as the largest.
"""
TEXT_TOLERANCE = "\nThe same with a tolerance, and sizes up to 64:\n"
TEXT_STAR = """
## The star's pixel

Where dust reaches the star (alpha_in below 1), the brightness at the star is infinite, but it grows more slowly than
1 / b with the distance b from the star, so that its mean over the pixel is finite. From size 2 on, the pixel that holds
the star (all those that come within a tenth of a pixel of it) is not sampled regularly: seen from the star it consists
of triangles, each with size x size Gauss-Legendre nodes along radius and side (`diskarray/structures/star_pixel.py`).
The area element of those coordinates takes the 1 / b away, and no point lies on the star. At size 1 the pixel has the
brightness at its center, which says little about the mean where dust reaches the star; the adaptive choice refines it.

Error of that pixel's mean as a fraction of itself, for sizes 2 to 16, with regular sub-pixels and as it is done. Of
b^(-1/2) itself (first rows) it falls as 1 / n^3; for the disks, the error of the line-of-sight integral next to the
star comes in.
"""
TEXT_MOVED = """
Points and weights are fixed around the star's position in the frame. A fitted offset of the star moves the brightness
away from their center, where they are no better than others. Error of the pixel's mean of b^(-1/2), the worst of eight
directions:
"""
KNOWN = {"b^(-1/2) itself": Cusp()}  # exact at every point
REACHING = {
    **KNOWN,
    "alpha_in 0.5, i = 0": disk(0.0, alpha_in=0.5, scale_height=6.0),
    "alpha_in 0.5, i = 60": disk(60.0, alpha_in=0.5, scale_height=6.0),
    "alpha_in 0.5, i = 80": disk(80.0, alpha_in=0.5, scale_height=6.0),
}


def regular_means(model, frame, n):
    """Means over n x n regular points in every pixel, written out row by row of points."""
    steps = (np.arange(n) + 0.5) / n - 0.5
    row, column = np.indices(frame.shape_native).reshape(2, -1, 1)
    total = 0.0
    for up in steps:
        y, x = frame.sky_from(row + up + 0 * steps, column + steps)
        points = np.stack([y.ravel(), x.ravel()], axis=-1)
        total = total + model.image_2d_from(da.Grid2DIrregular(points)).array.reshape(-1, n).sum(axis=1)
    return (total / n**2).reshape(frame.shape_native)


def star_pixel_mean(model, frame):
    """scipy's Gauss quadrature in polar coordinates over pixel (7, 7), from the star to the sides, corner to corner."""
    star = np.array(frame.center) - 7.0
    corners = [np.arctan2(b - star[1], a - star[0]) for a in (-0.5, 0.5) for b in (-0.5, 0.5) if (a, b) != tuple(star)]
    angles = np.unique(np.concatenate([corners, np.linspace(-np.pi, np.pi, 17)]))
    if abs(star[0]) == 0.5:
        angles = angles[(angles >= -np.pi) & (angles <= -np.pi / 2)]

    def ray(angle):
        direction = np.cos(angle)[:, None], np.sin(angle)[:, None]
        sides = [(np.where(d > 0, 0.5, -0.5) - s) / d for s, d in zip(star, direction, strict=True)]
        edge = np.minimum(*sides)

        def along(tau):  # distance = edge * tau^4
            b = edge * tau**4
            y, x = frame.sky_from(*(c + b * d for c, d in zip(frame.center, direction, strict=True)))
            values = model.image_2d_from(da.Grid2DIrregular(np.stack([y.ravel(), x.ravel()], axis=-1))).array
            return values.reshape(b.shape) * b * edge * 4 * tau**3

        return fixed_quad(along, 0.0, 1.0, n=40)[0]

    return sum(fixed_quad(ray, a, b, n=32)[0] for a, b in zip(angles, angles[1:], strict=False))


def ring_edge(table, quick):
    """Rows (size, uniform error, adaptive error, sub-pixels per pixel) and (tolerance, error, sub-pixels, largest)."""
    frame = da.Frame2D((19, 21), PIXEL, (9.2, 9.7), north_angle=20.0)
    exact = (4 * regular_means(SHARP, frame, 32) - regular_means(SHARP, frame, 16)) / 3

    def error(sizes):
        image = SHARP.image_2d_from(da.Grid2D(frame, sizes)).array
        return float(np.max(np.abs(image - exact)) / exact.max())

    rows = []
    for n in SIZES[:4] if quick else SIZES:
        sizes = da.adaptive_over_sample_size(SHARP, da.Grid2D(frame), tolerance=5e-4, largest=n)
        rows.append((n, error(n), error(sizes), np.mean(sizes**2)))
    for k, name in ((1, "uniform"), (2, "adaptive")):
        order = np.log2(rows[2][k] / rows[3][k])
        table.line(f"sharp edge, {name}: order from size 4 to 8", 1.8 < order < 2.5, f"{order:.2f}", "1.8-2.5")
    chosen = []
    for tolerance in (1e-1, 1e-2, 1e-3, 1e-4)[: 2 if quick else 4]:
        sizes = da.adaptive_over_sample_size(SHARP, da.Grid2D(frame), tolerance=tolerance, largest=64)
        chosen.append((tolerance, error(sizes), np.mean(sizes**2), sizes.max()))
        limit = 1.3 * tolerance
        table.line(f"sharp edge, tolerance {tolerance:g}", chosen[-1][1] < limit, chosen[-1][1], limit)
    return rows, chosen


def better(special, regular, size):
    """Whether an error is below that of regular sub-pixels and below 1.5 / size^2; the error, the smaller limit."""
    limit = min(regular, 1.5 / size**2)
    return special < limit, special, limit


def star_pixels(table, quick):
    """Rows (disk, where the star is, errors of regular sub-pixels, errors of the star's pixel)."""
    rows = []
    for name, model in REACHING.items():
        for place, center in CENTERS.items():
            frame = da.Frame2D((15, 15), PIXEL, center, north_angle=-30.0)
            exact = star_pixel_mean(model, frame)
            mask = da.Mask2D(~((np.indices((15, 15)) == 7).all(axis=0)), frame)
            sizes = SIZES[1:4] if quick else SIZES[1:]
            special = [abs(model.image_2d_from(da.Grid2D(mask, n)).array[7, 7] / exact - 1) for n in sizes]
            one = da.Frame2D((1, 1), PIXEL, (center[0] - 7, center[1] - 7), north_angle=-30.0)
            regular = [abs(regular_means(model, one, n)[0, 0] / exact - 1) for n in sizes]
            rows.append((name, place, regular, special))
            if name in KNOWN:
                order = np.log2(special[1] / special[-1]) / np.log2(sizes[-1] / sizes[1])
                table.line(f"{name}, star {place}: order", order > 2, f"{order:.2f}", "2")
            else:
                table.line(f"{name}, star {place}: beats regular", *better(special[-1], regular[-1], sizes[-1]))
    return rows


def moved_stars(sizes=(2, 4, 8, 16), offsets=(0.0, 0.01, 0.03, 0.1, 0.3)):
    """Rows (offset of the star in pixels, errors of the star's pixel), the worst of eight directions."""
    rows = []
    for offset in offsets:
        errors = np.zeros(len(sizes))
        for angle in np.arange(8) * np.pi / 4 + 0.1:
            shift = offset * np.cos(angle), offset * np.sin(angle)
            exact = star_pixel_mean(Cusp(), da.Frame2D((15, 15), PIXEL, (7.0 + shift[0], 7.0 + shift[1])))
            instrument = da.Instrument(offset_y=shift[0] * PIXEL, offset_x=shift[1] * PIXEL)
            scene = da.Scene(disks={"cusp": Cusp()}, instrument=instrument)
            images = [scene.image_2d_from(da.Grid2D.uniform((15, 15), PIXEL, over_sample_size=n)).array for n in sizes]
            errors = np.maximum(errors, [abs(image[7, 7] / exact - 1) for image in images])
        rows.append((offset, errors))
    return rows


def same_on_jax(table):
    """Eager, compiled and mapped over distinct rows; sizes from a model with JAX numbers; derivatives."""
    jnp = da.enable_jax()
    import jax

    frame = da.Frame2D((9, 9), 2 * PIXEL, (4.31, 3.8), north_angle=-30.0)
    mask = da.Mask2D.wedge(frame, 20.0, 330.0)
    scene = da.Scene(disks={"belt": disk(60.0, alpha_in=0.5)}, instrument=da.Instrument(psf=da.GaussianPSF(fwhm=0.5)))
    sizes = da.adaptive_over_sample_size(scene, da.Grid2D(mask))
    on_jax = da.adaptive_over_sample_size(jax.tree.map(jnp.asarray, scene), da.Grid2D(mask))
    table.line("sizes of a model with JAX numbers", np.array_equal(sizes, on_jax))
    traced = jax.jit(lambda model: da.adaptive_over_sample_size(model, da.Grid2D(mask)))
    table.raises("sizes of a traced model are refused", da.BackendError, lambda: traced(scene), "static", "outside")
    paths = ("disks.belt.inclination", "instrument.offset_y", "disks.belt.density.alpha_in")
    rows = np.random.default_rng(3).uniform((0.0, -0.1, 0.3), (180.0, 0.1, 5.0), (64, 3))

    for name, chosen in (("uniform", 3), ("adaptive", sizes)):
        grid = da.Grid2D(mask, chosen)

        def image(row, xp=jnp, grid=grid):
            model = scene
            for path, value in zip(paths, row, strict=True):
                model = da.replace(model, path, value)
            return model.image_2d_from(grid, xp=xp)

        expected = np.stack([image(row, xp=np).array for row in rows])
        compiled = jax.jit(image)
        results = [compiled(row) for row in rows]
        table.same(f"{name}: compiled", [result.array for result in results], expected, rows, paths)
        table.line(f"{name}: an Image2D of the mask", type(results[0]) is da.Image2D and results[0].mask == mask)
        table.same(f"{name}: mapped", jax.vmap(compiled)(rows).array, expected, rows, paths)
        if name == "uniform":  # the adaptive grid holds every kind of pixel
            continue
        table.same(f"{name}: eager", [image(row).array for row in rows[:2]], expected[:2], rows, paths)
        derivatives = jax.jit(jax.vmap(jax.jacfwd(lambda row: image(row).array)))(rows[:8])
        table.finite(f"{name}: derivatives", derivatives, rows, paths)
        table.gradient(f"{name}: their values", derivatives[:2], functools.partial(_plain, image), rows[:2], paths)


def _plain(image, row):
    return image(row, xp=np).array


def scientific(values):
    return " | ".join(f"{v:.0e}" for v in values)


def page(edge, chosen, stars, moved):
    """The text of docs/over_sampling.md."""
    lines = [TEXT_TOP, "| size | uniform: error | adaptive: error | sub-pixels per pixel |", "|---|---|---|---|"]
    lines += [f"| {n} | {u:.1e} | {a:.1e} | {m:.1f} |" for n, u, a, m in edge]
    lines += [TEXT_TOLERANCE, "| tolerance | error | sub-pixels per pixel | largest size |", "|---|---|---|---|"]
    lines += [f"| {t:g} | {e:.1e} | {m:.1f} | {n} |" for t, e, m, n in chosen]
    head = " | ".join(f"{kind}, {n}" for kind in ("regular", "star's pixel") for n in SIZES[1:])
    lines += [TEXT_STAR, f"| brightness | star | {head} |", "|---" * (2 + 2 * len(SIZES[1:])) + "|"]
    lines += [f"| {n} | {p} | {scientific(r)} | {scientific(s)} |" for n, p, r, s in stars]
    lines += [TEXT_MOVED, "| offset [pixel] | size 2 | size 4 | size 8 | size 16 |", "|---|---|---|---|---|"]
    lines += [f"| {offset:g} | {scientific(errors)} |" for offset, errors in moved]
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer sizes, no table of moved stars")
    parser.add_argument("--write", action="store_true", help="renew docs/over_sampling.md")
    arguments = parser.parse_args()
    quick = arguments.quick and not arguments.write
    table = Table("Convergence of pixel means")
    edge, chosen = ring_edge(table, quick)
    stars = star_pixels(table, quick)
    same_on_jax(table)
    if not quick:
        text = page(edge, chosen, stars, moved_stars())
        print("\n" + "\n".join(line for line in text.splitlines() if line.startswith("|")) + "\n")
        if arguments.write:
            PAGE.write_text(text)
    table.finish()


if __name__ == "__main__":
    main()
