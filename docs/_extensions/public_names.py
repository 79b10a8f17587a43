"""The API reference, written from the list of public names: one page a room, and a table of everything.

``.. public-names:: ROOM`` documents every public name that lives in that room; ``.. public-names-table::`` lists all
with the first sentence of their docstrings. A name is in the reference because it is in the list.
"""

import inspect
import re

from sphinx.addnodes import pending_xref
from sphinx.util.docutils import SphinxDirective

import diskarray

SPECIAL = {"decorators": "structures", "conventions": "conventions"}  # modules that are public as such
NO_TARGETS = ("x", "y")  # "(y, x)" in the type of an argument names no object


def rooms():
    """Room -> public names, in the order of the list."""
    found = {}
    for home, names in diskarray._HOMES.items():
        found.setdefault(home.split(".")[0], []).extend(names)
    return found


def first_sentence(value):
    """The first line of a docstring; of a constant, what it holds."""
    if not (inspect.isclass(value) or inspect.isroutine(value)):
        return f"A read-only dictionary of {', '.join(map(str, value))}."
    return without_bars((inspect.getdoc(value) or "").strip().split("\n")[0])


def without_bars(line):
    """The bars of ``|Z|`` are no reStructuredText substitution."""
    return "".join(
        part if part.startswith("`") else part.replace("|", r"\|") for part in re.split(r"(`+[^`]*`+)", line)
    )


def lines_for(name, path="diskarray"):
    value = getattr(diskarray, name)
    if inspect.isclass(value):
        is_error = issubclass(value, Exception)
        return [f".. autoclass:: {path}.{name}", *([] if is_error else ["   :members:"]), ""]
    if inspect.isroutine(value):
        return [f".. autofunction:: {path}.{name}", ""]
    return [f".. py:data:: {path}.{name}", "", f"   {first_sentence(value)}", ""]


def lines_for_module(name):
    """Every public function of a module that is public as a whole."""
    module = getattr(diskarray, name)
    names = getattr(module, "__all__", None) or [n for n in vars(module) if not n.startswith("_")]
    functions = [n for n in names if inspect.isroutine(getattr(module, n))]
    return [line for n in functions for line in (f".. autofunction:: {module.__name__}.{n}", "")]


class PublicNames(SphinxDirective):
    required_arguments = 1

    def run(self):
        room = self.arguments[0]
        lines = [line for name in rooms().get(room, ()) for line in lines_for(name)]
        lines += [line for name, home in SPECIAL.items() if home == room for line in lines_for_module(name)]
        if not lines:
            raise self.error(f"no public name lives in the room {room!r}")
        return self.parse_text_to_nodes("\n".join(lines))


class PublicNamesTable(SphinxDirective):
    def run(self):
        lines = [".. list-table::", "   :widths: 30 70", ""]
        for room, names in rooms().items():
            for name in names:
                value = getattr(diskarray, name)
                role = "func" if inspect.isroutine(value) else "data"
                if inspect.isclass(value):
                    role = "exc" if issubclass(value, Exception) else "class"
                lines += [f"   * - :py:{role}:`~diskarray.{name}`", f"     - {first_sentence(value)} (:doc:`{room}`)"]
        return self.parse_text_to_nodes("\n".join(lines))


def escape_bars(app, what, name, obj, options, lines):
    lines[:] = [without_bars(line) for line in lines]


def drop_references_to_nothing(app, document):
    for node in list(document.findall(pending_xref)):
        if node.get("refdomain") == "py" and node["reftarget"] in NO_TARGETS:
            node.replace_self(node.children)


def setup(app):
    app.add_directive("public-names", PublicNames)
    app.add_directive("public-names-table", PublicNamesTable)
    app.connect("autodoc-process-docstring", escape_bars)
    app.connect("doctree-read", drop_references_to_nothing)
    return {"parallel_read_safe": True}
