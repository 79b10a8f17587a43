"""What a Python annotation becomes in YAML, which has lists where Python has tuples and no objects of its own."""

__all__ = ["written"]

import dataclasses
from functools import reduce
from operator import or_
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import Discriminator, Field, Tag


def written(hint, section):
    """The annotation of a key.

    Parameters
    ----------
    hint
        The annotation of a field or argument.
    section : callable
        From a dataclass and its `kind` (None: there is no choice) to the Section that describes its objects; it
        returns None for a class that a configuration cannot describe.
    """
    origin, parts = get_origin(hint), get_args(hint)
    if hint in (tuple, list):
        return list[int | float]
    if hint is Path:
        return str
    if origin is list or (origin is tuple and Ellipsis in parts):
        return list[written(parts[0], section)]
    if origin is tuple:
        item = reduce(or_, [written(part, section) for part in parts])
        return Annotated[list[item], Field(min_length=len(parts), max_length=len(parts))]
    if origin in (Union, UnionType):
        return _union(parts, section)
    if dataclasses.is_dataclass(hint):
        return section(hint, None)
    return hint


def _union(parts, section):
    """Plain values and, chosen by their `kind`, objects."""
    classes = [part for part in parts if dataclasses.is_dataclass(part)]
    plain = [written(part, section) for part in parts if part not in classes]
    if not classes:
        return reduce(or_, plain)
    sections = [section(cls, _kind(cls) if len(parts) > 2 or "From" in cls.__name__ else None) for cls in classes]
    chosen = Annotated[reduce(or_, sections), Field(discriminator="kind")] if len(sections) > 1 else sections[0]
    simple = [part for part in plain if part is not type(None)]
    if not simple:
        return reduce(or_, [chosen, *plain])
    either = Annotated[chosen, Tag("mapping")] | Annotated[reduce(or_, plain), Tag("plain")]
    return Annotated[either, Discriminator(_mapping_or_plain)]


def _mapping_or_plain(value: Any) -> Literal["mapping", "plain"]:
    return "mapping" if isinstance(value, dict) else "plain"


def _kind(cls):
    """The word for a class among its like: NoiseFromAnnuli is `annuli`."""
    return cls.__name__.rpartition("From")[2].lower()
