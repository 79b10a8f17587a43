"""Real disks, from catalogue values to a fit: the three GPI examples of docs/examples, with NumPy alone.

    python workspace_test/real_data.py [--write]

Runs ``diskarray fit`` on each in a process of its own and checks what it found against the limits below. Needs the
data that the examples name. ``--write`` renews docs/real_data.md.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).parents[1]
LIMITS = {
    "hr4796a": {"n_data": 27366, "reduced_chi_squared": 1.14, "position_angle": (26.7, 0.5), "inclination": (76.4, 1.0)},
    "hd32297": {"n_data": 24834, "reduced_chi_squared": 1.05},
    "hd117214": {"n_data": 19628, "reduced_chi_squared": 1.05},
}


def fitted(name, folder):
    """The content of result.json, with the seconds of the whole command."""
    start = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "diskarray", "fit", str(ROOT / "docs" / "examples" / f"{name}.yaml"),
         "--output", str(folder / name), "--quiet"],
        check=True,
    )
    seconds = time.perf_counter() - start
    return json.loads((folder / name / "result.json").read_text()) | {"seconds": seconds}


def problems_of(result, limits):
    """What is wrong with a result, one sentence each."""
    if result["status"] != "converged":
        yield f"status {result['status']}"
    if result["n_data"] != limits["n_data"]:
        yield f"{result['n_data']} pixels instead of {limits['n_data']}"
    if not result["reduced_chi_squared"] <= limits["reduced_chi_squared"]:
        yield f"reduced chi-squared {result['reduced_chi_squared']:.4f} above {limits['reduced_chi_squared']}"
    for angle in ("position_angle", "inclination"):
        if angle in limits:
            wanted, tolerance = limits[angle]
            value = result["parameters"][f"disks.belt.{angle}"]["value"]
            if abs(value - wanted) > tolerance:
                yield f"{angle} {value:.2f} is not {wanted} +- {tolerance}"


def table_of(name, result):
    """A Markdown section for one disk."""
    lines = [
        f"## {name}\n",
        f"Reduced chi-squared {result['reduced_chi_squared']:.4f} over {result['n_data']} pixels, "
        f"{result['n_evaluations']} images, {result['seconds']:.0f} s with reading and writing (2 cores, NumPy).\n",
        "| parameter | value | sigma | unit |", "|---|---|---|---|",
    ]
    for path, entry in result["parameters"].items():
        sigma = "at bound" if path in result["at_bound"] else "-" if entry["sigma"] is None else f"{entry['sigma']:.2g}"
        lines.append(f"| `{path}` | {entry['value']:.6g} | {sigma} | {entry['unit']} |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help="renew docs/real_data.md")
    arguments = parser.parse_args()
    if not (ROOT / "../shared/data/gpi").exists():
        print("skipped: ../shared/data/gpi is not there")
        return
    with tempfile.TemporaryDirectory() as folder:
        results = {name: fitted(name, pathlib.Path(folder)) for name in LIMITS}
    failed = 0
    for name, result in results.items():
        problems = list(problems_of(result, LIMITS[name]))
        failed += bool(problems)
        print(f"{name}: reduced chi-squared {result['reduced_chi_squared']:.4f}, {result['seconds']:.1f} s"
              + "".join(f"\n  FAILED: {p}" for p in problems))
    if arguments.write:
        (ROOT / "docs" / "real_data.md").write_text(
            "# Three real disks\n\n"
            "GPI H-band polarized light (Q_phi), fitted from catalogue values by `diskarray fit docs/examples/NAME.yaml`.\n"
            "Pixels 12 px < r < 95 / 90 / 80 px; noise: standard deviation of U_phi in 3-pixel annuli; PSF: a Gaussian of\n"
            "FWHM 3.8 pixels; the star is fixed and the ring may be eccentric. The counts are not calibrated, so that\n"
            "`optical_depth` (for a star of 1 adu per coadd) is a scale without physical meaning. The formal errors assume\n"
            "independent pixels; the residuals are correlated, so the true errors are larger. Written by\n"
            "`python workspace_test/real_data.py --write`.\n\n"
            + "\n\n".join(table_of(name, result) for name, result in results.items()) + "\n"
        )
    print(f"{len(LIMITS) - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
