"""Nothing in the package is dead: every module is reached from the public face or the command, every name is used.

Imports are read from the source, those inside functions too; nothing is run.
"""

import ast
from pathlib import Path

import pytest
from test_architecture import PACKAGE, modules_of, place_of, sources, targets, tree_of

import diskarray

ROOTS = (PACKAGE.name, f"{PACKAGE.name}.__main__", f"{PACKAGE.name}.cli.main")


def homes():
    """The modules that the public face takes its names from."""
    named = {*diskarray._HOMES, *diskarray._MODULES.values()}
    return {f"{PACKAGE.name}.{home}" for home in named}


def reached(package, roots):
    """Modules that are imported, directly or not, from some; a module's package is imported with it."""
    known, found, waiting = modules_of(package), set(), list(roots)
    while waiting:
        name = waiting.pop()
        if name in found or name not in known:
            continue
        found.add(name)
        waiting += [t for t in targets(known[name], package) if name != package.name]
        waiting.append(name.rpartition(".")[0])
    return found


def test_every_module_is_reached_from_the_public_face_or_the_command():
    assert set(modules_of(PACKAGE)) - reached(PACKAGE, {*ROOTS, *homes()}) == set()


def test_a_module_that_nobody_imports_would_be_found(tmp_path):
    package = tmp_path / PACKAGE.name
    for name, text in {
        "__init__.py": "",
        "cli/__init__.py": "",
        "cli/main.py": "def main():\n    from ..files import good\n",
        "files/__init__.py": "",
        "files/good.py": "from . import better",
        "files/better.py": "",
        "files/dead.py": "from . import worse",
        "files/worse.py": "",
    }.items():
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        (package / name).write_text(text)
    dead = set(modules_of(package)) - reached(package, ROOTS)
    assert dead == {"diskarray.files.dead", "diskarray.files.worse"}


def _all_of(tree):
    """What is assigned to ``__all__``."""
    assigned = [node for node in tree.body if isinstance(node, ast.Assign)]
    return next((n.value for n in assigned if any(getattr(t, "id", None) == "__all__" for t in n.targets)), None)


def offered(path):
    """The names in a module's ``__all__``."""
    names = _all_of(tree_of(path))
    return [] if names is None else ast.literal_eval(names)


def mentions(path):
    """Every name that a file reads, every attribute, every name it imports, and every word it may look one up by."""
    tree, found = tree_of(path), set()
    listed = {id(element) for element in ast.walk(_all_of(tree) or ast.Tuple([]))}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            found.add(node.id)
        elif isinstance(node, ast.Attribute):
            found.add(node.attr)
        elif isinstance(node, ast.ImportFrom):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in listed:
            found.add(node.value)
    return found


def loads_in_own_module(path, name):
    """Whether a module itself uses a name that it defines."""
    return any(
        isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Load)
        for node in ast.walk(tree_of(path))
    )


def unused_names(package, public):
    """Names in an ``__all__`` that nothing in the package mentions beside their own definition."""
    mentioned = {path: mentions(path) for path in sources(package)}
    for path in sources(package):
        elsewhere = set(public).union(*(names for other, names in mentioned.items() if other != path))
        module = ".".join(place_of(path, package))
        for name in offered(path) if module else ():
            if name not in elsewhere and not loads_in_own_module(path, name):
                yield f"{module}.{name}"


def public_names():
    """Names of the public face and of the modules that it offers whole, and those that the command looks up."""
    known = modules_of(PACKAGE)
    whole = [known[f"{PACKAGE.name}.{module}"] for module in diskarray._MODULES.values()]
    return {*diskarray.__all__, "add_parser", "run", "main"}.union(*map(offered, whole))


def test_every_name_that_a_module_offers_is_used_or_public():
    assert list(unused_names(PACKAGE, public_names())) == []


@pytest.mark.parametrize(
    ("public", "unused"), [({"public"}, ["files.a.alone"]), (set(), ["files.a.alone", "files.a.public"])]
)
def test_a_name_that_nobody_uses_would_be_found(public, unused, tmp_path):
    package = tmp_path / PACKAGE.name
    (package / "files").mkdir(parents=True)
    text = '__all__ = ["alone", "public", "used", "own"]\nalone = public = used = own = 1\nprint(own)\n'
    (package / "files" / "a.py").write_text(text)
    (package / "files" / "b.py").write_text("from .a import used\nalone = 2\n")
    assert list(unused_names(package, public)) == unused


def test_the_roots_exist():
    assert set(ROOTS) | homes() <= set(modules_of(PACKAGE)) | {f"{PACKAGE.name}.conventions"}
    assert Path(modules_of(PACKAGE)[ROOTS[-1]]).is_file()
