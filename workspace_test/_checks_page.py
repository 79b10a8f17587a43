"""docs/checks.md: what `make check` found, one table for each kind of check, renewed row by row."""

from pathlib import Path

PAGE = Path(__file__).parents[1] / "docs" / "checks.md"
TOP = """# Checks

What `make check` found when it was last run. Each script renews its own rows here. Times are of whatever machine it
was, often a shared one.
"""
ABOUT = {
    "Coverage": "What of each room the unit tests and the parity scripts run, by `workspace_test/check_coverage.py`.",
    "Installations": """The wheel in fresh environments, by `workspace_test/check_installs.py`: "oldest" is the lowest
version of everything that the package allows, on the oldest Python, "newest" the newest ones, on the newest Python that
was found. "core" is the package without extras, "all" every extra at once; these two run the whole suite of tests, the
others, with the newest versions only, the part that the extra is for. Tests of a package that is not installed are left
out, and counted by its name. Parity scripts compare NumPy with JAX.""",
    "Scripts": "Every script whole, by `workspace_test/run_all.py --all`.",
}


def record(section, head, rows, keys=1):
    """Put rows into a section's table; those with the same first ``keys`` cells take the place of older ones.

    Parameters
    ----------
    section : str
        Title of the table.
    head : tuple of str
        Titles of the columns.
    rows : list of tuple
    """
    text = PAGE.read_text(encoding="utf-8") if PAGE.exists() else TOP
    page = _tables(text)
    old = {row[:keys]: row for row in page.get(section, (None, []))[1]}
    new = {tuple(str(cell) for cell in row)[:keys]: tuple(str(cell) for cell in row) for row in rows}
    page[section] = (tuple(head), list((old | new).values()))
    PAGE.write_text(TOP + "".join(_written(*item) for item in sorted(page.items())), encoding="utf-8")


def _tables(text):
    """The page's tables as {section: (head, rows)}."""
    found = {}
    for part in text.split("\n## ")[1:]:
        title, _, body = part.partition("\n")
        lines = [line for line in body.splitlines() if line.startswith("|")]
        cells = [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in lines]
        found[title.strip()] = (cells[0], cells[2:])
    return found


def _written(title, table):
    head, rows = table
    lines = [head, ("---",) * len(head), *rows]
    about = f"{ABOUT[title]}\n\n" if title in ABOUT else ""
    return f"\n## {title}\n\n{about}" + "".join(f"| {' | '.join(cells)} |\n" for cells in lines)
