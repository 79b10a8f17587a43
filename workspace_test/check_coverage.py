"""Which lines and branches of the package are run by the unit tests (NumPy only) and by the parity scripts (JAX).

    python workspace_test/check_coverage.py [--unit-only] [--write]

Both are measured and combined, in every process that they start; nothing is left out but the bodies of protocols, and
two tests of what a process does at its start, which measuring changes. It fails below 95 % of the lines or 90 % of the
branches of all rooms but the command's. --write puts the table into docs/checks.md; the lines that nothing runs are in
coverage_html/.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from _checks_page import record

ROOT = Path(__file__).parents[1]
LINES, BRANCHES = 95.0, 90.0
NOT_CORE = ("cli",)
ALTERED = (  # what a process loads at its start, and how long that takes: measuring coverage is part of it
    "test_diskarray/cli/test_help.py::test_help_answers_at_once",
    "test_diskarray/cli/test_help.py::test_no_command_loads_anything_heavy_before_it_runs",
)
LEFT_OUT = tuple(f"--deselect={name}" for name in ALTERED)
UNIT = ("-m", "pytest", "-q", "-n", "2", "-p", "no:cacheprovider", *LEFT_OUT, "test_diskarray")
PARITY = ("workspace_test/run_all.py",)


def coverage(*arguments, data):
    command = [sys.executable, "-m", "coverage", *arguments]
    return subprocess.run(command, cwd=ROOT, env=os.environ | {"COVERAGE_FILE": str(data)}, check=False).returncode


def by_room(files):
    """Room -> [statements, statements run, branches, branches run]."""
    rooms = {}
    for name, found in files.items():
        parts = Path(name).parts[1:]
        total, summary = rooms.setdefault(parts[0] if len(parts) > 1 else "top", [0] * 4), found["summary"]
        for k, key in enumerate(("num_statements", "covered_lines", "num_branches", "covered_branches")):
            total[k] += summary[key]
    return rooms


def share(part, whole):
    return 100.0 * part / whole if whole else 100.0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--unit-only", action="store_true", help="without the parity scripts")
    parser.add_argument("--write", action="store_true", help="record the results in docs/checks.md")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        data, report = Path(folder) / "data", Path(folder) / "report.json"
        runs = (UNIT,) if options.unit_only else (UNIT, PARITY)
        broken = [" ".join(run) for run in runs if coverage("run", *run, data=data)]
        coverage("combine", "-q", data=data)
        coverage("html", "-q", "-d", "coverage_html", "--skip-covered", data=data)
        coverage("json", "-q", "-o", str(report), data=data)
        rooms = by_room(json.loads(report.read_text())["files"])
    core = [sum(total[k] for room, total in rooms.items() if room not in NOT_CORE) for k in range(4)]
    rows = [
        (room, f"{share(run, lines):.1f} %", f"{share(taken, branches):.1f} %", lines, branches)
        for room, (lines, run, branches, taken) in [*sorted(rooms.items()), ("all but the command", core)]
    ]
    for row in rows:
        print("{:22} {:>8} {:>8} {:6d} {:6d}".format(*row))
    if options.write:
        record("Coverage", ("room", "lines run", "branches taken", "lines", "branches"), rows)
    low = share(core[1], core[0]) < LINES or share(core[3], core[2]) < BRANCHES
    print(f"FAILED: {', '.join(broken)}" if broken else "too little is covered" if low else "enough is covered")
    sys.exit(1 if broken or low else 0)


if __name__ == "__main__":
    main()
