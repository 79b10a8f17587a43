"""The picture of the house for docs/architecture.md: its rooms in order, and who imports from whom, from the source.

    python workspace_test/docs_house.py [--check]

Renews docs/figures/house.png; with --check it is only checked that the rooms of the page are those of the package, in
the order that their imports need.
"""

import argparse
import ast
import pathlib
import re
import sys

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot

ROOT = pathlib.Path(__file__).parents[1]
PACKAGE, PAGE = ROOT / "diskarray", ROOT / "docs" / "architecture.md"
FLOORS = {  # first room of each, from the ground
    "errors": ("ground: arrays, angles, bytes, parameters", "#64748b"),
    "structures": ("what is modeled: grids, dust, light, optics", "#1f5fa8"),
    "dataset": ("data and inference", "#15803d"),
    "viz": ("the world outside", "#c2410c"),
}


def rooms_of_page():
    """(name, what lives there) in the order of the table."""
    return re.findall(r"^\| `(\w+)(?:\.py|/)` \| (.*) \|$", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)


def imports(room):
    """Rooms that the files of one room import from, and how many of its files do."""
    path = PACKAGE / room
    files = path.rglob("*.py") if path.is_dir() else [path.with_suffix(".py")]
    found = {}
    for file in files:
        depth = len(file.relative_to(PACKAGE).parts)
        named = set()
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.level == depth:
                named |= {node.module.split(".")[0]} if node.module else {alias.name for alias in node.names}
        for name in named:
            found[name] = found.get(name, 0) + 1
    return found


def draw(rooms, edges):
    names = [name for name, _ in rooms]
    place = {name: k for k, name in enumerate(names)}
    figure, axis = pyplot.subplots(figsize=(10.5, 6.6), layout="constrained")
    color, floor_of = None, {}
    for name in names:
        color = FLOORS.get(name, (None, color))[1]
        floor_of[name] = color
    for name, text in rooms:
        y = -place[name]
        axis.barh(y, len(names), left=-0.5, height=0.92, color=floor_of[name], alpha=0.07, zorder=0)
        axis.text(-0.8, y, name, ha="right", va="center", fontsize=9.5, color=floor_of[name], weight="bold")
        short = re.sub(r"`| *\(.*?\)", "", text).split(";")[0].split(":")[0].strip()
        axis.text(len(names) - 0.2, y, short, ha="left", va="center", fontsize=8, color="#374151")
        axis.text(place[name], 0.75, name, rotation=60, ha="left", va="bottom", fontsize=7.5, color=floor_of[name])
        axis.plot(place[name], y, "s", color=floor_of[name], ms=7)
        for other, count in edges[name].items():
            if other in place and other != name:
                axis.plot(place[other], y, "o", color=floor_of[name], ms=2.2 + 1.1 * count**0.6, alpha=0.75)
    for name, (title, shade) in FLOORS.items():
        axis.plot((-4.1, len(names) - 0.5), 2 * (-place[name] + 0.5,), color=shade, lw=0.8)
        axis.text(
            len(names) - 0.6,
            -place[name] + 0.45,
            title,
            ha="right",
            va="top",
            fontsize=7.5,
            color=shade,
            style="italic",
        )
    axis.set(xlim=(-4.2, len(names) + 13), ylim=(-len(names) + 0.3, 4.2))
    axis.axis("off")
    return figure


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true")
    only_check = parser.parse_args().check
    rooms = rooms_of_page()
    names = [name for name, _ in rooms]
    there = {p.stem for p in PACKAGE.iterdir() if (p.is_dir() or p.suffix == ".py") and not p.name.startswith("_")}
    edges = {name: imports(name) for name in names}
    wrong = [f"{a} imports {b}" for a in names for b in edges[a] if b in names and names.index(b) > names.index(a)]
    wrong += [f"{name} is not in the table" for name in there - set(names)] + [
        f"no room {n}" for n in set(names) - there
    ]
    if not only_check and not wrong:
        figure = draw(rooms, edges)
        figure.savefig(ROOT / "docs" / "figures" / "house.png", dpi=130)
    print(
        "\n".join(wrong)
        if wrong
        else f"{len(names)} rooms, {sum(map(len, edges.values()))} kinds of imports, all upward"
    )
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
