"""Write diskarray/__init__.pyi, which tells editors and type checkers where the public names come from.

    python workspace_test/public_stub.py

The names themselves are those of diskarray/__init__.py, where they are loaded when they are first used.
"""

from pathlib import Path

import diskarray as da

STUB = Path(__file__).parents[1] / "diskarray" / "__init__.pyi"
TOP = '"""The public names for editors and type checkers; at run time they are loaded when they are first used."""\n\n'


def lines():
    """One import for each public name, in ruff's order."""
    for name, home in da._MODULES.items():
        room, _, module = home.rpartition(".")
        yield f".{room}", module, name
    for name, home in da._HOME_OF.items():
        yield f".{home}", name, name


def main():
    ordered = sorted(lines(), key=lambda line: (line[0], *_kind(line[1])))
    imports = "".join(f"from {home} import {name} as {known}\n" for home, name, known in ordered)
    STUB.write_text(f"{TOP}{imports}\n__version__: str\n__all__: list[str]\n", encoding="utf-8")


def _kind(name):
    """Constants come before classes, classes before functions."""
    return (0 if name.isupper() and len(name) > 1 else 1 if name[0].isupper() else 2), name


if __name__ == "__main__":
    main()
