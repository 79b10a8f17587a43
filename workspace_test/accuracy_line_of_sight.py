"""How accurate is the line-of-sight integral? Against brute-force references, for several orders, NumPy.

    python workspace_test/accuracy_line_of_sight.py [--reference ../shared/reference/line_of_sight.npz] [--write]

The reference values are adaptive quadratures made by a script that shares nothing with this package. Fails if the
default order is off by more than 2e-4 of the peak in any case. ``--write`` renews docs/accuracy.md.
"""

import argparse
import json
import math
import pathlib
import sys

import numpy as np

import diskarray as da

ROOT = pathlib.Path(__file__).parents[1]
RULES = {"default": da.Quadrature(), "panels 8": da.Quadrature("panels", 8), "panels 12": da.Quadrature("panels", 12),
         "tolerance 1e-6": da.Quadrature(tolerance=1e-6)}
DENSITY = ("radius", "alpha_in", "alpha_out", "scale_height", "gamma", "beta", "eccentricity", "argument_of_pericenter")


def disk_of(case, rule):
    """A Disk whose brightness is the integral J itself, in 1/au."""
    height, gamma = case["scale_height"], case["gamma"]
    return da.Disk(
        density=da.TwoPowerLaw(**{name: case[name] for name in DENSITY}),
        phase_function=da.HenyeyGreenstein(case["g"]),
        inclination=case["inclination"], position_angle=case["position_angle"], distance=case["distance"],
        optical_depth=2 * height * math.gamma(1 + 1 / gamma) / case["distance"] ** 2,
        rule=rule,
    )


def errors_of(case, points, values):
    """Largest error over the points, as a fraction of the peak, for every rule."""
    grid = da.Grid2DIrregular(points)
    return [np.abs(disk_of(case, rule).image_2d_from(grid).array - values).max() / values.max() for rule in RULES.values()]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--reference", type=pathlib.Path, default=ROOT / "../shared/reference/line_of_sight.npz")
    parser.add_argument("--write", action="store_true", help="renew docs/accuracy.md")
    arguments = parser.parse_args()
    if not arguments.reference.exists():
        print(f"skipped: {arguments.reference} is not there")
        return
    with np.load(arguments.reference) as stored:
        cases = json.loads(str(stored["cases"]))
        rows = [errors_of(case, stored[f"grid_{k}"], stored[f"value_{k}"]) for k, case in enumerate(cases)]
    lines = [
        "| i [deg] | gamma | beta | alpha_in | alpha_out | h / R | e | " + " | ".join(RULES) + " |",
        "|---" * (7 + len(RULES)) + "|",
    ]
    for case, errors in sorted(zip(cases, rows, strict=True), key=lambda pair: pair[0]["inclination"]):
        shape = [case["inclination"], case["gamma"], case["beta"], case["alpha_in"], case["alpha_out"],
                 case["scale_height"] / case["radius"], case["eccentricity"]]
        lines.append("| " + " | ".join([f"{v:.3g}" for v in shape] + [f"{e:.0e}" for e in errors]) + " |")
    table = "\n".join(lines)
    print(table)
    if arguments.write:
        (ROOT / "docs" / "accuracy.md").write_text(
            "# Accuracy of the line-of-sight integral\n\n"
            "Largest error over the points of each brute-force reference case, as a fraction of the case's peak, by the\n"
            "number of Gauss-Legendre nodes per panel (`GaussLegendre(order)`, default 8). Written by\n"
            f"`python workspace_test/accuracy_line_of_sight.py --write`.\n\n{table}\n"
        )
    worst = max(errors[0] for errors in rows)
    print(f"largest error of the default order: {worst:.1e} of the peak")
    sys.exit(0 if worst <= 2e-4 else 1)


if __name__ == "__main__":
    main()
