"""The quick start's commands, word for word, from an empty folder: exit codes, time, and whether the truth is found.

    python workspace_test/docs_quick_start.py [--keep FOLDER]

Every ``console`` block of docs/quick_start.md is run in order in one new folder. It passes if all end with 0, in less
than five minutes by the clock, if the truth lies within 3 standard deviations of the samples, and if the report
loads nothing from elsewhere. With --keep the folder stays, to be looked at.
"""

import argparse
import json
import pathlib
import re
import resource
import shlex
import subprocess
import sys
import tempfile
import time

import numpy as np

import diskarray as da

PAGE = pathlib.Path(__file__).parents[1] / "docs" / "quick_start.md"
LIMIT = 300.0  # seconds


def commands():
    for block in re.findall(r"```console\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL):
        for line in block.splitlines():
            words = shlex.split(line, comments=True)
            if words:
                assert words[0] == "diskarray", line
                yield words[1:]


def processor_seconds():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def run_all(folder):
    """Names of the commands that did not end with 0."""
    failed, began, spent = [], time.perf_counter(), processor_seconds()
    for words in commands():
        started, before = time.perf_counter(), processor_seconds()
        command = [sys.executable, "-m", "diskarray", *words]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        seconds, processor = time.perf_counter() - started, processor_seconds() - before
        print(
            f"  {' '.join(words):<42} exit {done.returncode}  {seconds:6.1f} s, {processor:6.1f} s of processor",
            flush=True,
        )
        if done.returncode:
            failed.append(" ".join(words))
            print(done.stdout[-1500:] + done.stderr[-1500:])
    spent = processor_seconds() - spent
    print(f"  together {time.perf_counter() - began:.0f} s, {spent:.0f} s of processor")
    return failed + (["took too long"] if time.perf_counter() - began > LIMIT else [])


def pulls(folder):
    """(mean - truth) / sigma of every parameter of the samples."""
    truth = json.loads((folder / "disk_truth.json").read_text(encoding="utf-8"))
    truth = truth.get("parameters", truth)
    chain = da.load_result(folder / "run" / "results" / "sample.npz")
    return {name: (m - truth[name]) / s for name, m, s in zip(chain.names, chain.mean, chain.sigma, strict=True)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--keep", type=pathlib.Path)
    keep = parser.parse_args().keep
    with tempfile.TemporaryDirectory() as temporary:
        folder = keep or pathlib.Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        assert not any(folder.iterdir()), f"{folder} is not empty"
        failed = run_all(folder)
        if not failed:
            found = pulls(folder)
            worst = max(found, key=lambda name: abs(found[name]))
            print(f"  farthest from the truth: {worst}, {found[worst]:+.1f} sigma")
            if not np.all(np.abs(list(found.values())) < 3):
                failed.append("the truth is not within 3 sigma")
            page = (folder / "run" / "report.html").read_text(encoding="utf-8")
            if re.search(r'(?:src|href)="(?:https?:)?//', page):
                failed.append("the report loads something from elsewhere")
    print(f"FAILED: {', '.join(failed)}" if failed else "the quick start does what it says")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
