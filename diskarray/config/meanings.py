"""What a docstring says about each argument, so that no description of a key is written a second time."""

__all__ = ["argument_meanings", "first_sentence"]

import inspect
import re

_HEADING = re.compile(r"^(\w+)\n-{3,}$", re.MULTILINE)
_ENTRY = re.compile(r"^(?P<names>\w[\w, ]*?)(?: : .*)?$")


def argument_meanings(documented):
    """Argument -> its text in one line, from the `Parameters` and `Attributes` of a class or function."""
    text = inspect.getdoc(documented) or ""
    places = [(match.group(1), match.start(), match.end()) for match in _HEADING.finditer(text)]
    meanings = {}
    for k, (title, _, end) in enumerate(places):
        if title in ("Parameters", "Attributes"):
            stop = places[k + 1][1] if k + 1 < len(places) else len(text)
            meanings |= _entries(text[end:stop])
    return meanings


def first_sentence(documented):
    """The summary of a docstring, in one line."""
    return " ".join((inspect.getdoc(documented) or "").split("\n\n")[0].split()).replace("``", "`")


def _entries(section):
    meanings, names, lines = {}, [], []
    for line in [*section.strip("\n").splitlines(), "end"]:
        if line[:1].strip():
            meanings |= dict.fromkeys(names, " ".join(" ".join(lines).replace("``", "`").split()))
            entry = _ENTRY.match(line)
            names, lines = ([name.strip() for name in entry["names"].split(",")] if entry else []), []
        else:
            lines.append(line)
    return meanings
