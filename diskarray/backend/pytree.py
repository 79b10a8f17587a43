"""Frozen dataclasses that are JAX pytrees as soon as JAX is around.

``@component`` makes a frozen dataclass whose fields are leaves (or subtrees) unless declared with ``static()``.
Nothing is guessed from ``__dict__``, no flag or cache becomes a leaf, and JAX is never imported by it: a class is
registered with JAX when one of its objects is made, or by ``enable_jax()``, provided JAX is loaded by then.
"""

__all__ = [
    "FrozenDict",
    "array_field",
    "build",
    "children",
    "component",
    "exchanged",
    "get_at",
    "leaves",
    "map_leaves",
    "on_namespace",
    "register_pending",
    "register_with_jax",
    "replace",
    "set_at",
    "static",
]

import dataclasses
import sys
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, TypeVar, dataclass_transform

import numpy as np

from ..errors import DiskArrayError, ParameterError, nearest
from .namespace import is_jax_namespace

T = TypeVar("T")

_PENDING: dict[type, Callable[[], None]] = {}


def static(default: Any = dataclasses.MISSING, **metadata: Any) -> Any:
    """A field that is structure, not number: hashable, compared by value, never traced."""
    return dataclasses.field(default=default, metadata={"static": True, **metadata})


def array_field(default: Any = dataclasses.MISSING, **metadata: Any) -> Any:
    """A leaf field that holds an array (or None), kept as it is."""
    return dataclasses.field(default=default, metadata={"array": True, **metadata})


@cache
def _names(cls, is_static):
    return tuple(f.name for f in dataclasses.fields(cls) if bool(f.metadata.get("static")) is is_static)


def build(cls, **values):
    """An object of a component class made without running its checks (values may be tracers)."""
    new = object.__new__(cls)
    for name, value in values.items():
        object.__setattr__(new, name, value)
    return new


def _register(cls):
    from jax.tree_util import GetAttrKey, register_pytree_with_keys

    dynamic, fixed = _names(cls, False), _names(cls, True)

    def flatten_with_keys(obj):
        return (
            tuple((GetAttrKey(n), getattr(obj, n)) for n in dynamic),
            tuple(getattr(obj, n) for n in fixed),
        )

    def unflatten(aux, values):
        return build(cls, **dict(zip(dynamic, values, strict=True)), **dict(zip(fixed, aux, strict=True)))

    register_pytree_with_keys(cls, flatten_with_keys, unflatten)


def _register_frozen_dict():
    from jax.tree_util import DictKey, register_pytree_with_keys

    register_pytree_with_keys(
        FrozenDict,
        lambda d: (tuple((DictKey(k), v) for k, v in d.items()), tuple(d)),
        lambda keys, values: FrozenDict(zip(keys, values, strict=True)),
    )


def register_pending():
    """Register with JAX every component class that is not registered yet; nothing happens without JAX."""
    if "jax" not in sys.modules or not hasattr(sys.modules["jax"], "tree_util"):
        return
    while _PENDING:
        cls, register = _PENDING.popitem()
        register()


def register_with_jax(cls, register):
    """Have ``register()`` called as soon as JAX is around, to make objects of a class known to it."""
    _PENDING[cls] = register
    register_pending()


@dataclass_transform(frozen_default=True, kw_only_default=False, field_specifiers=(static, array_field))
def component(cls: type[T]) -> type[T]:
    """Class decorator: a frozen dataclass, a JAX pytree, and a constructor that checks physical ranges.

    A class may define ``prepare_fields(self)`` to bring its fields to their final form (it may use
    ``object.__setattr__``) and ``check(self)`` to raise on combinations that make no sense; ``prepare_fields``
    receives the dataclass's init-only values, if any. Quantities given for parameters are plain numbers by then; a
    class whose parameter has no fixed unit takes the quantity itself in ``prepare_units(self)``.
    """

    return _component(cls)


def _component(cls):
    def __post_init__(self, *init_only):
        register_pending()
        if hasattr(self, "prepare_units"):
            self.prepare_units()
        parameters = _parameters(type(self))
        for name, spec in parameters:
            _take_unit(self, name, spec)
        if hasattr(self, "prepare_fields"):
            self.prepare_fields(*init_only)
        for name, spec in parameters:
            object.__setattr__(self, name, spec.accept(type(self).__name__, name, getattr(self, name)))
        if hasattr(self, "check"):
            self.check()

    if "__post_init__" in cls.__dict__:
        raise TypeError(f"{cls.__name__}: a component defines prepare_fields(self) or check(self), not __post_init__")
    cls.__post_init__ = __post_init__
    cls.__setstate__ = _set_state
    cls.__jax_array__ = property(_met_by_jax)
    cls = dataclasses.dataclass(frozen=True, eq=False)(cls)
    for field in dataclasses.fields(cls):
        spec = field.metadata.get("parameter")
        if spec is not None:
            spec.document(cls, field.name)
    register_with_jax(cls, lambda: _register(cls))
    return cls


def _set_state(self, state):
    """Unpickling and copying: NumPy makes the arrays writable again, here they are frozen as they were."""
    register_pending()
    for name, value in state.items():
        if isinstance(value, np.ndarray):
            value.flags.writeable = False
        object.__setattr__(self, name, value)


def _met_by_jax(self):
    """JAX looks this attribute up on an object it does not know: the one chance to say what to do."""
    if type(self) in _PENDING:
        raise DiskArrayError(  # not a BackendError: JAX swallows a TypeError here
            f"this {type(self).__name__} was made before JAX was imported, so JAX does not know its type yet: "
            "call da.enable_jax() once, then use it"
        )
    raise AttributeError("__jax_array__")


@cache
def _parameters(cls):
    """Name and declaration of every parameter of a component class."""
    declared = ((f.name, f.metadata.get("parameter")) for f in dataclasses.fields(cls))
    return tuple((name, spec) for name, spec in declared if spec is not None)


def _take_unit(obj, name, spec):
    """Bring a quantity to a plain number in its parameter's unit."""
    given = getattr(obj, name)
    value = spec.without_unit(type(obj).__name__, name, given)
    if value is not given:
        object.__setattr__(obj, name, value)


class FrozenDict(Mapping):
    """A dictionary that cannot be changed, pickles, and is a JAX pytree; the order of its keys is kept."""

    def __init__(self, *args, **kwargs):
        object.__setattr__(self, "_items", dict(*args, **kwargs))
        register_pending()

    def __getitem__(self, key):
        return self._items[key]

    def __iter__(self):
        return iter(self._items)

    def __len__(self):
        return len(self._items)

    def __setattr__(self, name, value):
        raise AttributeError("a FrozenDict cannot be changed")

    def __delattr__(self, name):
        raise AttributeError("a FrozenDict cannot be changed")

    def __repr__(self):
        return repr(self._items)

    def __reduce__(self):
        return FrozenDict, (self._items,)


register_with_jax(FrozenDict, _register_frozen_dict)


def children(node):
    """The named subtrees of a component, dictionary or tuple; None for a leaf."""
    if dataclasses.is_dataclass(node) and not isinstance(node, type):
        return {n: getattr(node, n) for n in _names(type(node), False)}
    if isinstance(node, (dict, FrozenDict)):
        return dict(node)
    if isinstance(node, tuple):
        return {str(i): v for i, v in enumerate(node)}
    return None


def leaves(node):
    """Every leaf below ``node``, depth first; None counts as no leaf."""
    below = children(node)
    if below is None:
        if node is not None:
            yield node
    else:
        for child in below.values():
            yield from leaves(child)


def map_leaves(function, node):
    """A copy of the tree with ``function`` applied to every leaf, built without checks."""
    below = children(node)
    if below is None:
        return None if node is None else function(node)
    return _rebuilt(node, {name: map_leaves(function, child) for name, child in below.items()})


def on_namespace(node, xp):
    """The tree with every number as an array of the namespace ``xp`` (0-d for single ones).

    Objects of a user's plain class, which are leaves too, stay as they are. For JAX so do Python's own numbers: they
    are known while code is compiled, and simpler formulas may be chosen for them.
    """

    def moved(leaf):
        number = isinstance(leaf, (int, float)) and not is_jax_namespace(xp)
        return xp.asarray(leaf) if number or hasattr(leaf, "shape") else leaf

    return map_leaves(moved, node)


def _rebuilt(node, values):
    if isinstance(node, FrozenDict):
        return FrozenDict(values)
    if isinstance(node, dict):
        return dict(values)
    if isinstance(node, tuple):
        return tuple(values.values())
    return build(type(node), **{**{n: getattr(node, n) for n in _names(type(node), True)}, **values})


def get_at(node: Any, path: str) -> Any:
    """The part of a tree at a dotted path such as ``"disks.belt.inclination"``.

    Raises
    ------
    ParameterError
        If the path does not exist; the message names the nearest spellings.
    """
    walked: list[str] = []
    for key in path.split("."):
        below = children(node)
        if below is None or key not in below:
            where = ".".join(walked) or type(node).__name__
            raise ParameterError(f"there is no {path!r}: {where!r} has no {key!r}; {nearest(key, below or ())}")
        node = below[key]
        walked.append(key)
    return node


def exchanged(node, values, *, checked):
    """A copy of a tree with the parts at dotted paths exchanged.

    Parameters
    ----------
    node : component, dictionary or tuple
    values : mapping of str to value
    checked : bool
        Whether constructors run, once for every component on the way to a path; without them tracers pass.
    """
    below, deeper = children(node), {}
    for path, value in values.items():
        head, _, rest = path.partition(".")
        if rest:
            deeper.setdefault(head, {})[rest] = value
        else:
            below[head] = value
    for head, parts in deeper.items():
        below[head] = exchanged(below[head], parts, checked=checked)
    if not checked or not dataclasses.is_dataclass(node):
        return _rebuilt(node, below)
    return type(node)(**{n: getattr(node, n) for n in _names(type(node), True)}, **below)


def set_at(node, path, value):
    """A copy of a tree with the part at a dotted path exchanged, built without checks (tracers allowed)."""
    return exchanged(node, {path: value}, checked=False)


def replace(node: T, path: str, value: Any) -> T:
    """A checked copy of a component with the part at a dotted path exchanged.

    Parameters
    ----------
    node : component
        Any diskarray object, such as a Scene.
    path : str
        Attribute names joined by dots, such as ``"disks.belt.inclination"``.
    value
        The new number or component.

    Raises
    ------
    ParameterError
        If the path does not exist or the value is outside its physical range.
    """
    get_at(node, path)
    return exchanged(node, {path: value}, checked=True)
