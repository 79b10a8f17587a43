"""Lines of YAML from a section of the schema and values, with what is known of each key as its comment."""

__all__ = ["Line", "Writer", "chosen", "rendered", "scalar"]

import re
import textwrap
from dataclasses import dataclass, replace

from .walk import keys_of, kind_of_section, kinds_word

_BARE = re.compile(r"^[A-Za-z_][\w./ -]*$")
_RESERVED = ("true", "false", "null")


@dataclass(frozen=True)
class Line:
    """One line: a key with its value, or a remark.

    Attributes
    ----------
    depth
        How far it is indented.
    text
        `key: value`; "" for a line that is a remark alone.
    remark
        What is said about it.
    off
        Whether the key is written as a comment.
    """

    depth: int
    text: str
    remark: str = ""
    off: bool = False


def rendered(lines, width):
    """Text lines; a remark that does not fit behind its key stands above it."""
    return [line for one in lines for line in _rendered(one, width)]


def _rendered(line, width):
    start = "  " * line.depth
    remarks = textwrap.wrap(line.remark, width, initial_indent=f"{start}# ", subsequent_indent=f"{start}# ")
    if not line.text:
        return remarks or [""]
    text = f"{start}{'# ' if line.off else ''}{line.text}"
    whole = f"{text}  # {line.remark}" if line.remark else text
    return [whole] if len(whole) <= width else [*remarks, text]


def chosen(section, values, path):
    """The key of the schema at a path of names, through the kinds that the values choose."""
    for name in path[:-1]:
        key = next((key for key in keys_of(section) if key.name == name), None)
        values = values[name]
        if key is not None:
            section = key.sections[0] if key.container == "names" else _section_of(key, values)
    return next(key for key in keys_of(section) if key.name == path[-1])


class Writer:
    """Writes keys.

    Parameters
    ----------
    everything
        Whether keys without a value are written too, as comments, and all kinds.
    """

    def __init__(self, everything):
        self.everything, self._shown = everything, set()

    def key(self, key, value, depth):
        """Lines of one key; commented out where the value is None."""
        if value is None:
            return self._off(key, depth)
        head = Line(depth, f"{key.name}:", self._remark(key))
        if isinstance(value, dict) and not any(isinstance(one, dict) for one in value.values()) and not key.sections:
            return [head, *(Line(depth + 1, f"{name}: {scalar(one)}") for name, one in value.items())]
        if not key.sections or isinstance(value, str):
            return [replace(head, text=f"{key.name}: {scalar(value)}")]
        if key.container == "names":
            return [head, *self._named(key, value, depth + 1)]
        if key.container == "list":
            return [head, *(line for one in value for line in self._item(key, one, depth + 1))]
        return [head, *self.section(_section_of(key, value), value, depth + 1), *self._others(key, value, depth + 1)]

    def section(self, section, values, depth):
        """Lines of a section's keys."""
        self._shown.add(section)
        word, lines = kinds_word(section), []
        for key in keys_of(section):
            if key.name == word:
                lines.insert(0, Line(depth, f"{word}: {kind_of_section(section)}", self._remark(key)))
            elif key.name in values:
                lines += self.key(key, values[key.name], depth)
            elif self.everything:
                lines += self._off(key, depth)
        return lines

    def _named(self, key, value, depth):
        lines = []
        for name, one in value.items():
            text = isinstance(one, str)
            lines += [Line(depth, f"{name}: {one}" if text else f"{name}:")]
            lines += [] if text else self.section(key.sections[0], one, depth + 1)
        if self.everything and all(isinstance(one, str) for one in value.values()):
            lines += [Line(depth, "", "what may stand behind a name, in braces:")]
            lines += [replace(line, off=True) for line in self._words(key.sections[0], depth)]
        return lines

    def _words(self, section, depth):
        """A section of which one key is given in braces, as priors are."""
        for key in keys_of(section):
            inner = [name for one in key.sections for name in (other.name for other in keys_of(one))]
            yield Line(
                depth, f"{key.name}: [{', '.join(inner)}]" if inner else f"{key.name}: PATH", _brief(key.meaning)
            )

    def _item(self, key, value, depth):
        first, *others = self.section(_section_of(key, value), value, depth + 1)
        return [replace(first, depth=depth, text=f"- {first.text}"), *others]

    def _off(self, key, depth):
        """A key that is not given: what holds without it, or all that could stand there."""
        default = "" if key.default is None else f" {scalar(key.default)}"
        head = Line(depth, f"{key.name}:{default}", self._remark(key, off=True), off=True)
        return [head, *self._kinds(key.sections, depth + 1)]

    def _others(self, key, value, depth):
        """The kinds that could stand in the place of the one that does."""
        others = [section for section in key.sections if section is not _section_of(key, value)]
        blocks = self._kinds(others, depth) if self.everything else []
        return [Line(depth, "", "or, in place of it:"), *blocks] if blocks else []

    def _kinds(self, sections, depth):
        """Blocks of kinds that are not chosen, each shown once in a file."""
        lines = []
        for section in sections:
            if section not in self._shown:
                lines += [replace(line, off=bool(line.text)) for line in self.section(section, {}, depth)]
        return lines

    def _remark(self, key, off=False):
        """What is known of a key: its meaning, unit, range and default prior."""
        about, unit = key.meaning.rstrip("."), f" [{key.unit}]" if key.unit else ""
        if key.sections and key.name != "data":
            kinds = [kind for kind in map(kind_of_section, key.sections) if kind]
            about = f"one of {', '.join(kinds)}" if kinds else (key.sections[0].__doc__ or "").rstrip(".")
        if not self.everything:
            told = key.range or key.sections
            return _brief(about) + unit if told and key.name not in ("kind", "reader") else ""
        parts = [about + unit if about else "", f"range {key.range}" if key.range else ""]
        parts += [f"prior {key.prior}" if key.prior else ""]
        if off and key.default is None and not key.sections:
            parts.insert(1, key.takes)
        return "; ".join(part for part in parts if part)


def scalar(value):
    """A number, word or flat list as YAML writes it."""
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(scalar, value))}]"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        plain = _BARE.match(value) and value not in _RESERVED and not value.endswith(" ")
        return value if plain else '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return repr(value)


def _section_of(key, value):
    """Of the sections that may stand under a key, the one that a value chooses by its word."""
    for section in key.sections:
        word = kinds_word(section)
        if not word or value.get(word) == kind_of_section(section):
            return section
    raise KeyError(f"{key.name}: {value}")


def _brief(text):
    """The first sentence, and of it what stands before a semicolon."""
    return re.split(r"(?<=[a-z0-9])[.;](?:\s|$)", text)[0]
