"""What the parity scripts share: distinct parameter rows, comparisons, finite differences, and the printed table.

Every script runs alone and prints one table; its exit code is 0 only if every line of it passed. ``--quick`` leaves
out what takes long: the mutation script runs the others that way.
"""

import argparse
import sys
import time
import warnings

import numpy as np

import diskarray as da
from diskarray.backend.pytree import children, get_at, set_at
from diskarray.parameters.parameter import parameters_of

warnings.simplefilter("error")

VALUE, GRADIENT = 1e-12, 1e-5  # of the peak; of the largest derivative
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

    def same(self, name, got, expected, rows=None, names=(), tolerance=VALUE):
        """Row by row equal to ``tolerance`` of the row's peak, infinities at the same places, never NaN."""
        got, expected = np.asarray(got, dtype=float), np.asarray(expected, dtype=float)
        if got.shape != expected.shape:
            return self.line(name, False, detail=f"shape {got.shape}, expected {expected.shape}")
        flat_got, flat = (np.reshape(a, (len(expected), -1)) if expected.ndim else np.reshape(a, (1, 1)) for a in (got, expected))
        finite = np.isfinite(flat)
        peak = np.max(np.abs(np.where(finite, flat, 0.0)), axis=1, keepdims=True) + 1e-290
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
        detail = f"{len(where)} entries, first at {where[0].tolist()}; {described(where[0][0], rows, names)}" if len(where) else ""
        self.line(name, not bad.any(), f"{int(bad.sum())} bad", "0", detail)

    def gradient(self, name, exact, function, vector, names):
        """Derivatives, shape (..., n), against finite differences of ``function(vector)``."""
        exact, n = np.asarray(exact), vector.size
        level = np.max(np.abs(function(vector)))
        worst, culprit = 0.0, ""
        for k in range(n):
            scale = np.max(np.abs(exact[..., k]))
            step = max(abs(vector[k]), 1e-2)
            if scale * step < 1e-9 * level:  # no influence: both must say so
                scale = 1e-9 * level / step + 1e-290
            error = min(np.max(np.abs(difference(function, vector, k, step * h) - exact[..., k])) for h in (1e-2, 1e-3, 1e-4))
            if not error / scale <= worst:
                worst, culprit = float(error / scale), f"{names[k]} at {vector.tolist()}"
        self.line(name, worst <= GRADIENT, worst, GRADIENT, culprit)

    def raises(self, name, error, function, *words):
        """``function()`` raises ``error`` with every word in its message."""
        try:
            function()
        except error as raised:
            missing = [word for word in words if word not in str(raised)]
            return self.line(name, not missing, detail=f"{missing} not in: {raised}")
        except Exception as raised:  # noqa: BLE001 - the wrong error is a finding, not an accident
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

    A declared parameter is one entry; an array field is one entry too, the strength (0 as it is) of a ramp that
    its values are multiplied with, so that its shape changes and not only its scale.
    """

    def __init__(self, model):
        self.model, self.entries = model, list(_walked(model, ""))
        self.names = tuple(path for path, _ in self.entries)
        self.vector = np.array([float(get_at(model, p)) if s else 0.0 for p, s in self.entries])

    def place(self, vector, xp=np):
        """The model at a vector, built without checks."""
        model = self.model
        for k, (path, spec) in enumerate(self.entries):
            model = set_at(model, path, vector[k] if spec else self._ramped(path, vector[k], xp))
        return model

    def checked(self, vector):
        """The same through the public constructors, with plain numbers."""
        model = self.model
        for k, (path, spec) in enumerate(self.entries):
            model = da.replace(model, path, float(vector[k]) if spec else self._ramped(path, vector[k], np))
        return model

    def _ramped(self, path, strength, xp):
        array = np.asarray(get_at(self.model, path))
        ramp = np.linspace(0.0, 1.0, array.size).reshape(array.shape) ** 2
        return xp.asarray(array) * (1.0 + strength * xp.asarray(ramp))

    def supports(self):
        for _, spec in self.entries:
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
            for k, (_, spec) in enumerate(self.entries)
        ]
        rows = [self.vector, *np.clip(near, lower, upper), *np.clip(np.stack(drawn, axis=-1), lower, upper)]
        for k, (_, spec) in enumerate(self.entries):
            for value in (lower[k], upper[k], 0.0):
                if spec is None or bool(spec.contains(value)):
                    rows.append(np.where(np.arange(self.vector.size) == k, value, self.vector))
        rows = np.array([row for k, row in enumerate(rows) if not any(np.array_equal(row, r) for r in rows[:k])])
        assert len(rows) >= min(64, n_near + n_scatter), "too few distinct rows"
        return rows


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


def begin(title):
    """(arguments, jax, jax.numpy, Table) of a script."""
    parser = argparse.ArgumentParser(description=title)
    parser.add_argument("--quick", action="store_true", help="fewer rows, no gradients")
    arguments = parser.parse_args()
    jnp = da.enable_jax()
    import jax

    return arguments, jax, jnp, Table(title)
