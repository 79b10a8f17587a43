"""How accurate is the line-of-sight integral? Against brute-force references, for several orders, NumPy.

    python workspace_test/accuracy_line_of_sight.py [--reference ../shared/reference/line_of_sight.npz] [--write]

The reference values are adaptive quadratures made by a script that shares nothing with this package. Fails if the
default quadrature is off by more than 1e-4 of the peak in any case. ``--write`` renews docs/accuracy.md.
"""

import argparse
import json
import math
import pathlib
import sys

import numpy as np

import diskarray as da
from diskarray.geometry.angles import cosine_sine
from diskarray.scattering.integral import line_of_sight_integral
from diskarray.scattering.quadrature import choice_index, choices_for

ROOT = pathlib.Path(__file__).parents[1]
RULES = {
    "default": da.Quadrature(),
    "panels 8": da.Quadrature("panels", 8),
    "panels 12": da.Quadrature("panels", 12),
    "tolerance 1e-6": da.Quadrature(tolerance=1e-6),
}
PAGE = """# Accuracy of the line-of-sight integral

Largest error over the points of each brute-force reference case, as a fraction of the case's peak, by the
`Quadrature`: the default, panels of 8 and of 12 nodes, and a stated tolerance. Written by
`python workspace_test/accuracy_line_of_sight.py --write`.

{}

## Random disks

Error of the default quadrature as a fraction of the peak, by what it chose, against 53 panels of 48 nodes that know
nothing of the disk (they agree with the brute-force values to 1e-10). The last column counts disks beyond 1e-4, or
beyond 1e-3 within 6.5 degrees of edge-on.

1,800 disks drawn as the reference cases are: slopes 2 to 25 and -2 to -12, aspect ratios 0.5 to 20 %, gamma 1 to 4,
beta 0 to 2, eccentricities up to 0.3, the same nine inclinations:

{}

600 disks with slopes 1.5 to 30 and -1.5 to -15, aspect ratios 0.5 to 10 %, gamma 1 to 4, beta 0 to 2, eccentricities
up to 0.3 and isotropic inclinations. The largest errors are those of shallow, strongly flared disks (alpha_out above
-2, beta above 1):

{}

`Quadrature(tolerance=1e-6)` takes more nodes.
"""
DENSITY = ("radius", "alpha_in", "alpha_out", "scale_height", "gamma", "beta", "eccentricity", "argument_of_pericenter")


def disk_of(case, rule):
    """A Disk whose brightness is the integral J itself, in 1/au."""
    height, gamma = case["scale_height"], case["gamma"]
    return da.Disk(
        density=da.TwoPowerLaw(**{name: case[name] for name in DENSITY}),
        phase_function=da.HenyeyGreenstein(case["g"]),
        inclination=case["inclination"],
        position_angle=case["position_angle"],
        distance=case["distance"],
        optical_depth=2 * height * math.gamma(1 + 1 / gamma) / case["distance"] ** 2,
        rule=rule,
    )


def errors_of(case, points, values):
    """Largest error over the points, as a fraction of the peak, for every rule."""
    grid = da.Grid2DIrregular(points)
    return [
        np.abs(disk_of(case, rule).image_2d_from(grid).array - values).max() / values.max() for rule in RULES.values()
    ]


class Undescribed:
    """A density without ``scales()``, so that other cuts are used, and that ends at 60 radii as the references do."""

    def __init__(self, density):
        self.inner = density

    def density(self, X, Y, Z, *, xp=np):
        """The density within the sphere."""
        inside = np.sqrt(X * X + Y * Y + Z * Z) < 60 * self.inner.radius
        return self.inner.density(X, Y, Z, xp=xp) * inside


def wide_draw(rng, _):
    """Disks of every kind, isotropic; a dictionary as those of the reference's cases."""
    return {
        "radius": 77.0,
        "alpha_in": np.exp(rng.uniform(np.log(1.5), np.log(30))),
        "alpha_out": -np.exp(rng.uniform(np.log(1.5), np.log(15))),
        "scale_height": 77.0 * np.exp(rng.uniform(np.log(0.005), np.log(0.1))),
        "gamma": rng.choice([1.0, 1.5, 2.0, 2.0, 3.0, 4.0]),
        "beta": rng.choice([0.0, 1.0, 1.0, 1.5, 2.0]),
        "eccentricity": rng.choice([0.0, 0.0, 0.1, 0.3]),
        "argument_of_pericenter": rng.uniform(0, 360),
        "inclination": np.degrees(np.arccos(rng.uniform(-1, 1))),
        "g": rng.uniform(-0.6, 0.6),
    }


def reference_draw(rng, k):
    """Disks as the script of the reference values draws its cases."""
    return {
        "radius": rng.uniform(30, 120),
        "alpha_in": rng.uniform(2.0, 25.0),
        "alpha_out": -rng.uniform(2.0, 12.0),
        "scale_height": rng.uniform(0.6, 6.0),
        "gamma": rng.choice([1.0, 2.0, 3.0, rng.uniform(1.0, 4.0)]),
        "beta": rng.choice([0.0, 1.0, rng.uniform(0.0, 2.0)]),
        "eccentricity": rng.choice([0.0, rng.uniform(0.0, 0.3)]),
        "argument_of_pericenter": rng.uniform(-180, 180),
        "inclination": (0.0, 30.0, 60.0, 76.0, 83.0, 86.0, 88.0, 90.0, 104.0)[k % 9],
        "g": rng.uniform(-0.4, 0.9),
    }


def random_errors(draw, n, points=300, seed=11):
    """[(what was chosen, inclination, largest error as a fraction of the peak), ...] of random disks."""
    rng, rule, found = np.random.default_rng(seed), da.Quadrature(), []
    for k in range(n):
        case = draw(rng, k)
        density, phase = da.TwoPowerLaw(**{name: case[name] for name in DENSITY}), da.HenyeyGreenstein(case["g"])
        cos_i, sin_i = cosine_sine(case["inclination"])
        angle, r = rng.uniform(0, 2 * np.pi, points), case["radius"] * np.exp(rng.normal(0, 0.3, points))
        u, v = r * np.cos(angle), r * np.sin(angle) * cos_i - sin_i * rng.normal(0, case["scale_height"], points)
        used = np.hypot(u, v) > 0.08 * case["radius"]
        lines, inclination = (u[used], v[used]), case["inclination"]
        exact = line_of_sight_integral(
            lines, inclination, Undescribed(density), phase, rule=da.Quadrature("panels", 48)
        )
        error = (
            np.abs(line_of_sight_integral(lines, inclination, density, phase, rule=rule) - exact).max() / exact.max()
        )
        chosen = choices_for(rule)[int(choice_index(rule, cos_i, sin_i, density.scales()))]
        found.append((f"{chosen.nodes}, {chosen.order} nodes", case["inclination"], error))
    return found


def random_table(found):
    """Rows by what was chosen, and how many disks are beyond 1e-4 (1e-3 within 6.5 degrees of edge-on)."""
    lines = ["| chosen | disks | median | 90 % | largest | beyond |", "|---|---|---|---|---|---|"]
    for name in sorted({name for name, *_ in found}):
        rows = np.array([(error, 1e-3 if abs(i - 90) < 6.5 else 1e-4) for n, i, error in found if n == name])
        figures = [np.median(rows[:, 0]), np.quantile(rows[:, 0], 0.9), rows[:, 0].max()]
        beyond = np.sum(rows[:, 0] > rows[:, 1])
        lines.append(f"| {name} | {len(rows)} | " + " | ".join(f"{f:.0e}" for f in figures) + f" | {beyond} |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--reference", type=pathlib.Path, default=ROOT / "../shared/reference/line_of_sight.npz")
    parser.add_argument("--write", action="store_true", help="renew docs/accuracy.md")
    parser.add_argument("--quick", action="store_true", help="without the random disks")
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
        shape = [
            case["inclination"],
            case["gamma"],
            case["beta"],
            case["alpha_in"],
            case["alpha_out"],
            case["scale_height"] / case["radius"],
            case["eccentricity"],
        ]
        lines.append("| " + " | ".join([f"{v:.3g}" for v in shape] + [f"{e:.0e}" for e in errors]) + " |")
    table = "\n".join(lines)
    print(table)
    if arguments.quick:
        drawn = ()
    else:
        drawn = [random_table(random_errors(draw, n)) for draw, n in ((reference_draw, 1800), (wide_draw, 600))]
        print("\n\n".join(drawn))
    if arguments.write:
        (ROOT / "docs" / "accuracy.md").write_text(PAGE.format(table, *drawn))
    worst = max(errors[0] for errors in rows)
    print(f"largest error of the default: {worst:.1e} of the peak")
    sys.exit(0 if worst <= 1e-4 else 1)


if __name__ == "__main__":
    main()
