"""Is the image finite everywhere, and are its derivatives true? Random disks on 15 x 15 pixels, the star on one.

    python workspace_test/robustness.py [--draws 1000] [--gradients 300] [--derivatives 20] [--seed 0]

The acceptance run is ``--draws 100000 --gradients 10000``. Every number a Disk has varies, over wide priors. Values of
NumPy and of compiled JAX must be finite and equal, gradients finite; the same at the symmetric points. Automatic
derivatives are compared, pixel by pixel, with fourth-order central differences. What fails is printed with its disk.
"""

import argparse
import warnings

import numpy as np
from _harness import Table

import diskarray as da

DENSITY = ("radius", "alpha_in", "alpha_out", "scale_height", "gamma", "beta", "eccentricity", "argument_of_pericenter")
ORIENTATION = ("inclination", "position_angle", "distance", "optical_depth", "offset_x", "offset_y")
NAMES = (*DENSITY, "g", *ORIENTATION)
GRID, STAR = da.Grid2D.uniform((15, 15), 0.2), 112  # 14.4 au per pixel at 72 pc; the pixel the star sits on
AROUND = da.Grid2DIrregular(
    [
        (b * np.sin(t), b * np.cos(t))
        for b in (0.004, 0.01, 0.03, 0.06, 0.1, 0.14)
        for t in np.arange(0.5, 8) * np.pi / 4
    ]
)
EQUAL, TRUE, ZERO = 1e-12, 1e-5, 1e-10
WIDTHS = (3e-2, 1e-2, 3e-3, 1e-3, 1e-4, 1e-5)  # of the length over which the image changes with a parameter
STENCIL = ((-2, 1 / 12), (-1, -2 / 3), (1, 2 / 3), (2, -1 / 12))
POINTS = {
    "i = 0": {"inclination": 0.0},
    "i = 90": {"inclination": 90.0},
    "i = 180": {"inclination": 180.0},
    "e = 0": {"eccentricity": 0.0},
    "g = 0": {"g": 0.0},
    "PA = 0": {"position_angle": 0.0},
    "PA = 360": {"position_angle": 360.0},
    # pixels exactly in the mid-plane: with gamma near 1 the brightness has a cusp there and no derivative
    "i = 90, PA = 0, no offset": {
        "inclination": 90.0,
        "position_angle": 0.0,
        "offset_x": 0.0,
        "offset_y": 0.0,
        "gamma": 2.0,
    },
    "i = 0, PA = 90, e = 0, no offset": {
        "inclination": 0.0,
        "position_angle": 90.0,
        "eccentricity": 0.0,
        "offset_x": 0.0,
        "offset_y": 0.0,
    },
    "ring through the star": {"offset_x": 40.0, "offset_y": 0.0, "radius": 40.0, "eccentricity": 0.0},
    "pericenter on a pixel": {
        "eccentricity": 0.3,
        "argument_of_pericenter": 0.0,
        "position_angle": 0.0,
        "distance": 70.0,
        "radius": 60.0,
        "offset_x": 0.0,
        "offset_y": 0.0,
    },
}


def drawn(n, random):
    """Rows of disks, shape (n, 15), over the ranges of the requirement."""
    radius = random.uniform(20.0, 120.0, n)
    columns = {
        "radius": radius,
        "alpha_in": np.exp(random.uniform(0.0, np.log(30.0), n)),
        "alpha_out": random.uniform(-15.0, -1.5, n),
        "scale_height": radius * np.exp(random.uniform(np.log(0.002), np.log(0.15), n)),
        "gamma": random.uniform(1.0, 4.0, n),
        "beta": random.uniform(0.0, 2.0, n),
        "eccentricity": random.uniform(0.0, 0.4, n),
        "argument_of_pericenter": random.uniform(-180.0, 180.0, n),
        "g": random.uniform(-0.95, 0.95, n),
        "inclination": random.uniform(0.0, 180.0, n),
        "position_angle": random.uniform(0.0, 360.0, n),
        "distance": random.uniform(50.0, 100.0, n),
        "optical_depth": np.exp(random.uniform(np.log(1e-5), np.log(1e-1), n)),
        "offset_x": random.uniform(-0.1, 0.1, n) * radius,
        "offset_y": random.uniform(-0.1, 0.1, n) * radius,
    }
    return np.stack([columns[name] for name in NAMES], axis=-1)


def with_settings(rows, settings):
    rows = np.array(rows)
    for name, value in settings.items():
        rows[:, NAMES.index(name)] = value
    return rows


def disk_of(row):
    values = dict(zip(NAMES, row, strict=True))
    return da.Disk(
        density=da.TwoPowerLaw(**{name: values[name] for name in DENSITY}),
        phase_function=da.HenyeyGreenstein(values["g"]),
        **{name: values[name] for name in ORIENTATION},
    )


def described(row):
    return ", ".join(f"{name}={float(value)!r}" for name, value in zip(NAMES, row, strict=True))


def numpy_images(rows):
    """Images of rows, shape (n, pixels), and the rows at which NumPy warned."""
    images, warned = [], []
    for k, row in enumerate(rows):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            images.append(disk_of(row).image_2d_from(GRID).array.ravel())
        warned += [k] * bool(caught)
    return np.array(images), warned


class Compiled:
    """Images, gradients and Jacobians of rows of disks, compiled once each for chunks of rows."""

    CHUNK = 64

    def __init__(self):
        import jax

        jnp = da.enable_jax()
        weights = np.random.default_rng(7).uniform(0.5, 1.5, 225)

        def image(row):
            return disk_of(row).image_2d_from(GRID, xp=jnp).array.ravel()

        self.weights = weights
        self._image = jax.jit(jax.vmap(image))
        self._gradient = jax.jit(jax.vmap(jax.grad(lambda row: weights @ image(row))))
        self._jacobian = jax.jit(jax.vmap(jax.jacfwd(image)))

    def images(self, rows):
        return self._chunks(self._image, rows, self.CHUNK)

    def gradients(self, rows):
        """Of the sum of all pixels with positive weights, by reverse mode: one bad pixel makes it bad."""
        return self._chunks(self._gradient, rows, self.CHUNK)

    def jacobians(self, rows):
        return self._chunks(self._jacobian, rows, 8)

    @staticmethod
    def _chunks(function, rows, size):
        padded = np.concatenate([rows, np.repeat(rows[-1:], -len(rows) % size, axis=0)])
        parts = [np.asarray(function(padded[k : k + size])) for k in range(0, len(padded), size)]
        return np.concatenate(parts)[: len(rows)]


def worst_of(errors, rows):
    k = int(np.argmax(np.where(np.isnan(errors), np.inf, errors)))
    return float(errors[k]), described(rows[k])


def largest(values):
    """The largest magnitude over pixels (second axis)."""
    return np.abs(values).max(axis=1, keepdims=True)


def check_star(table, name, rows):
    """The star's pixel is not brighter than the brightest points in it, from 1/50 of a pixel off: 1/d^2 is averaged."""
    pairs = [
        (disk_of(row).image_2d_from(GRID).array.flat[STAR], disk_of(row).image_2d_from(AROUND).array.max())
        for row in rows
    ]
    ratios = np.array([own / max(near, 1e-290) for own, near in pairs])
    table.line(
        f"{name}: star's pixel / brightest point in it",
        ratios.max() <= 1,
        float(ratios.max()),
        1.0,
        f"{(~(ratios <= 1)).sum()} of {len(rows)} rows; {described(rows[int(np.argmax(ratios))])}",
    )


def check_finite(table, name, values, rows):
    bad = ~np.isfinite(values)
    each = bad.any(axis=1)
    detail = f"{each.sum()} of {len(rows)} rows; first: {described(rows[int(np.argmax(each))])}"
    if values.shape[1] == len(NAMES):
        detail = f"components {[n for n, b in zip(NAMES, bad.any(axis=0), strict=True) if b]}; {detail}"
    table.line(name, not bad.any(), f"{bad.sum()} bad", "0", detail)


def check_values(table, name, compiled, rows):
    """NumPy and compiled JAX: finite, not negative, and equal."""
    for start in range(0, len(rows), 20000):
        part = rows[start : start + 20000]
        label = name if len(rows) <= 20000 else f"{name} [{start}:]"
        (numpy, warned), jax = numpy_images(part), compiled.images(part)
        check_finite(table, f"{label}: NumPy values finite", numpy, part)
        check_finite(table, f"{label}: JAX values finite", jax, part)
        table.line(
            f"{label}: NumPy warns of nothing",
            not warned,
            f"{len(warned)} rows",
            "0",
            described(part[warned[0]]) if warned else "",
        )
        with np.errstate(invalid="ignore"):
            errors = (np.abs(numpy - jax) / (largest(numpy) + 1e-290)).max(axis=1)
        worst, culprit = worst_of(errors, part)
        table.line(f"{label}: NumPy equals JAX", worst <= EQUAL, worst, EQUAL, culprit)


def check_gradients(table, name, compiled, rows):
    check_finite(table, f"{name}: gradients finite", compiled.gradients(rows), rows)


def folded(rows):
    """The same disks written with an inclination in 0-180, an eccentricity above 0: a stencil may step over the end."""
    rows = np.array(rows)
    column = {name: rows[:, k] for k, name in enumerate(NAMES)}
    beyond = (column["inclination"] < 0) | (column["inclination"] > 180)
    column["inclination"][:] = np.where(beyond, -column["inclination"] % 360, column["inclination"])
    for name in ("position_angle", "argument_of_pericenter"):
        column[name][:] += 180.0 * beyond
    for name in ("offset_x", "offset_y"):
        column[name][:] *= np.where(beyond, -1.0, 1.0)
    negative = column["eccentricity"] < 0
    column["eccentricity"][:] = np.abs(column["eccentricity"])
    column["argument_of_pericenter"][:] += 180.0 * negative
    return rows


def lengths_of(row):
    """How far each parameter goes until the image looks different: the unit of the steps."""
    p = dict(zip(NAMES, row, strict=True))
    thin = p["scale_height"] / p["radius"]
    sharp = 1 / max(p["alpha_in"], -p["alpha_out"])
    angle = np.degrees(min(thin, sharp))
    lengths = {
        "radius": p["radius"] * sharp,
        "alpha_in": p["alpha_in"],
        "alpha_out": p["alpha_out"],
        "scale_height": p["scale_height"],
        "gamma": p["gamma"],
        "beta": 0.3,
        "eccentricity": sharp,
        "argument_of_pericenter": 20.0,
        "g": 1 - abs(p["g"]),
        "inclination": angle,
        "position_angle": angle,
        "distance": p["distance"] * sharp,
        "optical_depth": p["optical_depth"],
        "offset_x": p["radius"] * sharp,
        "offset_y": p["radius"] * sharp,
    }
    return np.array([abs(lengths[name]) for name in NAMES])


def differences(compiled, row):
    """Central differences of every pixel, shape (widths, pixels, parameters)."""
    lengths = lengths_of(row)
    shifts = np.array(
        [
            [[w * m * lengths[k] * (np.arange(len(NAMES)) == k) for m, _ in STENCIL] for k in range(len(NAMES))]
            for w in WIDTHS
        ]
    )
    images = compiled.images(folded(row + shifts.reshape(-1, len(NAMES))))
    images = images.reshape(len(WIDTHS), len(NAMES), len(STENCIL), -1)
    sums = np.einsum("wkmp,m->wpk", images, np.array([weight for _, weight in STENCIL]))
    return sums / (np.array(WIDTHS)[:, None, None] * lengths)


def derivative_errors(compiled, row, jacobian):
    """Relative errors of the derivatives and the differences they were compared with, shape (pixels, parameters).

    Of several steps the best counts at each pixel: a wrong derivative is wrong at every one. An error counts relative
    to the parameter's largest difference over pixels. Where that is zero, ``ZERO`` of the peak per length is allowed.
    """
    found = differences(compiled, row)
    errors = np.abs(found - jacobian)
    best = np.argmin(np.where(np.isfinite(errors), errors, np.inf), axis=0)[None]
    found, errors = (np.take_along_axis(a, best, axis=0)[0] for a in (found, errors))
    floor = ZERO / TRUE * largest(compiled.images(row[None])).T / lengths_of(row)
    return errors / (np.maximum(largest(found.T).T, floor) + 1e-290), found


def wrong_derivatives(rows, jacobians, errors, found):
    """One line per parameter that is wrong anywhere: where it is worst, and at which disk."""
    lines = []
    for k, name in enumerate(NAMES):
        n, pixel = np.unravel_index(np.argmax(errors[:, :, k]), errors.shape[:2])
        if not errors[n, pixel, k] <= TRUE:
            count = int((errors[:, :, k].max(axis=1) > TRUE).sum())
            lines.append(
                f"d/d {name}: {errors[n, pixel, k]:.1e} at pixel {divmod(int(pixel), 15)}, "
                f"{jacobians[n, pixel, k]:.6g} instead of {found[n, pixel, k]:.6g}, {count} of {len(rows)} rows; "
                f"{described(rows[n])}"
            )
    return "\n    ".join(lines)


def check_derivatives(table, name, compiled, rows):
    jacobians = compiled.jacobians(rows)
    check_finite(table, f"{name}: Jacobians finite", jacobians.reshape(-1, len(NAMES)), np.repeat(rows, 225, axis=0))
    pairs = [derivative_errors(compiled, row, jac) for row, jac in zip(rows, jacobians, strict=True)]
    errors, found = (np.array(part) for part in zip(*pairs, strict=True))
    worst = float(errors.max())
    table.line(
        f"{name}: derivatives true", worst <= TRUE, worst, TRUE, wrong_derivatives(rows, jacobians, errors, found)
    )
    reverse, forward = compiled.gradients(rows), np.einsum("p,npk->nk", compiled.weights, jacobians)
    floor = ZERO * np.array([largest(compiled.images(row[None])).max() / lengths_of(row) for row in rows]) / 1e-9
    scale = np.maximum(np.einsum("p,npk->nk", compiled.weights, np.abs(jacobians)), floor) + 1e-290
    worst, culprit = worst_of((np.abs(reverse - forward) / scale).max(axis=1), rows)
    table.line(f"{name}: reverse mode equals forward mode", worst <= 1e-9, worst, 1e-9, culprit)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--gradients", type=int, default=300)
    parser.add_argument("--derivatives", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    random, compiled = np.random.default_rng(arguments.seed), Compiled()
    table = Table("robustness: 15 x 15 pixels, the star on one of them")
    check_values(table, "random", compiled, drawn(arguments.draws, random))
    check_gradients(table, "random", compiled, drawn(arguments.gradients, random))
    check_star(table, "random", drawn(100, random))
    check_derivatives(table, "random", compiled, drawn(arguments.derivatives, random))
    for name, settings in POINTS.items():
        check_values(table, name, compiled, with_settings(drawn(max(20, arguments.draws // 50), random), settings))
        for check, n in ((check_gradients, arguments.gradients), (check_derivatives, arguments.derivatives // 5)):
            check(table, name, compiled, with_settings(drawn(max(2, n // 10), random), settings))
    rows = with_settings(drawn(64, random), {"position_angle": 0.0})
    turned = compiled.images(with_settings(rows, {"position_angle": 360.0}))
    once = compiled.images(rows)
    worst, culprit = worst_of(np.abs(once - turned).max(axis=1) / once.max(axis=1), rows)
    table.line("PA 0 and 360 are the same", worst <= EQUAL, worst, EQUAL, culprit)
    table.finish()


if __name__ == "__main__":
    main()
