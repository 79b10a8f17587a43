"""The configuration of every target: the template with the values of the target's line in the table."""

__all__ = ["TargetConfig", "target_configs"]

import copy
import os
import re
from dataclasses import dataclass
from pathlib import Path

import yaml

from ..config.build import build_scene, build_space
from ..config.load import config_from_text, load_config
from ..errors import ConfigError, DataError, nearest
from ..files.yaml import parse_yaml
from .table import Target

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_./-]*")
_FILES = ("path", "file", "table")  # keys that name a file


@dataclass(frozen=True)
class TargetConfig:
    """A target and the text of its configuration, in which every path is absolute."""

    target: Target
    text: str


def target_configs(template_path, table, *, data_path=None, components=()):
    """The configurations of all targets, checked.

    Parameters
    ----------
    template_path
        The YAML file that holds for all targets; it must be valid as it is.
    table : TargetTable
        Paths in it are relative to its own folder.
    data_path
        A data file for all targets, in place of ``data.path``.
    components : tuple of classes
        The user's own components.

    Returns
    -------
    tuple of TargetConfig

    Raises
    ------
    ConfigError
        Naming the table's line, the column and the nearest key.
    """
    template = load_config(template_path, components=components)
    content = _with_absolute_paths(template.document.content, Path(template_path).absolute().parent)
    if data_path is not None:
        if not isinstance(content.get("data"), dict):
            raise ConfigError(f"{template_path} has several data sets: --data replaces the file of a single one.")
        content["data"]["path"] = _absolute(data_path, Path.cwd())
    for column in table.columns:
        _check_column(column, content, type(template.settings).model_fields, table)
    return tuple(_config_of(target, content, table, template_path, components) for target in table.targets)


def _config_of(target, content, table, template_path, components):
    content, places = copy.deepcopy(content), {}
    for column, cell in target.cells.items():
        key_path = key_path_of(content, column)
        value = _value(cell, f"{table.where(target)}: column {column!r}")
        if key_path[-1] in _FILES and isinstance(value, str):
            value = _absolute(value, table.path.absolute().parent)
        _set(content, key_path, value, f"{table.where(target)}: column {column!r}")
        places[key_path] = column
    text = (
        f"# {target.name}: {Path(template_path).name} with the values of line {target.line} of {table.path.name}\n"
        + yaml.dump(content, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110)
    )
    _check(text, target, table, places, components)
    return TargetConfig(target, text)


def _check(text, target, table, places, components):
    """Raise the first error of a target's configuration as one of its line in the table."""
    name = f"<{target.name}>"
    try:
        config = config_from_text(text, name, components=components)
        build_space(config, build_scene(config))
    except DataError:
        return  # a file that is missing concerns this target alone, and is told by its run
    except ConfigError as error:
        found = re.match(re.escape(name) + r":(\d+): (.*)", str(error), re.DOTALL)
        line, said = (int(found.group(1)), found.group(2)) if found else (0, str(error))
        column = _column_at(line, parse_yaml(text, name).lines, places)
        about = f"column {column!r}: " if column else ""
        raise ConfigError(f"{table.where(target)}: {about}{said}") from error


def _column_at(line, lines, places):
    """The column that set what stands on a line of a configuration, or None."""
    here = [key_path for key_path, number in lines.items() if number == line]
    for key_path, column in places.items():
        if any(found[: len(key_path)] == key_path or key_path[: len(found)] == found for found in here if found):
            return column
    return None


def _check_column(column, content, sections, table):
    """Refuse a column whose first word is no part of a configuration, and offer the keys that end like it."""
    if column.split(".")[0] in sections:
        return
    known = [".".join(map(str, key_path)) for key_path in _leaves(content, ())]
    last = column.split(".")[-1]
    alike = [path for path in known if path.split(".")[-1] == last]
    hint = f"did you mean {' or '.join(alike[:3])}?" if alike else nearest(column, known)
    raise ConfigError(f"{table.path}:1: unknown column {column!r}: {hint}")


def key_path_of(content, column):
    """The keys that a dotted column stands for; keys of the template that hold dots themselves are found whole."""
    key_path, node, rest = [], content, column
    while rest:
        known = [str(key) for key in node] if isinstance(node, dict) else []
        fitting = [key for key in known if rest == key or rest.startswith(f"{key}.")]
        if fitting:
            key = max(fitting, key=len)
        elif key_path in (["priors"], ["simulation", "truth"]):
            key = rest
        else:
            key = rest.split(".")[0]
        rest = rest[len(key) + 1 :]
        place = int(key) if isinstance(node, list) and key.isdigit() else key
        within = isinstance(node, dict) and place in node
        within = within or (isinstance(node, list) and isinstance(place, int) and place < len(node))
        node = node[place] if within else None
        key_path.append(place)
    return tuple(key_path)


def _set(content, key_path, value, where):
    for depth, key in enumerate(key_path):
        if isinstance(content, list) and not (isinstance(key, int) and key < len(content)):
            raise ConfigError(f"{where}: there is no entry {key!r} in a list of {len(content)}.")
        if not isinstance(content, (dict, list)):
            raise ConfigError(f"{where}: {'.'.join(map(str, key_path[:depth]))!r} is no part with keys.")
        if depth == len(key_path) - 1:
            content[key] = value
        else:
            content = content.setdefault(key, {}) if isinstance(content, dict) else content[key]


def _value(cell, where):
    """A cell as YAML reads it: a number, text, true, false, or a list or mapping in brackets."""
    try:
        content = parse_yaml(f"value: {cell}", "cell").content
    except ConfigError as error:
        raise ConfigError(f"{where}: {cell!r} is no value: {str(error).partition(': ')[2]}") from error
    return content["value"]


def _leaves(node, key_path):
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    if not items:
        yield key_path
    for key, value in items:
        yield from _leaves(value, (*key_path, key))


def _with_absolute_paths(node, folder):
    """A copy in which the files that are named are found from anywhere."""
    if isinstance(node, list):
        return [_with_absolute_paths(value, folder) for value in node]
    if not isinstance(node, dict):
        return node
    return {
        key: _absolute(value, folder)
        if key in _FILES and isinstance(value, str)
        else _with_absolute_paths(value, folder)
        for key, value in node.items()
    }


def _absolute(path, folder):
    return os.path.abspath(folder / path)


class _Dumper(yaml.SafeDumper):
    """Writes text in quotes unless it is a plain word, so that the strict reader takes it for text again."""


def _written(dumper, text):
    plain = _PLAIN.fullmatch(text) and text not in ("true", "false", "null")
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=None if plain else '"')


_Dumper.add_representer(str, _written)
