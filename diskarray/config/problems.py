"""What pydantic found wrong, in one sentence with its line."""

__all__ = ["first_problem"]

import re

from ..errors import nearest
from .places import lacking


def first_problem(document, error, components=()):
    """One sentence for the problem that stands first in the file, and how many more there are.

    Parameters
    ----------
    document
        The YamlDocument.
    error
        The ValidationError.
    components
        The user's own component classes, of which a kind may be known but not fit the place.
    """
    found = [(*_problem(document, one, components), -len(one["loc"])) for one in error.errors()]
    line, text, _ = min(found, key=lambda problem: (problem[0], problem[2]))  # the deepest says most
    more = len({line for line, *_ in found}) - 1
    return f"{document.name}:{line}: {text}" + (f" ({more} more below it)" if more else "")


def _problem(document, found, components):
    """Line and text of one of pydantic's errors."""
    context, kind = found.get("ctx", {}), found["type"]
    path = _key_path(document.content, found["loc"])
    if kind == "unknown_key":
        path = (*path, context["key"])
        return document.line_of(path), f"unknown {context['called']} {_dotted(path)!r}: {context['hint']}"
    if kind == "missing_data":
        return document.line_of(path), context["hint"]
    if kind in ("contradiction", "one_prior"):
        path = (*path, *context.get("key", ()))
        return document.line_of(path), f"{_dotted(path)}: {context['hint']}"
    if kind == "missing":
        missing = found["loc"][-1]
        return document.line_of(path), f"{_dotted((*path, missing))!r} is missing"
    if kind == "union_tag_not_found":
        word = context["discriminator"].strip("'")
        return document.line_of(path), _without_tag(found["input"], path, word)
    if kind == "union_tag_invalid":
        path = (*path, context["discriminator"].strip("'"))
        known = context["expected_tags"].replace("'", "").split(", ")
        why = lacking(components, context["tag"], _place(path))
        return document.line_of(path), f"{_dotted(path)} is {context['tag']!r}: {why or nearest(context['tag'], known)}"
    given = "" if isinstance(found["input"], (dict, list)) else f" = {_written(found['input'])}"
    if kind == "literal_error":
        known = re.findall(r"'([^']*)'|(\d+)", context["expected"])
        return document.line_of(path), f"{_dotted(path)}{given}: {_choice(found, [a or b for a, b in known])}"
    if kind == "string_pattern_mismatch":
        return document.line_of(path), f"{_dotted(path)}: a name must be a word such as 'belt'"
    return document.line_of(path), f"{_dotted(path)}{given}: {_requirement(found['msg'])}"


def _without_tag(given, path, word):
    if isinstance(given, dict):
        return f"{_dotted((*path, word))!r} is missing"
    return f"{_dotted(path)} = {_written(given)}: must be a mapping with the key {word!r}"


def _place(path):
    """The name of the part whose kind it is: the last name before it that is no position in a list."""
    return next((part for part in reversed(path[:-1]) if isinstance(part, str)), "")


def _choice(found, known):
    if isinstance(found["input"], str):
        return f"must be {' or '.join(known)}; {nearest(found['input'], known)}"
    return f"must be {' or '.join(known)}"


def _key_path(content, location):
    """The part of a pydantic location that is in the file; the words of chosen kinds are not."""
    path = []
    for part in location:
        known = range(len(content)) if isinstance(content, list) else content
        if isinstance(content, (dict, list)) and part in known:
            path.append(part)
            content = content[part]
    return tuple(path)


def _dotted(path):
    return ".".join(str(part) for part in path)


def _written(value):
    """A value as YAML writes it, cut where it is long."""
    text = {None: "null", True: "true", False: "false"}.get(value) if value is None or isinstance(value, bool) else None
    text = repr(value) if text is None else text
    return text if len(text) <= 60 else text[:57] + "..."


def _requirement(message):
    """Pydantic's "Input should be ..." as a requirement."""
    message = re.sub("^(Input|List|Dictionary|String) should", "must", message).replace(" after validation", "")
    message = re.sub(" or (object to extract fields from|instance of \\w+)", "", message)
    return message.replace("dictionary", "mapping")
