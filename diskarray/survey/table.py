"""The table of a survey: a line per target, a column per key of the configuration that differs between them."""

__all__ = ["Target", "TargetTable", "read_table"]

import csv
import io
import re
from dataclasses import dataclass
from pathlib import Path

from ..errors import ConfigError
from ..files.text import read_text

NAME = "name"
_LARGEST = 4 * 2**20  # bytes
_SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_+.-]{0,63}")


@dataclass(frozen=True)
class Target:
    """One line of the table.

    Attributes
    ----------
    name : str
        Also the name of its run folder.
    line : int
    cells : dict
        Column -> text; empty cells are left out, there the template's value holds.
    """

    name: str
    line: int
    cells: dict


@dataclass(frozen=True)
class TargetTable:
    """A table as it was read.

    Attributes
    ----------
    path : Path
    columns : tuple of str
        Without ``name``.
    targets : tuple of Target
    """

    path: Path
    columns: tuple
    targets: tuple

    def where(self, target):
        """`table.csv:7: HD 1` for a target."""
        return f"{self.path}:{target.line}: {target.name}"


def read_table(path):
    """Read a table of targets: comma-separated, UTF-8, column names first; lines that begin with # are comments.

    Raises
    ------
    ConfigError
        Naming the file and the line.
    """
    path = Path(path)
    rows = _rows(path)
    line, header = next(rows, (1, []))
    columns = _columns(path, line, header)
    targets, known = [], {}
    for line, row in rows:
        target = _target(path, line, columns, row)
        first = known.setdefault(target.name.lower(), line)
        if first != line:
            raise ConfigError(f"{path}:{line}: target {target.name!r} is there twice (first on line {first}).")
        targets.append(target)
    if not targets:
        raise ConfigError(f"{path} has no targets: the first line names the columns, every other one is a target.")
    for column in columns:
        if column != NAME and not any(column in target.cells for target in targets):
            raise ConfigError(f"{path}:1: column {column!r} is empty for every target: remove it.")
    return TargetTable(path, tuple(column for column in columns if column != NAME), tuple(targets))


def _rows(path):
    """Line and cells of every line that says something."""
    text = read_text(path, _LARGEST, "a table of targets").removeprefix("\ufeff")  # spreadsheets write that mark
    reader = csv.reader(io.StringIO(text, newline=""), strict=True, skipinitialspace=True)
    try:
        for row in reader:
            cells = [cell.strip() for cell in row]
            if any(cells) and not cells[0].startswith("#"):
                yield reader.line_num, cells
    except csv.Error as error:
        raise ConfigError(f"{path}:{reader.line_num}: not comma-separated text: {error}.") from error


def _columns(path, line, header):
    if NAME not in header:
        raise ConfigError(f"{path}:{line}: there is no column {NAME!r}; columns: {', '.join(header) or 'none'}.")
    for number, column in enumerate(header):
        if not column:
            raise ConfigError(f"{path}:{line}: column {number + 1} has no name.")
        if column in header[:number]:
            raise ConfigError(f"{path}:{line}: column {column!r} is there twice.")
    return tuple(header)


def _target(path, line, columns, row):
    if len(row) != len(columns):
        raise ConfigError(
            f"{path}:{line}: {len(row)} cells for {len(columns)} columns; text that holds a comma is put into quotes."
        )
    cells = {column: cell for column, cell in zip(columns, row, strict=True) if cell}
    name = cells.pop(NAME, "")
    if not _SAFE.fullmatch(name):
        raise ConfigError(
            f"{path}:{line}: {name!r} cannot name a target, and the folder of its run: letters, digits and . _ + - are "
            "allowed, a letter or digit first, at most 64."
        )
    for column, cell in cells.items():
        if "\n" in cell or "\r" in cell:
            raise ConfigError(f"{path}:{line}: column {column!r} holds several lines; a cell is one value.")
    return Target(name, line, cells)
