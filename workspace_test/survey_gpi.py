"""Twelve GPI targets from catalogue values in one call; those without a visible disk must say so.

    python workspace_test/survey_gpi.py [--jax] [--write] [--only NAME ...] [--starts 6]

Every target is fitted with the same model and priors: an eccentric two-power-law ring, Henyey-Greenstein times Rayleigh
polarization. Fails if a fit raises, ends otherwise than "converged" or "not_constrained", claims a limit that is no
number, or leaves a faint target without an upper limit on its brightness. ``--write`` renews docs/survey_gpi.md.
"""

import argparse
import pathlib
import sys
import time

import numpy as np

import diskarray as da

ROOT = pathlib.Path(__file__).parents[1]
DATA = ROOT / "../shared/data/gpi/gpi12_qphi_uphi.fits.gz"
CATALOGUE = {  # radius [au], inclination [deg], position angle [deg], distance [pc]
    "hr4796a": (78.5, 76.5, 26.1, 72.78),
    "hd32297": (98.4, 88.4, 47.9, 132.79),
    "hd117214": (60.2, 71.0, 179.8, 107.61),
    "hd110058": (39.0, 84.0, 155.0, 129.98),
    "hd106906": (72.3, 84.6, 284.2, 103.33),
    "hd156623": (80.2, 34.9, 100.9, 111.75),
    "hd157587": (79.0, 70.0, 127.0, 100.51),
    "hd131835": (107.7, 75.1, 61.4, 133.65),
    "ceant": (29.8, 13.1, 91.0, 34.03),
    "hd145560": (85.3, 43.9, 41.5, 120.44),
    "hd61005": (48.0, 84.3, 70.7, 36.49),
    "hd191089": (43.9, 59.0, 70.0, 50.13),
}
FWHM = 3.8 * 0.014166
BELT = "disks.belt."


def posterior_of(name):
    """The target's image with the model at its catalogue values."""
    radius, inclination, position_angle, distance = CATALOGUE[name]
    data = da.read_gpi(DATA, name.upper(), unit="adu / coadd", inner_pixels=12, outer_pixels=90)
    belt = da.Disk(
        density=da.TwoPowerLaw(
            radius=radius, alpha_in=10.0, alpha_out=-5.0, scale_height=0.03 * radius, eccentricity=0.02
        ),
        phase_function=da.Polarized(da.HenyeyGreenstein(g=0.5)),
        inclination=inclination,
        position_angle=position_angle,
        distance=distance,
        optical_depth=1e6,
    )
    scene = da.Scene(
        disks={"belt": belt},
        star=da.Star(flux=1.0, unit="adu / coadd"),
        instrument=da.Instrument(psf=da.GaussianPSF(fwhm=FWHM)),
    )
    return da.Posterior(
        data,
        da.ParameterSpace.of(
            scene,
            {
                BELT + "inclination": da.Uniform(0, 90),
                BELT + "position_angle": da.UniformAngle(0, 360),
                BELT + "optical_depth": da.LogUniform(1e2, 1e10),
                BELT + "density.radius": da.Uniform(0.5 * radius, 2 * radius),
                BELT + "density.alpha_in": da.LogUniform(1, 60),
                BELT + "density.alpha_out": da.Uniform(-30, -1),
                BELT + "density.scale_height": da.LogUniform(0.002 * radius, 0.3 * radius),
                BELT + "density.eccentricity": da.Uniform(0, 0.5),
                BELT + "density.argument_of_pericenter": da.UniformAngle(-180, 180),
                BELT + "phase_function.phase_function.g": da.Uniform(-0.99, 0.99),
            },
        ),
    )


def survey(names, engine, *, xp=np):
    """Every target's result, or the error it raised."""
    results = {}
    for name in names:
        began = time.process_time()
        try:
            best = da.optimize(posterior_of(name), engine, xp=xp, progress=False)
        except Exception as error:
            best = error
        results[name] = best, time.process_time() - began
        print(f"{name}: {results[name][1]:.0f} s, {best!r}", flush=True)
    return results


def problems_of(result):
    """What is wrong with a result, one sentence each."""
    if isinstance(result, Exception):
        yield f"raised {result!r}"
        return
    if result.status not in ("converged", "not_constrained"):
        yield f"{result.status}: {result.message}"
    if any(not np.isfinite(limit.value) for limit in result.limits):
        yield f"a limit that is no number: {result.limits}"
    brightness = [limit for limit in result.limits if limit.name.endswith("optical_depth") and limit.side == "upper"]
    if result.status == "not_constrained" and not brightness:
        yield "not constrained, without an upper limit on the brightness"


def row_of(name, result, seconds):
    """A line of the page's table."""
    if isinstance(result, Exception):
        return f"| {name} | raised {type(result).__name__} | | | | | | | {seconds:.0f} |"
    cells = []
    for path in ("inclination", "position_angle", "density.radius", "phase_function.phase_function.g"):
        k = result.names.index(BELT + path)
        limit = result.limit(BELT + path)
        if result.status == "not_constrained" or BELT + path in result.unconstrained:
            cells.append("-")
        elif limit is not None:
            cells.append(f"{'<' if limit.side == 'upper' else '>'} {limit.value:.4g}")
        else:
            cells.append(f"{result.vector[k]:.4g} +- {result.sigma[k]:.2g}")
    limits = "; ".join(repr(limit).replace(BELT, "") for limit in result.limits) or "-"
    gain = f"{result.detection.chi_squared_gain:.0f} ({result.detection.threshold:.0f})"
    return (
        f"| {name} | {result.status} | {result.reduced_chi_squared:.3f} | {gain} | "
        + " | ".join(cells)
        + f" | {limits} | {seconds:.0f} |"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help="renew docs/survey_gpi.md")
    parser.add_argument("--jax", action="store_true", help="fit on JAX")
    parser.add_argument("--only", nargs="+", choices=CATALOGUE, help="these targets alone")
    parser.add_argument("--starts", type=int, default=6)
    arguments = parser.parse_args()
    if not DATA.exists():
        print("skipped: ../shared/data/gpi is not there")
        return
    engine = da.LeastSquares(starts=arguments.starts, errors="correlated")
    results = survey(arguments.only or CATALOGUE, engine, xp=da.enable_jax() if arguments.jax else np)
    rows = [row_of(name, result, seconds) for name, (result, seconds) in results.items()]
    failed = [f"{name}: {problem}" for name, (result, _) in results.items() for problem in problems_of(result)]
    print("\n".join([*rows, *(f"FAILED {line}" for line in failed)]))
    if arguments.write:
        (ROOT / "docs" / "survey_gpi.md").write_text(
            "# Twelve GPI targets in one call\n\n"
            f'`da.LeastSquares(starts={arguments.starts}, errors="correlated")` on Q_phi from catalogue values, the '
            'same model and priors for all, r from 12 to 90\npixels. "Gain" is what the disk\'s light takes off '
            "chi-squared, and in brackets what noise with the residuals'\ncorrelation may do at 5 standard "
            "deviations; below it a target ends as not constrained, with an upper limit on its\nbrightness (in "
            "units of a star of 1 adu per coadd). Errors allow for correlated residuals. Seconds are processor "
            "time.\nWritten by `python workspace_test/survey_gpi.py --write`.\n\n"
            "| target | status | reduced chi-squared | gain (threshold) | inclination [deg] | position angle [deg] "
            "| radius [au] | g | limits | seconds |\n|---|---|---|---|---|---|---|---|---|---|\n"
            + "\n".join(rows)
            + "\n"
        )
    print(f"{len(failed)} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
