"""The map between the vector a sampler sees and the model an astronomer names."""

__all__ = ["ParameterSpace", "Tied"]

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..backend.constant import Constant, held_at
from ..backend.namespace import concrete
from ..backend.pytree import children, component, exchanged, get_at, replace, set_at, static
from ..errors import ParameterError, ShapeError
from .parameter import parameters_of
from .priors import Linear


@dataclasses.dataclass(frozen=True)
class Tied:
    """A parameter that always equals another, named by its path."""

    to: str


@dataclasses.dataclass(frozen=True)
class _Free:
    """One free parameter: where it lives, its prior, and its slice of the vector."""

    path: str
    prior: object
    start: int
    shape: tuple

    @property
    def size(self):
        return math.prod(self.shape)

    @property
    def names(self):
        return (self.path,) if self.shape == () else tuple(f"{self.path}[{k}]" for k in range(self.size))


@component
class ParameterSpace:
    """Which parameters of a model are free, their priors, and their order in a vector.

    Made with ``ParameterSpace.of(model, priors)``.

    Attributes
    ----------
    template : component
        The model; what is not free stays at its values.
    """

    template: object
    free: tuple = static()
    tied: tuple = static(default=())
    linear: tuple = static(default=())

    @classmethod
    def of(cls, model: Any, priors: Mapping[str, Any]) -> "ParameterSpace":
        """Free the parameters named in ``priors``.

        Parameters
        ----------
        model : component
            Usually a Scene.
        priors : dict
            Attribute path -> prior (or Tied, or Linear), such as ``{"disks.belt.inclination": Uniform(60, 88)}``. An
            array parameter takes one element of the vector per entry. Linear ones are no part of the vector.

        Raises
        ------
        ParameterError
            If a path does not exist, is not a number, or its prior has no common part with the physical range.
        """
        free: list[_Free] = []
        tied: list[tuple] = []
        linear: list = []
        position = 0
        for path, prior in priors.items():
            value, spec = get_at(model, path), spec_at(model, path)
            if spec is None or children(value) is not None:
                raise ParameterError(f"{path!r} is not a parameter but a {type(value).__name__}")
            if isinstance(prior, Tied):
                if prior.to not in priors or isinstance(priors[prior.to], Tied):
                    raise ParameterError(f"{path!r} is tied to {prior.to!r}, which is not a free parameter")
                tied.append((path, prior.to))
                continue
            if isinstance(prior, Linear):
                linear.append(_Free(path, prior, sum(f.size for f in linear), np.shape(value)))
                continue
            if isinstance(prior, type) or not hasattr(prior, "log_density"):
                raise ParameterError(f"the prior of {path!r} must be a prior such as Uniform(0, 1), got {prior!r}")
            free.append(_Free(path, prior, position, np.shape(value)))
            position += free[-1].size
        if not free:
            raise ParameterError(
                "no parameter is free: name at least one path and its prior"
                + (", one that is not Linear" if linear else "")
            )
        for path, to in tied:
            model = replace(model, path, get_at(model, to))
        for f in free:
            _check_overlap(f, _specs(model, f, tied))
        for f in linear:
            _check_linear(f, _specs(model, f, tied))
        varied = [p for f in (*free, *linear) for p in _paths(f, tied)]
        model = _with_constants(_prepared(model, free, tied), varied)
        return cls(template=model, free=tuple(free), tied=tuple(tied), linear=tuple(linear))

    @property
    def size(self):
        """Number of elements of the vector."""
        return self.free[-1].start + self.free[-1].size

    @property
    def names(self):
        """One name per element of the vector."""
        return tuple(name for f in self.free for name in f.names)

    @property
    def units(self):
        """One unit per element of the vector, "" for pure numbers."""
        return tuple(spec_at(self.template, f.path).unit for f in self.free for _ in range(f.size))

    @property
    def priors(self):
        """One prior per element of the vector."""
        return tuple(f.prior for f in self.free for _ in range(f.size))

    @property
    def bounds(self):
        """Lower and upper ends of what each element may take: prior support within the physical range."""
        ends = [_support(f.prior, self._specs(f)) for f in self.free for _ in range(f.size)]
        return np.array([e[0] for e in ends]), np.array([e[1] for e in ends])

    @property
    def linear_size(self):
        """Number of linear parameters, which are solved for and no part of the vector."""
        return sum(f.size for f in self.linear)

    @property
    def linear_names(self):
        """One name per linear parameter."""
        return tuple(name for f in self.linear for name in f.names)

    @property
    def linear_units(self):
        """One unit per linear parameter."""
        return tuple(spec_at(self.template, f.path).unit for f in self.linear for _ in range(f.size))

    @property
    def linear_priors(self):
        """One Linear per linear parameter."""
        return tuple(f.prior for f in self.linear for _ in range(f.size))

    @property
    def linear_bounds(self):
        """Lower and upper bounds of the linear parameters, infinite where there are none."""
        ends = [_linear_bounds(f.prior, self._specs(f)) for f in self.linear for _ in range(f.size)]
        return np.array([e[0] for e in ends]), np.array([e[1] for e in ends])

    @property
    def improper(self):
        """Names of linear parameters whose flat prior has no finite integral, so that an evidence is not defined."""
        rows = zip(self.linear_names, self.linear_priors, *self.linear_bounds, strict=True)
        return tuple(name for name, p, lo, hi in rows if not (p.is_gaussian or (np.isfinite(lo) and np.isfinite(hi))))

    @property
    def linear_paths(self):
        """For every linear parameter the paths where its value goes: its own and those tied to it."""
        return tuple(_paths(f, self.tied) for f in self.linear for _ in range(f.size))

    def with_linear(self, model, values):
        """A model with its linear parameters exchanged, built without checks; works on tracers.

        Parameters
        ----------
        model : component
        values : array, shape (k,)
            In the order of ``linear_names``.
        """
        parts = {}
        for f in self.linear:
            value = values[f.start : f.start + f.size].reshape(f.shape) if f.shape else values[f.start]
            parts |= dict.fromkeys(_paths(f, self.tied), value)
        return exchanged(model, parts, checked=False)

    def linear_values(self, model=None, *, xp=np):
        """The linear parameters of a model (default: of the template), shape (k,)."""
        model = self.template if model is None else model
        if not self.linear:
            return xp.zeros((0,))
        return xp.concat([xp.reshape(xp.asarray(get_at(model, f.path)), (f.size,)) for f in self.linear])

    def to_vector(self, model: Any = None, *, xp: Any = np) -> Any:
        """The free parameters of a model (default: of the template) as a vector, shape (n,)."""
        model = self.template if model is None else model
        return xp.concat([xp.reshape(xp.asarray(get_at(model, f.path)), (f.size,)) for f in self.free])

    def to_model(self, vector: Any) -> Any:
        """The model at a vector; works on tracers.

        Raises
        ------
        ShapeError
            If the vector has the wrong length.
        ParameterError
            If a visible number is outside its parameter's physical range.
        """
        vector = self._checked(vector)
        values: dict[str, Any] = {}
        for f in self.free:
            value = vector[f.start : f.start + f.size].reshape(f.shape) if f.shape else vector[f.start]
            values |= dict.fromkeys(_paths(f, self.tied), value)
        return exchanged(self.template, values, checked=concrete(vector))

    def log_prior(self, vector: Any, *, xp: Any = np) -> Any:
        """Logarithm of the prior density; -inf outside a prior's support or a physical range."""
        vector = self._checked(vector)
        total = xp.asarray(0.0)
        for k, prior in enumerate(self.priors):
            total = total + prior.log_density(vector[k], xp=xp)
        return xp.where(self.is_physical(vector, xp=xp), total, xp.asarray(-math.inf))

    def is_physical(self, vector, *, xp=np):
        """Whether every element lies in its parameter's physical range, as a 0-d boolean."""
        vector = self._checked(vector)
        inside = xp.asarray(True)
        for f in self.free:
            for spec in self._specs(f):
                for k in range(f.start, f.start + f.size):
                    inside = xp.logical_and(inside, spec.contains(vector[k], xp=xp))
        return inside

    def from_unit_cube(self, u: Any, *, xp: Any = np) -> Any:
        """The vector at a point of the unit cube, shape (n,) -> (n,): the prior transform."""
        u = self._checked(u)
        return xp.stack([prior.from_unit(u[k], xp=xp) for k, prior in enumerate(self.priors)])

    def wrapped(self, vector):
        """A vector with every periodic angle brought into its prior's interval."""
        return np.array(
            [p.wrapped(v) if hasattr(p, "wrapped") else v for p, v in zip(self.priors, vector, strict=True)]
        )

    def _specs(self, free):
        return _specs(self.template, free, self.tied)

    def _checked(self, vector):
        vector = vector if hasattr(vector, "shape") else np.asarray(vector, dtype=float)
        if tuple(vector.shape) != (self.size,):
            raise ShapeError(
                f"the vector needs shape ({self.size},), one entry per {list(self.names)}; got {vector.shape}"
            )
        return vector


def spec_at(model, path):
    """The ParameterSpec declared at a dotted path, or None."""
    parent, _, name = path.rpartition(".")
    owner = get_at(model, parent) if parent else model
    return parameters_of(owner).get(name) if dataclasses.is_dataclass(owner) else None


def _paths(free, tied):
    """Where the value of a free parameter goes: its own path and those tied to it."""
    return (free.path, *(path for path, to in tied if to == free.path))


def _specs(model, free, tied):
    return [spec_at(model, path) for path in _paths(free, tied)]


def _support(prior, specs):
    """Ends of what a free parameter may take: its prior's support within its own and its tied ones' physical range."""
    own = [] if hasattr(prior, "wrapped") else [prior]
    return max(s.lower for s in (*specs, *own)), min(s.upper for s in (*specs, *own))


def _check_overlap(free, specs):
    lower, upper = _support(free.prior, specs)
    if not lower < upper:
        ranges = ", ".join(f"{spec.range_text} ({spec.doc})" for spec in specs)
        raise ParameterError(f"{free.path}: {free.prior!r} lies outside the physical range {ranges}")


def _linear_bounds(prior, specs):
    """Bounds of a linear parameter: those asked for within the physical range, an infinite one instead of it."""
    lower, upper = max(s.lower for s in specs), min(s.upper for s in specs)
    if prior.minimum is not None:
        lower = prior.minimum if math.isinf(prior.minimum) else max(lower, prior.minimum)
    if prior.maximum is not None:
        upper = prior.maximum if math.isinf(prior.maximum) else min(upper, prior.maximum)
    return lower, upper


def _check_linear(linear, specs):
    lower, upper = _linear_bounds(linear.prior, specs)
    if not lower < upper:
        ranges = ", ".join(f"{spec.range_text} ({spec.doc})" for spec in specs)
        raise ParameterError(f"{linear.path}: {linear.prior!r} leaves nothing of the physical range {ranges}")
    with np.errstate(over="ignore", invalid="ignore"):
        density = linear.prior.log_density(np.asarray(lower if np.isfinite(lower) else 0.0), lower, upper)
    if not np.isfinite(density):
        raise ParameterError(f"{linear.path}: {linear.prior!r} has no probability between {lower:g} and {upper:g}")


def _prepared(model, free, tied):
    """Let components settle what depends on the range of free parameters, theirs or below (``prepare(ranges)``)."""
    ranges = {}
    owners = {path: f.path for f in free for path in _paths(f, tied)}
    supports = {f.path: _support(f.prior, _specs(model, f, tied)) for f in free}
    for path, source in owners.items():
        parts = path.split(".")
        for k in range(len(parts)):
            ranges.setdefault(".".join(parts[:k]), {})[".".join(parts[k:])] = supports[source]
    for parent, fields in sorted(ranges.items(), key=lambda item: -len(item[0])):
        owner = get_at(model, parent) if parent else model
        if hasattr(owner, "prepare"):
            settled = owner.prepare(fields)
            model = set_at(model, parent, settled) if parent else settled
    return model


def _with_constants(model, free_paths):
    """The model with every parameter held where formulas are simpler marked as known to compiled code."""
    for path, spec in _declared(model):
        if spec.simple is not None and path not in free_paths and held_at(get_at(model, path), spec.simple):
            model = set_at(model, path, Constant(spec.simple))
    return model


def _declared(node, prefix=""):
    """Path and ParameterSpec of every parameter below a node."""
    if dataclasses.is_dataclass(node):
        for name, spec in parameters_of(node).items():
            yield prefix + name, spec
    for name, child in (children(node) or {}).items():
        yield from _declared(child, f"{prefix}{name}.")
