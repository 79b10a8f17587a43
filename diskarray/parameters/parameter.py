"""The declaration of a parameter, written once on its component.

From it come the constructor's range check, the table in the class docstring, the configuration schema, plot
labels and default priors.
"""

__all__ = ["parameter", "ParameterSpec", "parameters_of"]

import dataclasses
import inspect
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from ..backend.namespace import concrete, is_jax_array, is_traced
from ..backend.operations import frozen
from ..backend.quantity import plain
from ..errors import ParameterError


@dataclasses.dataclass(frozen=True)
class ParameterSpec:
    """Default, unit, physical range, meaning and default prior of one parameter.

    ``minimum`` and ``maximum`` belong to the range, ``above`` and ``below`` are its excluded ends; None is
    unbounded. ``simple`` is a value at which formulas become simpler: a fit that holds the parameter there compiles
    those.
    """

    default: float
    unit: str = ""
    doc: str = ""
    minimum: float | None = None
    maximum: float | None = None
    above: float | None = None
    below: float | None = None
    prior: object = None
    simple: float | None = None

    @property
    def lower(self):
        """Lower end of the physical range, -inf where there is none."""
        return next((float(v) for v in (self.minimum, self.above) if v is not None), -np.inf)

    @property
    def upper(self):
        """Upper end of the physical range, inf where there is none."""
        return next((float(v) for v in (self.maximum, self.below) if v is not None), np.inf)

    @property
    def range_text(self):
        """The physical range in interval notation, such as ``(0, inf)``."""
        opening = "[" if self.minimum is not None else "("
        closing = "]" if self.maximum is not None else ")"
        return f"{opening}{self.lower:g}, {self.upper:g}{closing}"

    def contains(self, value, *, xp=np):
        """Whether ``value`` lies in the physical range (elementwise)."""
        inside = xp.asarray(value) == xp.asarray(value)
        for end, comparison in (
            (self.minimum, xp.greater_equal),
            (self.maximum, xp.less_equal),
            (self.above, xp.greater),
            (self.below, xp.less),
        ):
            if end is not None:
                inside = xp.logical_and(inside, comparison(xp.asarray(value), xp.asarray(float(end))))
        return inside

    def without_unit(self, owner, name, value):
        """A quantity as plain numbers in this parameter's unit; anything else as it is.

        Raises
        ------
        UnitError
            If its unit does not convert to this parameter's.
        """
        return plain(value, self.unit, f"{owner}.{name}")

    def accept(self, owner, name, value):
        """The value as a float (or float64 array), range-checked where its number can be seen.

        Raises
        ------
        ParameterError
            If it is not a real number, not finite, or outside the physical range.
        """
        if not concrete(value):
            if not (is_traced(value) or hasattr(value, "__array_namespace__")):
                raise ParameterError(f"{owner}.{name} must be a number, got {value!r} ({self.doc})")
            return value
        value = _as_float(owner, name, value)
        if not bool(np.all(np.isfinite(np.asarray(value)))):
            raise ParameterError(f"{owner}.{name} must be finite, got {value} ({self.doc})")
        if not bool(np.all(self.contains(np.asarray(value)))):
            unit = f" {self.unit}" if self.unit else ""
            raise ParameterError(
                f"{owner}.{name} = {value}{unit} is outside its physical range {self.range_text} ({self.doc})"
            )
        return value

    def document(self, cls, name):
        """Append this parameter's line to the docstring of its class."""
        told = inspect.cleandoc(cls.__doc__ or "")
        if "Parameters\n----------" not in told:
            told = f"{told}\n\nParameters\n----------"
        unit = f" [{self.unit}]" if self.unit else ""
        cls.__doc__ = (
            f"{told}\n{name} : float, default {self.default:g}\n    {self.doc}{unit}; range {self.range_text}."
        )


def _as_float(owner, name, value):
    array = np.asarray(value)
    if array.dtype.kind not in "iuf":
        raise ParameterError(f"{owner}.{name} must be a real number, got {value!r}")
    if is_jax_array(value):
        return value if array.dtype.kind == "f" else value.astype(float)
    return frozen(array) if array.ndim else float(array)


def parameter(
    default: Any,
    *,
    unit: str = "",
    doc: str = "",
    minimum: float | None = None,
    maximum: float | None = None,
    above: float | None = None,
    below: float | None = None,
    prior: Any = None,
    simple: float | None = None,
) -> Any:
    """Declare a parameter as a dataclass field; see ParameterSpec for the arguments."""
    spec = ParameterSpec(float(default), unit, doc, minimum, maximum, above, below, prior, simple)
    return dataclasses.field(default=float(default), metadata={"parameter": spec})


def parameters_of(cls: Any) -> Mapping[str, ParameterSpec]:
    """The parameters declared by a component class (or by an object's class).

    Returns
    -------
    MappingProxyType
        Name -> ParameterSpec, in the order of declaration, read-only.
    """
    fields = dataclasses.fields(cls)
    return MappingProxyType({f.name: f.metadata["parameter"] for f in fields if "parameter" in f.metadata})
