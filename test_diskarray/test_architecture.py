"""The house rules as tests. They read the source and import nothing from it; there is no list of exceptions."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "diskarray"
ROOMS = (
    "errors",
    "backend",
    "geometry",
    "files",
    "parameters",
    "structures",
    "profiles",
    "scattering",
    "optics",
    "model",
    "conventions",
    "dataset",
    "fit",
    "diagnostics",
    "results",
    "search",
    "sampling",
    "viz",
    "example",
    "config",
    "pipeline",
    "report",
    "survey",
    "cli",
)
LONGEST = 399
ACCELERATORS = {"jax", "jaxlib", "numpyro"}
NAMESPACE_QUESTIONS = {"is_numpy_namespace", "is_jax_namespace"}


def sources(package):
    return sorted(package.rglob("*.py"))


def tree_of(path):
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def place_of(path, package):
    """The parts of a module's name below the package: structures/grid.py -> ("structures", "grid")."""
    parts = path.relative_to(package).with_suffix("").parts
    return parts[:-1] if parts[-1] == "__init__" else parts


def statements(node, into_functions):
    """Every node below, with or without the bodies of functions (those run later, not on import)."""
    for child in ast.iter_child_nodes(node):
        yield child
        if into_functions or not isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            yield from statements(child, into_functions)


def imports(path, package, into_functions=True):
    """Every import of a file as (absolute name, first imported names), relative ones resolved to the package's name."""
    place = place_of(path, package)
    folder = place if path.name == "__init__.py" else place[:-1]
    for node in statements(tree_of(path), into_functions):
        if isinstance(node, ast.Import):
            yield from ((alias.name, ()) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            names = tuple(alias.name for alias in node.names)
            if not node.level:
                yield node.module, names
                continue
            base = (package.name, *folder)[: len(folder) + 2 - node.level]
            yield ".".join((*base, *([node.module] if node.module else []))), names
        elif isinstance(node, ast.Call) and called_name(node) in ("import_module", "__import__"):
            given = node.args[0] if node.args else None
            yield (given.value if isinstance(given, ast.Constant) else "an import by a computed name"), ()


def called_name(node):
    return getattr(node.func, "attr", getattr(node.func, "id", ""))


def modules_of(package):
    return {".".join((package.name, *place_of(p, package))): p for p in sources(package)}


def targets(path, package, into_functions=True):
    """The modules of the package that a file imports."""
    known = modules_of(package)
    for module, names in imports(path, package, into_functions):
        below = [f"{module}.{name}" for name in names if f"{module}.{name}" in known]
        for name in below or [module]:
            if name.split(".")[0] == package.name:
                yield name


def rooms_above_only(package):
    """A file imports from the rooms above its own and from its own folder."""
    for path in sources(package):
        place = place_of(path, package)
        if place in ((), ("__main__",)):
            continue
        if place[0] not in ROOMS:
            yield f"{path}: {place[0]!r} is not a room of the house"
            continue
        for name in targets(path, package):
            room = (name.split(".") + [""])[1]
            if room and (room not in ROOMS or ROOMS.index(room) > ROOMS.index(place[0])):
                yield f"{path}: imports {name}, which is not above {place[0]}"


def never_the_facade(package):
    """No file imports the package itself or names it absolutely; computed imports belong to the facade."""
    for path in sources(package):
        if place_of(path, package) == ():
            for name in targets(path, package, into_functions=False):
                yield f"{path}: imports {name} when it is imported, not when it is first needed"
            continue
        for node in ast.walk(tree_of(path)):
            absolute = []
            if isinstance(node, ast.Import):
                absolute = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and not node.level:
                absolute = [node.module]
            if any(name.split(".")[0] == package.name for name in absolute):
                yield f"{path}:{node.lineno}: imports {package.name} by its absolute name"
        for name, _ in imports(path, package):
            if name == package.name or name == "an import by a computed name":
                yield f"{path}: imports {name}"


def no_circles(package):
    """Imports, those inside functions too, never run in a circle."""
    known = modules_of(package)
    edges = {name: sorted({t for t in targets(p, package) if t in known and t != name}) for name, p in known.items()}
    edges[package.name] = []
    done, trail = set(), []

    def visit(name):
        if name in trail:
            yield " -> ".join([*trail[trail.index(name) :], name])
        elif name not in done:
            trail.append(name)
            for target in edges[name]:
                yield from visit(target)
            trail.pop()
            done.add(name)

    for name in edges:
        yield from visit(name)


def no_jax_on_import(package):
    """JAX is imported inside functions only."""
    for path in sources(package):
        for name, _ in imports(path, package, into_functions=False):
            if name.split(".")[0] in ACCELERATORS:
                yield f"{path}: imports {name} at module level"


def only_backend_asks_which_library(package):
    """Outside backend/ nobody compares, inspects or names the namespace ``xp``."""
    for path in sources(package):
        if place_of(path, package)[:1] == ("backend",):
            continue
        for node in ast.walk(tree_of(path)):
            if _asks(node):
                yield f"{path}:{node.lineno}: asks which array library xp is"


def _is_xp(node):
    return getattr(node, "id", getattr(node, "attr", None)) == "xp"


def _asks(node):
    if isinstance(node, ast.Compare):
        return any(_is_xp(side) for side in (node.left, *node.comparators))
    if isinstance(node, ast.Attribute):
        return (node.attr == "__name__" and _is_xp(node.value)) or node.attr in NAMESPACE_QUESTIONS
    if isinstance(node, ast.Name):
        return node.id in NAMESPACE_QUESTIONS
    if isinstance(node, ast.ImportFrom):
        return any(alias.name in NAMESPACE_QUESTIONS for alias in node.names)
    if isinstance(node, ast.Call):
        return called_name(node) in ("hasattr", "getattr", "isinstance", "id", "str", "repr") and any(
            map(_is_xp, node.args)
        )
    return False


def files_stay_small(package):
    """No file reaches 400 lines."""
    for path in sources(package):
        length = len(path.read_text(encoding="utf-8").splitlines())
        if length > LONGEST:
            yield f"{path}: {length} lines"


def modules_say_what_they_are(package):
    """Every module has a docstring and, unless it only gathers or starts, an ``__all__`` of names that exist."""
    for path in sources(package):
        tree = tree_of(path)
        if not ast.get_docstring(tree):
            yield f"{path}: has no docstring"
        if path.name in ("__init__.py", "__main__.py"):
            continue
        exported = next((n.value for n in tree.body if isinstance(n, ast.Assign) and "__all__" in _bound(n)), None)
        if not isinstance(exported, (ast.List, ast.Tuple)):
            yield f"{path}: has no __all__ list"
            continue
        known = {name for node in tree.body for name in _bound(node)}
        for element in exported.elts:
            if getattr(element, "value", None) not in known:
                yield f"{path}: __all__ names {getattr(element, 'value', element)!r}, which does not exist"


def _bound(node):
    """The names that a statement at module level defines."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return {node.name}
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return {(alias.asname or alias.name).split(".")[0] for alias in node.names}
    if isinstance(node, (ast.Assign, ast.AnnAssign)):
        return {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    return set()


RULES = (
    rooms_above_only,
    never_the_facade,
    no_circles,
    no_jax_on_import,
    only_backend_asks_which_library,
    files_stay_small,
    modules_say_what_they_are,
)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_house_keeps(rule):
    assert list(rule(PACKAGE)) == []


def test_the_whole_house_is_read():
    read = {place_of(path, PACKAGE)[:1] for path in sources(PACKAGE)}
    assert {("errors",), ("backend",), ("cli",), ()} <= read and len(sources(PACKAGE)) > 50


GOOD = '"""A module."""\n\n__all__ = ["f"]\n\n'
BODY = "\n\ndef f(xp):\n    return 1\n"
PLANTED = [
    (rooms_above_only, "model/bad.py", GOOD + "from ..fit.good import f"),
    (rooms_above_only, "model/bad.py", GOOD + "def f():\n    from ..fit import good\n    return good"),
    (rooms_above_only, "model/bad.py", GOOD + "def f():\n    import diskarray.fit.good\n    return diskarray"),
    (rooms_above_only, "errors.py", GOOD + "from .model.good import f"),
    (rooms_above_only, "cellar/bad.py", GOOD + BODY),
    (rooms_above_only, "model/bad.py", GOOD + "from .. import fit" + BODY),
    (never_the_facade, "fit/bad.py", GOOD + "import diskarray as da" + BODY),
    (never_the_facade, "fit/bad.py", GOOD + "def f():\n    from diskarray.model.good import f\n    return f"),
    (never_the_facade, "fit/bad.py", GOOD + "from .. import __version__" + BODY),
    (
        never_the_facade,
        "fit/bad.py",
        GOOD + "import importlib\nm = importlib.import_module(f'..{1}', __package__)" + BODY,
    ),
    (never_the_facade, "__init__.py", '"""Facade."""\nfrom .model.good import f\n'),
    (no_circles, "model/bad.py", GOOD + "from .worse import f"),
    (no_circles, "model/bad.py", GOOD + "def f():\n    from .worse import f\n    return f"),
    (no_jax_on_import, "fit/bad.py", GOOD + "import jax.numpy as jnp" + BODY),
    (
        no_jax_on_import,
        "fit/bad.py",
        GOOD + "try:\n    from jax import jit\nexcept ImportError:\n    jit = None" + BODY,
    ),
    (no_jax_on_import, "fit/bad.py", GOOD + "class f:\n    import jaxlib"),
    (no_jax_on_import, "fit/bad.py", GOOD + "from importlib import import_module\nm = import_module('jax')" + BODY),
    (only_backend_asks_which_library, "fit/bad.py", GOOD + "def f(xp):\n    return xp is np"),
    (only_backend_asks_which_library, "fit/bad.py", GOOD + "def f(xp):\n    return np is not xp"),
    (only_backend_asks_which_library, "fit/bad.py", GOOD + "def f(self):\n    return self.xp == np"),
    (only_backend_asks_which_library, "fit/bad.py", GOOD + "def f(xp):\n    return xp.__name__"),
    (only_backend_asks_which_library, "fit/bad.py", GOOD + "def f(xp):\n    return hasattr(xp, 'jit')"),
    (only_backend_asks_which_library, "fit/bad.py", GOOD + "from ..backend.good import is_numpy_namespace" + BODY),
    (only_backend_asks_which_library, "fit/bad.py", GOOD + "def f(xp):\n    return namespace.is_jax_namespace(xp)"),
    (files_stay_small, "fit/bad.py", GOOD + "\n" * 395 + BODY),
    (modules_say_what_they_are, "fit/bad.py", '__all__ = ["f"]' + BODY),
    (modules_say_what_they_are, "fit/bad.py", '"""A module."""' + BODY),
    (modules_say_what_they_are, "fit/bad.py", GOOD + "def g():\n    f = 1\n    return f"),
]


@pytest.fixture
def small_house(tmp_path):
    package = tmp_path / "diskarray"
    files = {"__init__.py": '"""Facade."""\n', "errors.py": GOOD + BODY, "model/worse.py": GOOD + BODY}
    files |= {f"{room}/good.py": GOOD + BODY for room in ("backend", "model", "fit")}
    files |= {f"{room}/__init__.py": '"""A room."""\n' for room in ("backend", "model", "fit")}
    for name, text in files.items():
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        (package / name).write_text(text)
    return package


def test_a_clean_house_passes(small_house):
    (small_house / "fit/new.py").write_text(GOOD + "from ..model.good import f\nfrom . import good")
    assert [finding for rule in RULES for finding in rule(small_house)] == []


@pytest.mark.parametrize(
    ("rule", "name", "text"), PLANTED, ids=[f"{r.__name__}-{k}" for k, (r, _, _) in enumerate(PLANTED)]
)
def test_a_planted_violation_is_caught(rule, name, text, small_house):
    (small_house / name).parent.mkdir(exist_ok=True)
    if rule is no_circles:
        (small_house / "model/worse.py").write_text(GOOD + "from .bad import f")
    (small_house / name).write_text(text)
    assert list(rule(small_house))
