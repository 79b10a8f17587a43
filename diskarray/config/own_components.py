"""The user's own components: read from the files named by the user, and known by the name of their class.

A configuration never makes code run: it may only name kinds, and those beyond the built-in ones come from classes
that the caller hands over, or from Python files that the user named on the command line.
"""

__all__ = ["components_from", "kind_of", "members_of", "missing_members"]

import dataclasses
import importlib.util
import re
import sys
from pathlib import Path

from ..errors import ConfigError


def components_from(paths):
    """The component classes that Python files define.

    Parameters
    ----------
    paths
        Python files, as the user named them. They are imported, so their code is run.

    Returns
    -------
    tuple of classes
        Every dataclass that the files themselves define, in their order; names that begin with an underscore are left
        out.

    Raises
    ------
    ConfigError
        If a file cannot be read or imported, or defines no component.
    """
    found = []
    for path in map(Path, paths):
        module = _imported(path)
        own = [
            value
            for name, value in vars(module).items()
            if isinstance(value, type) and value.__module__ == module.__name__ and not name.startswith("_")
        ]
        classes = [cls for cls in own if dataclasses.is_dataclass(cls)]
        if not classes:
            plain = f"; {own[0].__name__} is not decorated with it" if own else ""
            raise ConfigError(f"{path} defines no component, a class decorated with @da.component{plain}.")
        found += classes
        for cls in classes:
            _make_portable(cls, path)
    return tuple(found)


def _make_portable(cls, path):
    """Have objects of a class name the file that defines it when they are pickled, as for worker processes."""
    if cls.__reduce__ is object.__reduce__:
        cls.__reduce__ = lambda self: (_empty, (str(path.resolve()), type(self).__name__), dict(vars(self)))


def _empty(path, name):
    """An object of a class of a file, to be filled; the file is imported where it was not."""
    components_from([path])
    return object.__new__(getattr(_imported(Path(path)), name))


def _imported(path):
    if not path.is_file():
        raise ConfigError(f"{path} cannot be read: it is no file. Components are given as a Python file.")
    if path.suffix != ".py":
        raise ConfigError(f"{path} is no Python file: its name must end in .py.")
    name = "diskarray_components_" + re.sub(r"\W", "_", str(path.resolve()))
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses and pickles look a class's module up
    try:
        spec.loader.exec_module(module)
    except BaseException as error:
        del sys.modules[name]
        if isinstance(error, (KeyboardInterrupt, GeneratorExit)):
            raise
        raise ConfigError(
            f"{_place(path, error)}: cannot be imported: {type(error).__name__}: {_said(error)}"
        ) from error
    return module


def _place(path, error):
    """`file.py:17`, the last line of the file itself that was run."""
    line = error.lineno if isinstance(error, SyntaxError) and error.filename == str(path) else None
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == str(path):
            line = trace.tb_lineno
        trace = trace.tb_next
    return f"{path}:{line}" if line else str(path)


def _said(error):
    return " ".join(str(error).split()) or "no reason given"


def kind_of(cls):
    """The word that a configuration names a class by: NarrowRing is `narrow_ring`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", cls.__name__).lower()


def members_of(protocol):
    """Names of the methods and attributes that a protocol asks for."""
    return sorted(name for name in {*vars(protocol), *protocol.__annotations__} if not name.startswith("_"))


def missing_members(cls, protocol):
    """What a class lacks of a protocol; fields of a dataclass count as attributes."""
    fields = {field.name for field in dataclasses.fields(cls)}
    return [name for name in members_of(protocol) if not hasattr(cls, name) and name not in fields]
