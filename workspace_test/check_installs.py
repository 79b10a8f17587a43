"""Install the wheel into fresh environments and run the tests that apply there.

    python workspace_test/check_installs.py [--versions oldest newest] [--extras core plot ...] [--workers N]
                                            [--write]

"oldest" is the oldest Python that the package allows with the lowest allowed version of everything it requires,
"newest" the newest Python found with the newest packages. "core" is the package without extras, "all" every extra at
once, where the parity scripts run too. Unless told otherwise each extra alone is installed with the newest versions
only; the lowest of all of them are in "all". The package's sources are not there: the tests see the installed wheel.
With --write the results go to docs/checks.md.
"""

import argparse
import email
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

from _checks_page import record

ROOT = Path(__file__).parents[1]
PARTS = ("test_diskarray", "workspace_test", "docs", "README.md", "pyproject.toml", "setup.cfg")
OF_THE_TREE = ("test_architecture.py", "test_reachability.py", "test_wheel.py", "test_documentation.py")
TESTS = {
    "core": (),
    "jax": ("backend", "fit", "sampling/test_nuts.py"),
    "sample": ("sampling", "results", "files", "pipeline", "cli"),
    "diag": ("diagnostics", "results", "files"),
    "plot": ("viz", "report", "pipeline", "cli", "test_import.py", "test_no_jax.py"),
    "cli": ("cli",),
    "all": (),
}  # an empty list is the whole suite
BY_DEFAULT = {"oldest": ("core", "all"), "newest": tuple(TESTS)}
PARITY = {
    "jax": (("readme_jax.py", "--quick"), ("parity_components.py",), ("parity_structures.py", "--quick")),
    "all": (("run_all.py",),),
}
SHOWN = ("numpy", "scipy", "astropy", "pydantic", "jax", "numpyro", "emcee", "dynesty", "arviz-stats", "matplotlib")
HEAD = ("versions", "extra", "Python", "packages", "tests", "skipped because", "parity", "install", "run")


def said(command, **options):
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False, **options)


def must(command, **options):
    done = said(command, **options)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
    return done.stdout


def built_wheel(folder):
    """The wheel of a clean copy of the package."""
    tree = folder / "source"
    shutil.copytree(ROOT / "diskarray", tree / "diskarray", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("setup.cfg", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tree)
    must([sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, tree])
    (wheel,) = folder.glob("*.whl")
    return wheel


def metadata_of(wheel):
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        return email.message_from_bytes(archive.read(name))


def lowest_versions(metadata):
    """A constraint for every requirement that has a lower bound."""
    bounds = (
        re.match(r"([\w.-]+)(?:\[.*?\])?\s*>=\s*([\w.]+)", text) for text in metadata.get_all("Requires-Dist", ())
    )
    return sorted({f"{found[1]}=={found[2]}" for found in bounds if found})


def interpreters():
    """Every Python found here, {(3, 11): its path, ...}."""
    kept = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    candidates = [shutil.which(f"python3.{minor}") for minor in range(11, 20)]
    candidates += [sys.executable, *sorted(kept.glob("3.*/bin/python"))]
    found = {}
    for path in filter(None, candidates):
        done = said([path, "-c", "import sys; print(*sys.version_info[:2])"])
        if done.returncode == 0:
            found.setdefault(tuple(map(int, done.stdout.split())), path)
    return found


def python_for(versions, metadata):
    """The interpreter of "oldest" or "newest" among those that the package allows."""
    least = tuple(map(int, metadata["Requires-Python"].removeprefix(">=").split(".")))
    allowed = {key: path for key, path in interpreters().items() if key >= least}
    if versions == "oldest" and least not in allowed:
        sys.exit(f"Python {'.'.join(map(str, least))}, the oldest one allowed, is not on this machine")
    return allowed[least if versions == "oldest" else max(allowed)]


def environment(folder, wheel, versions, extra, metadata):
    """A new environment with the wheel, one extra and what runs the tests; its Python and the seconds it took."""
    began = time.perf_counter()
    must([python_for(versions, metadata), "-m", "venv", folder])
    python = folder / "bin" / "python"
    wanted = "test" if extra == "core" else f"{extra},test"
    options = ["--quiet", "--disable-pip-version-check"]
    if versions == "oldest":
        lowest = folder / "lowest.txt"
        lowest.write_text("\n".join(lowest_versions(metadata)) + "\n")
        options += ["--constraint", lowest]
    must([python, "-m", "pip", "install", *options, f"{wheel}[{wanted}]"])
    return python, time.perf_counter() - began


def tests_in(python, place, extra, workers):
    """Run the tests that apply; the counts, the reasons of what was skipped, what failed."""
    chosen = [place / "test_diskarray" / name for name in TESTS[extra]]
    chosen = [path for path in chosen if path.exists()] or [place / "test_diskarray"]
    left_out = [f"--ignore={place / 'test_diskarray' / name}" for name in OF_THE_TREE]
    done = said(
        [python, "-m", "pytest", "-q", "-n", str(workers), "-p", "no:cacheprovider", *left_out, *chosen], cwd=place
    )
    print(done.stdout[-3000:], done.stderr[-2000:], sep="", flush=True)
    counts = {word: int(n) for n, word in re.findall(r"(\d+) (passed|failed|skipped|error)", done.stdout[-300:])}
    reasons = {}
    for n, reason in re.findall(r"^SKIPPED \[(\d+)\] [^ ]+ (.*)$", done.stdout, flags=re.MULTILINE):
        reason = re.sub(r"^could not import '(\w+)[.'].*", r"no \1", reason)
        reasons[reason] = reasons.get(reason, 0) + int(n)
    return done.returncode == 0 and counts.get("passed", 0) > 0, counts, reasons


def parity_in(python, place, extra, workers):
    """Run the scripts that compare NumPy with JAX; which failed."""
    failed = []
    for name, *flags in PARITY.get(extra, ()):
        flags += ["--workers", workers] * (name == "run_all.py")
        done = said([python, place / "workspace_test" / name, *flags], cwd=place)
        print(done.stdout[-2000:], done.stderr[-2000:], sep="", flush=True)
        failed += [name] * (done.returncode != 0)
    return failed


def checked(folder, wheel, versions, extra, metadata, workers):
    """One row of the table, and whether all is well."""
    python, install = environment(folder / f"{versions}-{extra}", wheel, versions, extra, metadata)
    place = folder / "place"
    where = must([python, "-c", "import diskarray; print(diskarray.__file__)"], cwd=place).strip()
    assert Path(where).is_relative_to(python.parents[1]), f"the tests would see {where}, not the wheel"
    began = time.perf_counter()
    passed, counts, reasons = tests_in(python, place, extra, workers)
    broken = parity_in(python, place, extra, workers)
    seconds = time.perf_counter() - began
    listed = dict(line.split("==") for line in must([python, "-m", "pip", "freeze"]).split() if "==" in line)
    packages = ", ".join(f"{name} {listed[name]}" for name in SHOWN if name in listed)
    version = must([python, "-c", "import platform; print(platform.python_version())"]).strip()
    tests = ", ".join(f"{n} {word}" for word, n in counts.items()) + ("" if passed else " - FAILED")
    parity = f"FAILED: {', '.join(broken)}" if broken else "passed" if extra in PARITY else "-"
    skipped = ", ".join(f"{reason} ({n})" for reason, n in sorted(reasons.items())) or "-"
    row = (versions, extra, version, packages, tests, skipped, parity, f"{install:.0f} s", f"{seconds:.0f} s")
    return row, passed and not broken


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--versions", nargs="+", choices=("oldest", "newest"), default=("oldest", "newest"))
    parser.add_argument("--extras", nargs="+", choices=tuple(TESTS))
    parser.add_argument("--workers", type=int, default=2, help="how many tests or scripts run at a time")
    parser.add_argument("--write", action="store_true", help="record the results in docs/checks.md")
    options = parser.parse_args()
    failed = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        wheel = built_wheel(folder)
        place = folder / "place"
        for part in PARTS:
            source = ROOT / part
            copy = shutil.copytree if source.is_dir() else shutil.copy
            place.mkdir(exist_ok=True)
            copy(source, place / part)
        if (ROOT.parent / "shared").exists():
            (folder / "shared").symlink_to(ROOT.parent / "shared")
        for versions in options.versions:
            for extra in options.extras or BY_DEFAULT[versions]:
                print(f"== {versions} {extra}", flush=True)
                row, passed = checked(folder, wheel, versions, extra, metadata_of(wheel), options.workers)
                print(" | ".join(row), flush=True)
                failed += [f"{versions} {extra}"] * (not passed)
                shutil.rmtree(folder / f"{versions}-{extra}")
                if options.write:
                    record("Installations", HEAD, [row], keys=2)
    print(f"FAILED: {', '.join(failed)}" if failed else "every installation passed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
