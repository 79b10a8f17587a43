"""The schema as a list of keys with all that is known of each, for templates, the reference page and tests."""

__all__ = ["Key", "keys_of", "kind_of_section", "kinds_word"]

from dataclasses import dataclass
from types import UnionType
from typing import Annotated, Literal, Union, get_args, get_origin

from .schema import Section

_WORDS = {float: "number", int: "whole number", str: "text", bool: "true or false", type(None): "null"}
_SIGNS = (("ge", "["), ("gt", "("), ("le", "]"), ("lt", ")"))


@dataclass(frozen=True)
class Key:
    """One key of a section.

    Attributes
    ----------
    name
        The key.
    meaning
        What it is, in a sentence.
    takes
        What may stand there, in words.
    unit, range, prior
        Of a parameter: its unit, its physical range, and its default prior as a configuration writes it; "" elsewhere.
    default
        What holds without it, None where that is nothing.
    required
        Whether it must be given.
    sections
        The sections that may stand there; several where a kind is chosen.
    container
        "" for one of them, "list" for a list of them, "names" for a mapping from names of one's own.
    """

    name: str
    meaning: str
    takes: str
    unit: str
    range: str
    prior: str
    default: object
    required: bool
    sections: tuple
    container: str


def keys_of(section):
    """The keys of a section, in order."""
    return tuple(_key(name, field) for name, field in section.model_fields.items())


def kind_of_section(section):
    """The word that chooses a section, "" where there is no choice."""
    word = kinds_word(section)
    return get_args(section.model_fields[word].annotation)[0] if word else ""


def kinds_word(section):
    """The key under which a section's word stands: `kind`, or `reader` for data; "" where there is none."""
    return next((word for word in ("kind", "reader") if word in section.model_fields), "")


def _key(name, field):
    extra = field.json_schema_extra or {}
    sections, container = _sections(field.annotation), ""
    if sections:
        container = _container(field.annotation)
    default = extra.get("x-default")
    if default is None and not field.is_required() and isinstance(field.default, (bool, int, float, str)):
        default = field.default
    return Key(
        name=name,
        meaning=field.description or "",
        takes=_takes(field.annotation, sections, container),
        unit=extra.get("x-unit", ""),
        range=extra.get("x-range") or _range(field.metadata) or _range_within(field.annotation),
        prior=extra.get("x-prior", ""),
        default=default,
        required=field.is_required(),
        sections=sections,
        container=container,
    )


def _parts(annotation):
    """The annotations that one is made of, without what is attached to them."""
    if get_origin(annotation) is Annotated:
        return (get_args(annotation)[0],)
    if get_origin(annotation) in (Union, UnionType, list, tuple):
        return get_args(annotation)
    if get_origin(annotation) is dict:
        return get_args(annotation)[1:]
    return ()


def _sections(annotation):
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return (annotation,)
    found = [section for part in _parts(annotation) for section in _sections(part)]
    return tuple(dict.fromkeys(found))


def _container(annotation):
    origin = get_origin(annotation)
    if origin is dict:
        return "names"
    if origin is list:
        return "list"
    return next((found for part in _parts(annotation) if _sections(part) and (found := _container(part))), "")


def _takes(annotation, sections, container):
    if sections:
        kinds = [kind_of_section(section) for section in sections]
        what = f"section, one of {', '.join(kinds)}" if all(kinds) else "section"
        plain = [] if container else _words(annotation)
        what = " or ".join([what, *(word for word in plain if word != "null")])
        return {"": what, "list": f"list of: {what}", "names": f"names, each with a {what}"}[container]
    return " or ".join(word for word in dict.fromkeys(_words(annotation)) if word != "null") or "null"


def _words(annotation):
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return []
    if get_origin(annotation) is Literal:
        words = get_args(annotation)
        return [f"one of {', '.join(map(str, words))}" if len(words) > 1 else str(words[0])]
    if get_origin(annotation) is list:
        return [f"list of {_plural(word)}" for word in _words(get_args(annotation)[0])]
    if get_origin(annotation) is dict:
        return [f"names, each with a {_words(get_args(annotation)[1])[0]}"]
    parts = _parts(annotation)
    if parts:
        return [word for part in parts for word in _words(part)]
    return [_WORDS.get(annotation, "value")]


def _plural(word):
    return word if word in ("text", "true or false") or word.startswith(("one of", "list of")) else f"{word}s"


def _range_within(annotation):
    """The range of the numbers that a list or a choice is made of."""
    if get_origin(annotation) is Annotated:
        attached = [m for part in get_args(annotation)[1:] for m in getattr(part, "metadata", [part])]
        return _range(attached) or _range_within(get_args(annotation)[0])
    return next((found for part in _parts(annotation) if (found := _range_within(part))), "")


def _range(metadata):
    """Interval notation from pydantic's limits."""
    ends = {
        sign: getattr(one, name) for one in metadata for name, sign in _SIGNS if getattr(one, name, None) is not None
    }
    if not ends:
        return ""
    opening = next((sign for sign in "[(" if sign in ends), None)
    closing = next((sign for sign in "])" if sign in ends), None)
    lower = f"{opening}{ends[opening]:g}" if opening else "(-inf"
    upper = f"{ends[closing]:g}{closing}" if closing else "inf)"
    return f"{lower}, {upper}"
