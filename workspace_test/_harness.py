"""What the parity scripts share: distinct parameter rows, comparisons, finite differences, and the printed table.

Every script runs alone and prints one table; its exit code is 0 only if every line of it passed. ``--quick`` leaves
out what takes long: the mutation script runs the others that way.
"""

import argparse
import dataclasses
import math
import sys
import time
import warnings

import numpy as np

import diskarray as da
from diskarray.backend.pytree import children, get_at, set_at
from diskarray.optics.registry import PSFS
from diskarray.parameters.parameter import parameters_of
from diskarray.profiles.registry import DENSITIES, PHASE_FUNCTIONS

warnings.simplefilter("error")

VALUE, GRADIENT = 1e-12, 1e-5  # of the peak; of the largest derivative
# what a class needs that has no default; a new class whose fields are not here fails until they are
NEEDED = {
    "kernel": np.exp(-np.hypot(*np.mgrid[-3:4, -2:4])) + 0.01,
    "kernels": np.exp(-np.hypot(*np.mgrid[-3:4, -2:4]) / np.array([0.7, 1.0, 1.5])[:, None, None]) + 0.01,
    "weight_maps": np.stack([np.linspace(0.1 + k, 0.9 - k, 17 * 15).reshape(17, 15) for k in (0.0, 0.3, 0.6)]),
    "references": np.cos(np.arange(2 * 17 * 15) ** 1.1).reshape(2, 17, 15),
    "lower": 0.5,
    "upper": 3.0,
    "mean": 1.2,
    "sigma": 0.7,
}
PREFERRED = {  # a kernel that does not change its shape with its width, and no value at which parameters are idle
    "half_width": 0.4,
    "fwhm": 0.2,
    "axis_ratio": 0.8,
    "angle": 30.0,
    "transmission": np.linspace(0.2, 1.0, 17 * 15).reshape(17, 15),
    "weights": np.array([1.0, 0.6]),
    "shift_y": np.array([0.02, -0.05]),
    "shift_x": -0.03,
}
PREFERRED_OF = {  # a monotone curve has no derivative where it is flat
    "TabulatedPhaseFunction": {"values": np.array([0.93, 0.61, 0.34, 0.22, 0.17, 0.28, 0.45])},
    "TabulatedPolarization": {"values": np.array([0.11, 0.33, 0.42, 0.27, 0.09])},
}
_EIGHTH_ORDER = ((1, 4 / 5), (2, -1 / 5), (3, 4 / 105), (4, -1 / 280))


class Table:
    """One line per check; ``finish`` prints the verdict and ends the script."""

    def __init__(self, title):
        self.began, self.failures, self.lines = time.perf_counter(), 0, 0
        print(f"{title}\n  {'check':<58} {'worst':>10} {'allowed':>10}", flush=True)

    def line(self, name, passed, worst="", allowed="", detail=""):
        numbers = [f"{n:.2e}" if isinstance(n, float) else str(n) for n in (worst, allowed)]
        print(f"  {name:<58} {numbers[0]:>10} {numbers[1]:>10}  {'ok' if passed else 'FAILED'}", flush=True)
        if not passed and detail:
            print(f"    {detail}", flush=True)
        self.lines += 1
        self.failures += not passed

    def same(self, name, got, expected, rows=None, names=(), tolerance=VALUE, peak=None):
        """Row by row equal to ``tolerance`` of the row's peak, infinities at the same places, never NaN."""
        got, expected = np.asarray(got, dtype=float), np.asarray(expected, dtype=float)
        if got.shape != expected.shape:
            return self.line(name, False, detail=f"shape {got.shape}, expected {expected.shape}")
        flat_got, flat = (
            np.reshape(a, (len(expected), -1)) if expected.ndim else np.reshape(a, (1, 1)) for a in (got, expected)
        )
        finite = np.isfinite(flat)
        own = np.max(np.abs(np.where(finite, flat, 0.0)), axis=1, keepdims=True)
        peak = (own if peak is None else np.reshape(peak, (-1, 1))) + 1e-290
        with np.errstate(invalid="ignore"):
            error = np.where(finite, np.abs(flat_got - flat) / peak, np.where(flat_got == flat, 0.0, np.inf))
        error = np.max(np.where(np.isnan(flat_got), np.inf, error), axis=1)
        worst = int(np.argmax(error))
        passed = bool(error[worst] <= tolerance)
        return self.line(name, passed, float(error[worst]), tolerance, described(worst, rows, names))

    def finite(self, name, values, rows=None, names=()):
        """Nowhere NaN or infinite."""
        values = np.asarray(values)
        bad = ~np.isfinite(values)
        where = np.argwhere(bad)
        detail = (
            f"{len(where)} entries, first at {where[0].tolist()}; {described(where[0][0], rows, names)}"
            if len(where)
            else ""
        )
        self.line(name, not bad.any(), f"{int(bad.sum())} bad", "0", detail)

    def gradient(self, name, exact, function, rows, names, widths=(1e-2, 1e-3, 1e-4)):
        """Derivatives, shape (rows, ..., n), against finite differences of ``function(vector)``.

        Of several step widths the best counts: a wrong derivative is wrong at every one.
        """
        worst, culprit = 0.0, ""
        for derivatives, row in zip(np.asarray(exact), rows, strict=True):
            level = np.max(np.abs(function(row)))
            for k, parameter in enumerate(names):
                step = max(abs(row[k]), 1e-2)
                scale = max(np.max(np.abs(derivatives[..., k])), 1e-7 * level / step + 1e-290)
                errors = [difference(function, row, k, step * h) - derivatives[..., k] for h in widths]
                error = float(min(np.max(np.abs(e)) for e in errors) / scale)
                if not error <= worst:
                    worst, culprit = error, f"d/d {parameter}; {described(0, [row], names)}"
        self.line(name, worst <= GRADIENT, worst, GRADIENT, culprit)

    def raises(self, name, error, function, *words):
        """``function()`` raises ``error`` with every word in its message."""
        try:
            function()
        except error as raised:
            missing = [word for word in words if word not in str(raised)]
            return self.line(name, not missing, detail=f"{missing} not in: {raised}")
        except Exception as raised:
            return self.line(name, False, detail=f"raised {raised!r}")
        return self.line(name, False, detail="nothing was raised")

    def finish(self):
        seconds = time.perf_counter() - self.began
        print(f"  {self.lines - self.failures} of {self.lines} passed in {seconds:.0f} s\n", flush=True)
        sys.exit(1 if self.failures or not self.lines else 0)


def described(row, rows, names):
    if rows is None:
        return f"row {row}"
    return f"row {row}: " + ", ".join(f"{n}={v:.17g}" for n, v in zip(names, rows[row], strict=True))


def difference(function, vector, k, step):
    """Central difference of eighth order along one parameter."""
    total = 0.0
    for multiple, weight in _EIGHTH_ORDER:
        offset = np.zeros(vector.size)
        offset[k] = multiple * step
        total = total + weight * (function(vector + offset) - function(vector - offset))
    return total / step


class Numbers:
    """Everything that is a number in a model, as one vector.

    A declared parameter is one entry, or one per number where it is an array. An array field is one entry, the
    strength (0 as it is) of a ramp that its values are multiplied with, so that its shape changes and not only its
    scale.
    """

    def __init__(self, model):
        self.model, self.parts, names, specs, vector = model, [], [], [], []
        for path, spec in _walked(model, ""):
            value = np.asarray(get_at(model, path)) if spec else np.zeros(())
            self.parts.append((path, spec, len(vector), value.shape))
            names += [f"{path}[{k}]" for k in range(value.size)] if value.shape else [path]
            specs += [spec] * value.size
            vector += value.ravel().tolist()
        self.names, self.specs, self.vector = tuple(names), specs, np.array(vector)

    def place(self, vector, xp=np):
        """The model at a vector, built without checks."""
        return self._placed(vector, set_at, xp)

    def checked(self, vector):
        """The same through the public constructors, with plain numbers."""
        return self._placed(np.asarray(vector), lambda model, path, value: da.replace(model, path, _plain(value)), np)

    def _placed(self, vector, exchanged, xp):
        model = self.model
        for path, spec, start, shape in self.parts:
            value = vector[start : start + math.prod(shape)].reshape(shape) if shape else vector[start]
            model = exchanged(model, path, value if spec else self._ramped(path, value, xp))
        return model

    def _ramped(self, path, strength, xp):
        array = np.asarray(get_at(self.model, path))
        ramp = np.linspace(0.0, 1.0, array.size).reshape(array.shape) ** 2
        return xp.asarray(array) * (1.0 + strength * xp.asarray(ramp))

    def supports(self):
        for spec in self.specs:
            if spec is None:
                yield -0.5, 2.0
            elif hasattr(spec.prior, "mean") and not np.isfinite(spec.prior.lower):
                yield spec.prior.mean - 3 * spec.prior.sigma, spec.prior.mean + 3 * spec.prior.sigma
            else:
                yield max(spec.prior.lower, spec.lower), min(spec.prior.upper, spec.upper)

    def rows(self, n_near=24, n_scatter=40, seed=1):
        """At least 64 different rows: near the values given, drawn from the default priors, at bounds and zeros."""
        random = np.random.default_rng(seed)
        lower, upper = np.array(list(self.supports())).T
        near = self.vector + 0.01 * (upper - lower) * random.standard_normal((n_near, self.vector.size))
        u = random.uniform(size=(n_scatter, self.vector.size))
        drawn = [
            spec.prior.from_unit(u[:, k]) if spec else lower[k] + u[:, k] * (upper[k] - lower[k])
            for k, spec in enumerate(self.specs)
        ]
        near = np.where(near > upper, 2 * upper - near, np.where(near < lower, 2 * lower - near, near))
        rows = [self.vector, *near, *np.clip(np.stack(drawn, axis=-1), lower, upper)]
        for k, spec in enumerate(self.specs):
            for value in (lower[k], upper[k], 0.0):
                if spec is None or bool(spec.contains(value)):
                    rows.append(np.where(np.arange(self.vector.size) == k, value, self.vector))
        rows = np.array([row for k, row in enumerate(rows) if not any(np.array_equal(row, r) for r in rows[:k])])
        assert len(rows) >= min(64, n_near + n_scatter), "too few distinct rows"
        return rows


def _plain(value):
    """A single number as Python's own."""
    return value if np.ndim(value) else float(value)


def _walked(node, prefix):
    specs = parameters_of(node) if hasattr(node, "__dataclass_fields__") else {}
    for name, child in (children(node) or {}).items():
        path = f"{prefix}{name}"
        if name in specs:
            yield path, specs[name]
        elif children(child) is not None:
            yield from _walked(child, f"{path}.")
        elif child is not None:
            yield path, None


def example(cls):
    """An object of a registered class, from its defaults and the tables above."""
    fields = [f for f in dataclasses.fields(cls) if f.init]
    required = {f.name: NEEDED[f.name] for f in fields if f.default is f.default_factory is dataclasses.MISSING}
    preferred = PREFERRED | PREFERRED_OF.get(cls.__name__, {})
    return cls(**required, **{f.name: preferred[f.name] for f in fields if f.name in preferred})


RULES = (da.Quadrature("layer", 6), da.Quadrature("panels", 6))  # the choice between them has a comparison of its own


def full_scene(psf, shape=(17, 15), n_disks=2):
    """Disks that differ in density and phase function, an instrument with everything, a star.

    Every registered component by itself is rendered in parity_components.py.
    """
    densities = list(DENSITIES.items())
    phases = [(name, PHASE_FUNCTIONS[name]) for name in ("henyey_greenstein", "spline")]
    disks = {}
    for k in range(n_disks):
        (density, density_class), (phase, phase_class) = densities[k % len(densities)], phases[k % len(phases)]
        disks[f"{density}_{phase}"] = da.Disk(
            density=example(density_class),
            phase_function=example(phase_class),
            inclination=(62.0 + 21 * k) % 180,
            position_angle=27.0 - 80 * k,
            distance=72.0,
            optical_depth=2e-3,
            offset_x=1.5,
            offset_y=-2.0 + k,
            rule=RULES[k % len(RULES)],
        )
    throughput = np.linspace(0.6, 1.0, shape[0] * shape[1]).reshape(shape)
    instrument = da.Instrument(psf=example(PSFS[psf]), throughput=throughput, offset_y=0.004, offset_x=-0.007)
    return da.Scene(
        disks=disks,
        instrument=instrument,
        star=da.Star(flux=1200.0, unit="mJy"),
        sources={"planet": da.PointSource(y=0.61, x=-0.33, flux=1e-5), "far_star": da.PointSource(y=-1.9, x=1.8)},
        stellar_residual=example(da.StellarResidual),
        background=0.02,
    )


def full_grid(shape=(17, 15), masked=True):
    """Pixels around a star that sits on a pixel's center, finer near it, a ring and a wedge of them unmasked."""
    frame = da.Frame2D(shape, 0.17, center=(9.0, 6.0), north_angle=15.0)
    mask = da.Mask2D.annular(frame, 0.2, 1.3) | da.Mask2D.wedge(frame, 20.0, 350.0)
    sizes = np.ones(shape, dtype=int)
    sizes[7:12, 4:9] = 3
    return da.Grid2D(mask if masked else da.Mask2D.none(frame), sizes)


def begin(title):
    """(arguments, jax, jax.numpy, Table) of a script."""
    parser = argparse.ArgumentParser(description=title)
    parser.add_argument("--quick", action="store_true", help="fewer rows, no gradients")
    arguments = parser.parse_args()
    jnp = da.enable_jax()
    import jax

    return arguments, jax, jnp, Table(title)
