"""Run every parity script, two at a time, and say which failed: what ``make test`` calls after the unit tests."""

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).parent
SCRIPTS = (
    "mutation",
    "parity_nuts",
    "parity_linear",
    "sampling_emcee",
    "parity_dynesty",
    "parity_scene",
    "parity_posterior",
    "parity_structures",
    "parity_optics",
    "parity_polarization",
    "joint_polarization",
    "parity_profiles",
    "parity_derived",
    "parity_components",
    "type_table",
    "readme_jax",
    "compare_arviz",
)  # longest first


def run(script):
    began = time.perf_counter()
    done = subprocess.run([sys.executable, str(HERE / f"{script}.py")], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr, time.perf_counter() - began


def main():
    began, failed, times = time.perf_counter(), [], []
    with ThreadPoolExecutor(min(2, os.cpu_count() or 1)) as pool:
        for script, (code, output, seconds) in zip(SCRIPTS, pool.map(run, SCRIPTS), strict=True):
            print(output, end="", flush=True)
            times.append(f"{script} {seconds:.0f} s")
            failed += [script] * (code != 0)
    print(", ".join(times), f"- together {time.perf_counter() - began:.0f} s")
    print(f"FAILED: {', '.join(failed)}" if failed else "all parity scripts passed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
