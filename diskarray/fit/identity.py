"""Digests: one tells two posteriors apart, by all numbers, masks, settings and priors in them; one two sets of data."""

__all__ = ["data_digest", "identity_of"]

import dataclasses
import hashlib
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version

import numpy as np

from ..errors import ParameterError

_ORIGIN = ("source", "header")  # where an image came from: no number depends on them


def identity_of(*parts):
    """SHA-256 hex digest of the parts, the same in every process.

    Parameters
    ----------
    parts
        Components, dataclasses, arrays, numbers, texts, and tuples, lists or mappings of them; objects of other classes
        count by their class and attributes.

    Raises
    ------
    ParameterError
        If something has no attributes or numbers to go by, such as a function without a name.
    """
    return _digest(_version(), *parts)


def data_digest(data):
    """SHA-256 hex digest of the pixels that count, their noise, and where they lie, whatever the model.

    Evidences compare models of the same data only.

    Parameters
    ----------
    data : Imaging, mapping of str to Imaging, or anything else
        Of what is not made of Imaging nothing is known, and the digest is "". Names do not count, their order does.
    """
    images = tuple(data.values()) if hasattr(data, "values") else (data,)
    if not all(hasattr(image, "noise_map") for image in images):
        return ""
    return _digest(
        *(
            (
                image.unit,
                getattr(image, "observable", "total"),
                image.mask.frame,
                image.mask.array,
                np.asarray(image.data.slim),
                np.asarray(image.noise_map.slim),
            )
            for image in images
        )
    )


def _digest(*parts):
    digest = hashlib.sha256()
    for part in parts:
        for piece in _pieces(part, ()):
            digest.update(len(piece).to_bytes(8, "little"))
            digest.update(piece)
    return digest.hexdigest()


def _version():
    try:
        return version("diskarray")
    except PackageNotFoundError:
        return "unknown"


def _pieces(node, above):
    """Unambiguous byte strings of a tree, depth first; ``above`` are the objects it is a part of."""
    if node is None or isinstance(node, (bool, int, str, bytes)):
        yield f"{type(node).__name__} {node!r}".encode()
    elif isinstance(node, float):
        yield f"float {float(node).hex()}".encode()
    elif dataclasses.is_dataclass(node) and not isinstance(node, type):
        yield from _of_object(node, above)
    elif isinstance(node, np.generic) or hasattr(node, "__array__"):
        yield from _of_array(np.asarray(node))
    elif isinstance(node, Mapping):
        yield f"mapping {len(node)}".encode()
        for key, value in node.items():
            yield from _pieces(key, above)
            yield from _pieces(value, above)
    elif isinstance(node, (tuple, list, set, frozenset)):
        yield f"sequence {len(node)}".encode()
        for value in sorted(node, key=repr) if isinstance(node, (set, frozenset)) else node:
            yield from _pieces(value, above)
    elif isinstance(node, type) or callable(node):
        yield _name(node)
    else:
        yield from _of_object(node, above)


def _of_array(array):
    if array.dtype.hasobject:
        raise ParameterError("an array of Python objects has no digest: use numbers")
    if array.dtype.kind == "f" and not array.ndim:
        yield from _pieces(float(array), ())
        return
    array = np.ascontiguousarray(array.astype(array.dtype.newbyteorder("<"), copy=False))
    yield f"array {array.dtype.str} {array.shape}".encode()
    yield array.tobytes()


def _of_object(node, above):
    if any(node is one for one in above):
        yield b"itself"
        return
    yield _name(type(node))
    attributes = _attributes(node)
    if not attributes and type(node).__repr__ is not object.__repr__:
        yield repr(node).encode()
    for name, value in attributes.items():
        yield name.encode()
        yield from _pieces(value, (*above, node))


def _attributes(node):
    """What an object is made of; the rest is derived from it."""
    if dataclasses.is_dataclass(node):
        names = (field.name for field in dataclasses.fields(node) if field.name not in _ORIGIN)
        return {name: getattr(node, name) for name in names}
    slots = {name for cls in type(node).__mro__ for name in getattr(cls, "__slots__", ())}
    public = {name: getattr(node, name) for name in slots if not name.startswith("_") and hasattr(node, name)}
    return dict(sorted((public | getattr(node, "__dict__", {})).items()))


def _name(what):
    own = what.__name__ if isinstance(what, np.ufunc) else None  # before NumPy 2.2 they have no other
    module, name = getattr(what, "__module__", None), getattr(what, "__qualname__", own)
    if name is None:
        raise ParameterError(f"{what!r} has no name that a digest could be made of: use an object with attributes")
    return f"named {module}.{name}".encode()
