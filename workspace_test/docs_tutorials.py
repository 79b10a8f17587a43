"""Every tutorial runs as it stands, each in a process of its own with warnings as errors, and its own checks hold.

    python workspace_test/docs_tutorials.py [NAME ...]

A tutorial's cells are its ``{code-cell}`` blocks; those tagged ``remove-cell`` hold the checks. One whose data, or JAX,
is not there is skipped with a sentence.
"""

import argparse
import importlib.util
import os
import pathlib
import re
import subprocess
import sys
import time

FOLDER = pathlib.Path(__file__).parents[1] / "docs" / "tutorials"
CELL = re.compile(r"```\{code-cell\}[^\n]*\n(.*?)```", flags=re.DOTALL)
LIMIT = 1200  # seconds, on a machine that others use too
PRELUDE = "import matplotlib\nmatplotlib.use('Agg')\n"


def script_of(text):
    """The cells of a tutorial as one script."""
    cells = [re.sub(r"^:tags:.*$", "", cell, flags=re.MULTILINE) for cell in CELL.findall(text)]
    return PRELUDE + "\n\n".join(cells)


def reason_to_skip(text):
    """Why a tutorial cannot run here, or None."""
    path = re.search(r'^PATH = "(.*)"$', text, flags=re.MULTILINE)
    if path and not (FOLDER / path.group(1)).exists():
        return f"its image is not there: {path.group(1)}"
    if "da.enable_jax()" in text and importlib.util.find_spec("jax") is None:
        return "JAX is not installed"
    return None


def run(path):
    """(passed or None, seconds, what went wrong)."""
    text = path.read_text(encoding="utf-8")
    reason = reason_to_skip(text)
    if reason:
        return None, 0.0, reason
    began = time.perf_counter()
    command = [sys.executable, "-W", "error", "-c", script_of(text)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    try:
        done = subprocess.run(
            command, cwd=FOLDER, env=environment, capture_output=True, text=True, check=False, timeout=LIMIT
        )
    except subprocess.TimeoutExpired:
        return False, time.perf_counter() - began, f"not done after {LIMIT} s"
    return done.returncode == 0, time.perf_counter() - began, done.stderr[-2000:] if done.returncode else ""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="tutorials, such as first_disk (default: all)")
    names = parser.parse_args().names
    failed = []
    for path in sorted(FOLDER.glob("*.md")):
        if path.stem == "index" or (names and path.stem not in names):
            continue
        passed, seconds, why = run(path)
        verdict = {True: "ok", False: "FAILED", None: "skipped"}[passed]
        print(f"  {path.stem:<20} {seconds:7.1f} s  {verdict}  {why if passed is None else ''}".rstrip(), flush=True)
        if passed is False:
            failed.append(path.stem)
            print(why, flush=True)
    print(f"FAILED: {', '.join(failed)}" if failed else "all tutorials ran")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
