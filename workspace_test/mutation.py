"""A test of the tests: with a deliberately broken backend the parity scripts must fail, and without one pass.

python workspace_test/mutation.py [--quick]           --quick: three of the breaks
python workspace_test/mutation.py --apply NAME SCRIPT     run one script with one break, in this process
"""

import argparse
import functools
import runpy
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).parent
EPSILON = 1 + 1e-6


def scaled_on_jax(function):
    """The function with its result a millionth too large, on JAX only."""

    @functools.wraps(function)
    def broken(*args, xp, **kwargs):
        result = function(*args, xp=xp, **kwargs)
        return result * EPSILON if xp.__name__ == "jax.numpy" else result

    return broken


def without_xp(function):
    """The function with its xp not handed on."""

    @functools.wraps(function)
    def broken(*args, xp, **kwargs):
        return function(*args, **kwargs)

    return broken


def patch(module, name, breaking):
    """Break a function or method where it is looked up: ``module`` may end in a class."""
    import importlib

    path, _, owner = module.partition(":")
    holder = importlib.import_module(f"diskarray.{path}")
    holder = getattr(holder, owner) if owner else holder
    setattr(holder, name, breaking(getattr(holder, name)))


MUTANTS = {
    "convolution scaled": ("parity_scene", "model.instrument", "convolved", scaled_on_jax),
    "sub-pixel shift scaled": ("parity_optics", "optics.point_image", "sample_shift_matrix", scaled_on_jax),
    "density scaled": ("parity_scene", "profiles.density:TwoPowerLaw", "density", scaled_on_jax),
    "sub-pixel mean scaled": ("parity_scene", "structures.over_sampling", "segment_mean", scaled_on_jax),
    "log-likelihood scaled": ("parity_posterior", "fit.posterior", "gaussian_log_likelihood", scaled_on_jax),
    "line of sight left on NumPy": ("parity_posterior", "model.disk", "line_of_sight_integral", without_xp),
    "phase function left on NumPy": (
        "parity_profiles",
        "profiles.phase_function:HenyeyGreenstein",
        "phase",
        without_xp,
    ),
    "normal quantile scaled": ("parity_profiles", "parameters.priors", "normal_quantile", scaled_on_jax),
}
CONTROLS = ("parity_scene",)  # the others run unbroken beside this script


def run(script, name=None):
    """Exit code, output and seconds of a script in a process of its own."""
    began = time.perf_counter()
    apply = ["--apply", name, script] if name else ["--apply", "", script]
    done = subprocess.run(
        [sys.executable, str(HERE / "mutation.py"), *apply], capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr, time.perf_counter() - began


def apply(name, script):
    if name:
        _, module, attribute, breaking = MUTANTS[name]
        patch(module, attribute, breaking)
    sys.argv = [f"{script}.py", "--quick"]
    sys.path.insert(0, str(HERE))
    runpy.run_path(str(HERE / f"{script}.py"), run_name="__main__")


def caught(name, code, output):
    """A scaled number must fail a comparison; a namespace not handed on may also stop the script."""
    if MUTANTS[name][-1] is without_xp:
        return code != 0 and ("FAILED" in output or "Tracer" in output or "BackendError" in output)
    return code == 1 and "FAILED" in output and "Traceback" not in output


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--apply", nargs=2, metavar=("NAME", "SCRIPT"))
    arguments = parser.parse_args()
    if arguments.apply:
        return apply(*arguments.apply)
    print("Mutation")
    chosen = list(MUTANTS)[2:7:2] if arguments.quick else MUTANTS
    jobs = [(script, None) for script in CONTROLS] + [(MUTANTS[name][0], name) for name in chosen]
    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(lambda job: run(*job), jobs))
    failures = 0
    for (script, name), (code, output, seconds) in zip(jobs, results, strict=True):
        good = caught(name, code, output) if name else code == 0
        said = "caught" if name else "passes unbroken"
        print(
            f"  {name or 'nothing broken':<40} {script:<18} {said if good else 'NOT ' + said:<16} {seconds:5.1f} s",
            flush=True,
        )
        if not good:
            failures += 1
            print(output[-1500:])
    print(f"  {len(jobs) - failures} of {len(jobs)} as they should be\n")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
