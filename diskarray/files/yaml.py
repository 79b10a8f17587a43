"""Strict YAML: plain dictionaries, and the line that every key was read from.

The subset is what a person writes by hand: mappings with text keys, lists, text, numbers, true, false and
null. What other loaders turn into something else without a word is an error here or stays text: duplicate
keys, aliases, tags, `no`, `010`, `1:30` and dates. Numbers follow YAML 1.2, so `1e-3` is a number.
"""

__all__ = ["YamlDocument", "load_yaml", "parse_yaml"]

import re
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import yaml

from ..errors import ConfigError
from .text import read_text

MAXIMUM_BYTES = 1024 * 1024
MAXIMUM_DEPTH = 32


@dataclass(frozen=True)
class YamlDocument:
    """What a YAML file says, and where it says it.

    Attributes
    ----------
    name
        The file's name as the user gave it.
    text
        The file's text.
    content
        The top-level mapping, in plain Python objects.
    lines
        Key path (a tuple of keys and list positions) to line number, counted from 1.
    """

    name: str
    text: str
    content: dict
    lines: dict

    def line_of(self, key_path):
        """The line of a key path, or of its nearest parent that is in the file."""
        key_path = tuple(key_path)
        while key_path not in self.lines:
            key_path = key_path[:-1]
        return self.lines[key_path]

    def where(self, key_path=()):
        """`file.yaml:17` for a key path."""
        return f"{self.name}:{self.line_of(key_path)}"


def load_yaml(path):
    """Read a strict YAML file of at most 1 MiB.

    Raises
    ------
    ConfigError
        Naming the file and, where there is one, the line.
    """
    text = read_text(path, MAXIMUM_BYTES, "a configuration")
    return parse_yaml(text, name=str(Path(path)))


def parse_yaml(text, name="<text>"):
    """Read strict YAML from text; see `load_yaml`."""
    try:
        _check_events(text, name)
        root = yaml.compose(text, Loader=_StrictLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise ConfigError(f"{name}:{line}: not valid YAML: {error.problem or error.context}.") from error
    except yaml.reader.ReaderError as error:
        line = text[: error.position].count("\n") + 1
        raise ConfigError(f"{name}:{line}: not valid YAML: control characters are not allowed.") from error
    if root is None:
        raise ConfigError(f"{name} is empty.")
    if not isinstance(root, yaml.MappingNode):
        raise ConfigError(f"{name}:{root.start_mark.line + 1}: the file must be a mapping of keys to values.")
    lines = {(): root.start_mark.line + 1}
    content = _value_from(root, (), lines, name)
    return YamlDocument(name=name, text=text, content=content, lines=lines)


def _check_events(text, name):
    """Refuse depth, anchors, aliases and tags from the event stream, which needs no recursion to read."""
    depth = 0
    for event in yaml.parse(text, Loader=_StrictLoader):
        line = event.start_mark.line + 1
        if isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
            depth += 1
            if depth > MAXIMUM_DEPTH:
                raise ConfigError(f"{name}:{line}: nested deeper than {MAXIMUM_DEPTH} levels.")
        elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            depth -= 1
        if getattr(event, "anchor", None) is not None:
            raise ConfigError(f"{name}:{line}: anchors and aliases (& and *) are not allowed: write the value out.")
        if getattr(event, "tag", None) is not None:
            raise ConfigError(f"{name}:{line}: tags are not allowed: remove {event.tag!r}.")


def _value_from(node, key_path, lines, name):
    if isinstance(node, yaml.MappingNode):
        return _mapping_from(node, key_path, lines, name)
    if isinstance(node, yaml.SequenceNode):
        values = []
        for position, item in enumerate(node.value):
            item_path = key_path + (position,)
            lines[item_path] = item.start_mark.line + 1
            values.append(_value_from(item, item_path, lines, name))
        return values
    return _scalar_from(node, name)


def _mapping_from(node, key_path, lines, name):
    mapping = {}
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        if not isinstance(key_node, yaml.ScalarNode) or key_node.tag != _STR:
            raise ConfigError(f"{name}:{line}: a key must be a name, not {getattr(key_node, 'value', None)!r}.")
        key = key_node.value
        if key in mapping:
            first = lines[key_path + (key,)]
            raise ConfigError(f"{name}:{line}: key {key!r} is given twice (first on line {first}).")
        lines[key_path + (key,)] = line
        mapping[key] = _value_from(value_node, key_path + (key,), lines, name)
    return mapping


def _scalar_from(node, name):
    try:
        return _CONVERTERS[node.tag](node.value)
    except ValueError as error:
        line = node.start_mark.line + 1
        raise ConfigError(f"{name}:{line}: {node.value[:40]!r} is not a number one can use.") from error


class _StrictLoader(yaml.SafeLoader):
    """The safe loader with the implicit types of YAML 1.2, less octal and hexadecimal."""

    yaml_implicit_resolvers: ClassVar[dict] = {}


_STR, _NULL, _BOOL, _INT, _FLOAT = (f"tag:yaml.org,2002:{kind}" for kind in ("str", "null", "bool", "int", "float"))
_NUMBER_START = list("-+.0123456789")
_StrictLoader.add_implicit_resolver(_NULL, re.compile(r"^(?:~|null|)$"), ["~", "n", ""])
_StrictLoader.add_implicit_resolver(_BOOL, re.compile(r"^(?:true|false)$"), ["t", "f"])
_StrictLoader.add_implicit_resolver(_INT, re.compile(r"^[-+]?(?:0|[1-9][0-9]*)$"), _NUMBER_START)
_StrictLoader.add_implicit_resolver(
    _FLOAT,
    re.compile(r"^(?:[-+]?(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?|[-+]?\.inf|\.nan)$"),
    _NUMBER_START,
)

_CONVERTERS = {
    _STR: str,
    _NULL: lambda text: None,
    _BOOL: lambda text: text == "true",
    _INT: int,
    _FLOAT: lambda text: float(text.replace(".inf", "inf").replace(".nan", "nan")),
}
