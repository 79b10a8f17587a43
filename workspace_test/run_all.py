"""Run the parity scripts, two at a time unless told otherwise, and say which failed.

    python workspace_test/run_all.py [--all] [--only NAME ...] [--workers N]

``make test`` calls it after the unit tests; with ``--all`` (``make check``) every script runs whole, and those too that
take longer, and docs/checks.md tells how long each took and whether it passed. What is timed by the clock runs last, by
itself. Of those that make pages from peers or for hours it is checked that they start.
"""

import argparse
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from _checks_page import record

HERE = Path(__file__).parent
QUICK = "--quick"
SCRIPTS = (
    ("parity_structures", QUICK),
    ("mutation", QUICK),
    ("parity_profiles", QUICK),
    ("parity_polarization", QUICK),
    ("parity_nuts", QUICK),
    ("parity_derived",),
    ("parity_elementary",),
    ("readme_jax", QUICK),
    ("parity_optics", QUICK),
    ("parity_scene", QUICK),
    ("parity_dynesty", QUICK),
    ("parity_linear", QUICK),
    ("parity_posterior", QUICK),
    ("parity_components", QUICK),
    ("compare_arviz",),
    ("typed_use",),
)  # longest first
LONGER = (
    ("docs_tutorials",),
    ("check_documentation",),
    ("kill_resume",),
    ("engines_agree", "--document", os.devnull),
    ("mutated_files",),
    ("simulation_based_calibration", "--runs", "32", "--document", os.devnull),
    ("calibration_example",),
    ("type_table",),
    ("sampling_emcee",),
    ("joint_polarization",),
    ("robustness",),
    ("accuracy_line_of_sight",),
    ("docs_jax_blocks",),
    ("docs_drawings", "--check"),
    ("docs_house", "--check"),
)
ALONE = (("docs_quick_start",),)
STARTED = (
    "benchmark_fit",
    "benchmark_image",
    "check_coverage",
    "check_installs",
    "compare_vip",
    "convergence_over_sampling",
    "effective_samples",
    "hd32297_three_ways",
    "hd35841",
    "real_data",
    "report_browser",
    "survey_gpi",
)


def run(script):
    began = time.perf_counter()
    command = [sys.executable, str(HERE / f"{script[0]}.py"), *script[1:]]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr, time.perf_counter() - began


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="run no others")
    parser.add_argument("--workers", type=int, default=min(2, os.cpu_count() or 1), help="how many run at a time")
    options = parser.parse_args()
    whole = options.all
    groups = (tuple((name,) for name, *_ in SCRIPTS) + LONGER, ALONE) if whole else (SCRIPTS,)
    known = {name for group in groups for name, *_ in group}
    if unknown := set(options.only or ()) - known:
        parser.error(f"no script {', '.join(sorted(unknown))}; there are {', '.join(sorted(known))}")
    began, failed, times, rows = time.perf_counter(), [], [], []
    for group in groups:
        scripts = [script for script in group if not options.only or script[0] in options.only]
        with ThreadPoolExecutor(1 if group is ALONE else options.workers) as pool:
            for script, (code, output, seconds) in zip(scripts, pool.map(run, scripts), strict=True):
                print(output, end="", flush=True)
                times.append(f"{script[0]} {seconds:.0f} s")
                failed += [script[0]] * (code != 0)
                rows.append((script[0], "FAILED" if code else "passed", f"{seconds:.0f} s"))
    for name in STARTED if whole and not options.only else ():
        code, output, _ = run((name, "--help"))
        failed += [name] * (code != 0)
        print(output if code else "", end="")
    if whole:
        record("Scripts", ("script", "verdict", "time"), rows)
    print(", ".join(times), f"- together {time.perf_counter() - began:.0f} s")
    print(f"FAILED: {', '.join(failed)}" if failed else "all parity scripts passed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
