"""Guarded arithmetic: structures combine with numbers, fitting raw arrays, and their own kind on the same pixels."""

__all__ = ["arithmetic", "operand", "unwrap"]

import operator

import numpy as np

from ..backend.namespace import is_jax_array
from ..errors import ShapeError

_BINARY = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "truediv": operator.truediv,
    "pow": operator.pow,
}


def unwrap(value):
    """The raw array inside (possibly nested) structures; other values as they are."""
    while hasattr(type(value), "_with_array"):
        value = value.array
    return value


def arithmetic(cls):
    """Class decorator: ``+ - * / **`` and negation that keep the type.

    The class offers ``_combined(operation, other, reflected)``, which returns a new object or raises ShapeError.
    """

    def binary(operation, reflected):
        def method(self, other):
            return self._combined(operation, other, reflected)

        return method

    for name, operation in _BINARY.items():
        setattr(cls, f"__{name}__", binary(operation, False))
        setattr(cls, f"__r{name}__", binary(operation, True))
    cls.__neg__ = lambda self: self._combined(operator.mul, -1.0, False)
    cls.__pos__ = lambda self: self
    cls.__array_ufunc__ = None
    cls.__array__ = _as_numpy
    return cls


def _as_numpy(self, dtype=None, copy=None):
    """A NumPy copy of the raw array, for ``numpy.asarray``."""
    return np.array(self.array, dtype=dtype, copy=True)


def operand(structure, other, shapes):
    """The raw right-hand side of an operation with ``structure``, checked.

    Parameters
    ----------
    structure : structure
        The left-hand side; ``structure._layout()`` tells what must agree.
    other : number, array or structure
    shapes : tuple of tuple
        Shapes allowed for a raw array.
    """
    if hasattr(type(other), "_with_array"):
        if type(other) is not type(structure) or other._layout() != structure._layout():
            raise ShapeError(
                f"{structure!r} does not combine with {other!r}: they need the same type, mask, frame and axes"
            )
        return other.array
    shape = getattr(other, "shape", None)
    if shape is None:
        if isinstance(other, (tuple, list)):
            shape = (len(other), *(np.shape(other[0]) if other else ()))
        elif not isinstance(other, (int, float)) and not is_jax_array(other):
            raise ShapeError(f"{structure!r} does not combine with {type(other).__name__}")
        else:
            shape = ()
    if tuple(shape) not in shapes:
        raise ShapeError(f"{structure!r} does not combine with an array of shape {tuple(shape)}; fitting: {shapes}")
    return other
