"""Results as text and arrays: a tree of frozen objects, numbers and names becomes JSON, its arrays go beside it.

Nothing that is read decides what code runs: an object is made anew only if its class is among those handed in.
"""

__all__ = ["Encoder", "Decoder", "Unstored", "holds_unstored", "type_name"]

import dataclasses
import math
import re
from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from ..backend.constant import Constant
from ..backend.namespace import is_jax_array, is_traced
from ..backend.pytree import FrozenDict, build
from ..errors import DataError, DiskArrayError
from ..files.npz import KINDS
from ..parameters.parameter import parameters_of

_OURS = __name__.partition(".")[0]
_MAPPINGS = {"dict": dict, "frozen": FrozenDict, "proxy": MappingProxyType}
_PLAIN_KEY = re.compile(r"[A-Za-z0-9_.]{1,80}")
_DEEPEST = 64


@dataclasses.dataclass(frozen=True)
class Unstored:
    """What stands in a loaded result for an object that no file can hold, such as a function.

    Attributes
    ----------
    kind : str
        Where its class lives.
    text : str
        How it described itself.
    """

    kind: str
    text: str


class Encoder:
    """Turns values into what JSON can hold; arrays are collected in ``arrays`` under the path where they were met."""

    def __init__(self):
        self.arrays = {}

    def encode(self, value, path):
        """The value as lists, dictionaries, text and finite numbers."""
        if value is None or type(value) in (bool, str, int):
            return value
        if type(value) is float:
            return value if math.isfinite(value) else {"$float": repr(value)}
        if type(value) is Constant:
            return {"$constant": self.encode(float(value), path)}
        if type(value) in (list, tuple):
            items = [self.encode(item, f"{path}.{k}") for k, item in enumerate(value)]
            return items if type(value) is list else {"$tuple": items}
        if isinstance(value, Mapping):
            return self._mapping(value, path)
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            return self._object(value, path)
        return self._array(value, path)

    def _mapping(self, value, path):
        kind = next((name for name, cls in _MAPPINGS.items() if type(value) is cls), None)
        if kind is None or not all(isinstance(key, str) for key in value):
            return _unstored(value)
        return {f"${kind}": [[str(k), self.encode(v, f"{path}.{k}")] for k, v in value.items()]}

    def _object(self, value, path):
        cls = type(value)
        if cls is Unstored:
            return {"$unstored": [value.kind, value.text]}
        fields = {
            f.name: self.encode(getattr(value, f.name), f"{path}.{f.name}" if path else f.name)
            for f in dataclasses.fields(cls)
            if _stored(cls, f)
        }
        return {"$object": type_name(cls), "fields": fields}

    def _array(self, value, path):
        if is_jax_array(value) and not is_traced(value):
            value = np.asarray(value)
        if not (type(value) is np.ndarray or isinstance(value, np.generic)) or value.dtype.kind not in KINDS:
            return _unstored(value)
        array = np.asarray(value)
        key = path if _PLAIN_KEY.fullmatch(path) and path not in self.arrays else f"array.{len(self.arrays)}"
        self.arrays[key] = array
        kind = "$scalar" if isinstance(value, np.generic) else "$array"
        return {kind: key, "dtype": array.dtype.str, "shape": list(array.shape)}


class Decoder:
    """Turns back what an Encoder made.

    Parameters
    ----------
    arrays : mapping of str to array
    classes : mapping of str to class
        Name, as from ``type_name``, -> class. Objects of others, and objects that hold one, become Unstored.
    roots : tuple of classes
        Those that are made whatever they hold.
    """

    def __init__(self, arrays, classes, roots=()):
        self.arrays, self.classes, self.roots = arrays, classes, roots

    def decode(self, value, depth=0):
        """The value that was encoded.

        Raises
        ------
        DataError
            If it is not what an Encoder makes, or an object is refused by its class.
        """
        if depth > _DEEPEST:
            raise DataError(f"nested deeper than {_DEEPEST} levels")
        if value is None or isinstance(value, (bool, str, int, float)):
            return value
        if isinstance(value, list):
            return [self.decode(item, depth + 1) for item in value]
        tag = next(iter(value), "")
        method = getattr(self, f"_{tag[1:]}", None) if tag in _TAGS else None
        if method is None:
            raise DataError(f"{tag!r} is no kind of value that a result holds")
        return method(value, depth + 1)

    def _float(self, value, depth):
        return {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}[value["$float"]]

    def _constant(self, value, depth):
        return Constant(self.decode(value["$constant"], depth))

    def _tuple(self, value, depth):
        return tuple(self.decode(value["$tuple"], depth))

    def _dict(self, value, depth, kind="dict"):
        return _MAPPINGS[kind]({k: self.decode(v, depth) for k, v in value[f"${kind}"]})

    def _frozen(self, value, depth):
        return self._dict(value, depth, "frozen")

    def _proxy(self, value, depth):
        return self._dict(value, depth, "proxy")

    def _unstored(self, value, depth):
        kind, text = value["$unstored"]
        return Unstored(str(kind), str(text))

    def _array(self, value, depth, tag="$array"):
        array = self.arrays[value[tag]]
        if array.dtype.str != value["dtype"] or list(array.shape) != value["shape"]:
            raise DataError(f"array {value[tag]!r} is not of the type and shape that are noted for it")
        array.flags.writeable = False
        return array

    def _scalar(self, value, depth):
        return self._array(value, depth, "$scalar")[()]

    def _object(self, value, depth):
        fields = {str(k): self.decode(v, depth) for k, v in value["fields"].items()}
        cls = self.classes.get(value["$object"])
        if cls is None or (cls not in self.roots and holds_unstored(fields)):
            return Unstored(str(value["$object"]), repr(fields)[:200])
        return _made(cls, fields)


_TAGS = {"$float", "$constant", "$tuple", "$dict", "$frozen", "$proxy", "$unstored", "$array", "$scalar", "$object"}


def type_name(cls):
    """The name under which a class is stored; a user's own class by its name alone, wherever it is defined."""
    if cls.__module__.partition(".")[0] == _OURS:
        return f"{cls.__module__}.{cls.__qualname__}"
    return cls.__qualname__


def holds_unstored(value):
    """Whether an object that no file can hold is somewhere in tuples, lists and mappings."""
    if isinstance(value, Mapping):
        return any(holds_unstored(item) for item in value.values())
    if isinstance(value, (list, tuple)):
        return any(holds_unstored(item) for item in value)
    return isinstance(value, Unstored)


def _is_component(cls):
    return "__jax_array__" in cls.__dict__


def _stored(cls, field):
    return field.init or _is_component(cls)


def _unstored(value):
    cls = type(value)
    return {"$unstored": [f"{cls.__module__}.{cls.__qualname__}", repr(value)[:200]]}


def _made(cls, values):
    """An object of a known class from its fields; numbers are held against their declared ranges."""
    fields = {f.name: f for f in dataclasses.fields(cls) if _stored(cls, f)}
    missing = [
        name
        for name, f in fields.items()
        if name not in values and f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING
    ]
    foreign = [name for name in values if name not in fields]
    if missing or foreign:
        fault = f"{missing or 'nothing'} is missing and {foreign or 'nothing'} is foreign"
        raise DataError(f"a {cls.__name__} in which {fault} is not of this version of diskarray")
    try:
        return _component(cls, values, fields) if _is_component(cls) else cls(**values)
    except DiskArrayError as error:
        raise DataError(f"a {cls.__name__} that makes no sense: {error}") from error


def _component(cls, values, fields):
    """A component with exactly the fields it had: what its constructor derived is taken, not derived again.

    Ranges are not checked: a linear parameter whose bounds were taken away may be beyond the physical one.
    """
    for name in parameters_of(cls):
        number = values.get(name, 0.0)
        if not isinstance(number, (float, int, np.ndarray, np.generic)) or np.asarray(number).dtype.kind not in "iuf":
            raise DataError(f"{cls.__name__}.{name} is {number!r}, which is no number")
    defaults = {
        n: f.default if f.default is not dataclasses.MISSING else f.default_factory()
        for n, f in fields.items()
        if n not in values
    }
    return build(cls, **defaults, **values)
