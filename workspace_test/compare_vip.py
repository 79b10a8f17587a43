"""Does a translated disk render what VIP and GRaTeR-JAX render? And where they cut corners, by how much is that off?

    python workspace_test/compare_vip.py --peers PYTHON [--write]

PYTHON has vip_hci 2.1.1 and grater-jax 0.3.0; it renders in a process of its own (``_peer_render.py``). Against VIP
with 1600 half slices and its truncation switched off, images have to agree to 1e-4 of the peak outside the pixels that
VIP blanks, with an inner edge of the dust to 2e-3. ``--write`` renews docs/differences.md. The exit code says whether
all held.
"""

import argparse
import dataclasses
import json
import pathlib
import subprocess
import sys
import tempfile
import time

import numpy as np
from _differences_page import PAGE

import diskarray as da

HERE = pathlib.Path(__file__).parent
WRITTEN = HERE.parent / "docs" / "differences.md"
RULE = da.Quadrature(nodes="panels", order=24)
EXACT = {"slices": 1600, "accuracy": 1e-30}
RING = {
    "name": "2PowerLaws",
    "a": 60.0,
    "ain": 8.0,
    "aout": -5.0,
    "e": 0.0,
    "ksi0": 2.5,
    "gamma": 2.0,
    "beta": 1.0,
    "dens_at_r0": 1.0,
}
ANGLES = [0.0, 10.0, 20.0, 35.0, 50.0, 70.0, 90.0, 110.0, 130.0, 150.0, 165.0, 180.0]
VALUES = [1.9, 0.9, 0.45, 0.2, 0.105, 0.058, 0.041, 0.036, 0.039, 0.05, 0.063, 0.07]
TABLE = {"name": "interpolated", "phi": ANGLES, "spf": VALUES}
TWO = {"name": "DoubleHG", "g": [0.7, -0.2], "weight": 0.6}


def vip(density=None, spf=None, without=(), **others):
    """Arguments of ScatteredLightDisk: the ring above seen at 60 degrees, with changes, ``without`` some keys."""
    dust = {name: value for name, value in {**RING, **(density or {})}.items() if name not in without}
    seen = {"nx": 60, "ny": 60, "distance": 60.0, "itilt": 60.0, "pa": 27.0, "omega": 0.0, "pxInArcsec": 0.06}
    return {**seen, **others, "density_dico": dust, "spf_dico": spf or {"name": "HG", "g": 0.3}}


AGREE = {
    "face-on": vip(itilt=0.0),
    "i = 10, PA < 0": vip(itilt=10.0, pa=-120.0),
    "i = 30": vip(itilt=30.0),
    "i = 45, isotropic": vip(itilt=45.0, spf={"name": "HG", "g": 0.0}),
    "i = 60": vip(),
    "i = 60, PA < 0, g < 0": vip(pa=-63.0, spf={"name": "HG", "g": -0.4}),
    "i = 70, g = 0.7": vip(itilt=70.0, spf={"name": "HG", "g": 0.7}),
    "i = 75": vip(itilt=75.0, pa=150.0),
    "i = 80": vip(itilt=80.0),
    "i = 80, PA < 0": vip(itilt=80.0, pa=-27.0),
    "i = -50": vip(itilt=-50.0),
    "i = 120": vip(itilt=120.0),
    "i = 215, e, offset": vip({"e": 0.2}, itilt=215.0, omega=20.0, xdo=3.0, ydo=-2.0),
    "e = 0.2, omega = 0, face-on": vip({"e": 0.2}, itilt=0.0),
    "e = 0.2, omega = 60": vip({"e": 0.2}, omega=60.0),
    "e = 0.2, omega = -100, i = 80, PA < 0": vip({"e": 0.2}, itilt=80.0, omega=-100.0, pa=-70.0),
    "e = 0.2, omega = 200, i = 40": vip({"e": 0.2}, itilt=40.0, omega=200.0),
    "offset": vip(xdo=4.0, ydo=-6.0),
    "offset, i = 78, PA < 0": vip(itilt=78.0, pa=-150.0, xdo=-5.0, ydo=3.0),
    "offset, e = 0.2": vip({"e": 0.2}, itilt=50.0, omega=75.0, xdo=2.0, ydo=5.0),
    "gamma = 1": vip({"gamma": 1.0}, itilt=70.0),
    "gamma = 1, beta = 0, i = 80": vip({"gamma": 1.0, "beta": 0.0}, itilt=80.0),
    "gamma = 1.5, beta = 0.5": vip({"gamma": 1.5, "beta": 0.5}),
    "gamma = 3": vip({"gamma": 3.0}, itilt=75.0),
    "gamma = 3, beta = 0, e = 0.2": vip({"gamma": 3.0, "beta": 0.0, "e": 0.2}, itilt=65.0, omega=130.0),
    "beta = 0": vip({"beta": 0.0}, itilt=40.0),
    "shallow slopes": vip({"ain": 2.0, "aout": -1.5}),
    "steep slopes": vip({"ain": 25.0, "aout": -18.0}, itilt=76.0),
    "thick": vip({"ksi0": 8.0}, itilt=70.0),
    "two HG": vip(spf=TWO),
    "two HG, e = 0.2, PA < 0": vip({"e": 0.2}, spf=TWO, itilt=75.0, omega=-40.0, pa=-110.0),
    "tabulated": vip(spf=TABLE),
    "tabulated, i = 80": vip(spf=TABLE, itilt=80.0, pa=-10.0),
    "tabulated, linear": vip(spf=TABLE | {"kind": "linear"}, itilt=50.0),
    "tabulated, quadratic": vip(spf=TABLE | {"kind": "quadratic"}, itilt=50.0),
    "tabulated, cubic": vip(spf=TABLE | {"kind": "cubic"}, itilt=70.0),
    "polarized": vip(spf={"name": "HG", "g": 0.4, "polar": True}),
    "polarized, two HG, i = 80": vip(spf=TWO | {"polar": True}, itilt=80.0, pa=-45.0),
    "polarized, tabulated, e = 0.2": vip({"e": 0.2}, spf=TABLE | {"polar": True}, itilt=65.0, omega=90.0),
    "polarized by a polynomial": vip(
        spf={"name": "HG", "g": 0.4, "polar": True, "polar_polynom_coeff": [-3.7e-5, 6.7e-3, 0.0]}
    ),
    "odd size": vip(nx=61, ny=61, itilt=72.0),
    "oblong, odd and even": vip(nx=71, ny=50, itilt=55.0),
    "star at xs, ys": vip(xs=27.3, ys=31.8),
    "VIP's own defaults": {"nx": 60, "ny": 60, "pxInArcsec": 0.04, "density_dico": {"name": "2PowerLaws"}},
    "brightness": vip({"dens_at_r0": 3.7e-4}, distance=25.0, pxInArcsec=0.12),
}
EDGES = {
    "amin, face-on": vip({"amin": 52.0}, itilt=0.0),
    "amin": vip({"amin": 52.0}),
    "amin, i = 80": vip({"amin": 52.0, "ain": 3.0}, itilt=80.0),
    "amin, e = 0.2": vip({"amin": 50.0, "ain": 2.0, "e": 0.2}, itilt=35.0, omega=30.0),
    "amin = a, e = 0.2": vip({"amin": 60.0, "ain": 2.0, "e": 0.2}, itilt=70.0, omega=-60.0),
}
AS_IT_COMES, CUT = {"slices": 25}, {"slices": 1600}
THICK = {"ain": 10.0, "aout": -10.0, "a": 40.0, "ksi0": 3.0}
VIP_DIFFERS = {  # what VIP does: (its arguments, how it renders, the arguments to translate where those differ)
    "25 half slices, its default, and no dust below 0.5 % of the peak; i = 30": (vip(itilt=30.0), AS_IT_COMES, None),
    "the same, i = 60": (vip(), AS_IT_COMES, None),
    "the same, i = 80": (vip(itilt=80.0), AS_IT_COMES, None),
    "100 half slices, i = 80": (vip(itilt=80.0), {"slices": 100}, None),
    "no dust below 0.5 % of the peak, alone": (vip(), CUT, None),
    "the same, `aout` = -2.5": (vip({"aout": -2.5}), CUT, None),
    "the same, `aout` = -1.5, face-on": (vip({"aout": -1.5}, itilt=0.0), CUT, None),
    "the same, `gamma` = 1": (vip({"gamma": 1.0}), CUT, None),
    "the same, `beta` = 1.5, i = 30": (vip({"beta": 1.5}, itilt=30.0), CUT, None),
    "i = 87 lowered to arctan(rmax / zmax) = 84.2, ring of 40 au, slopes 10": (vip(THICK, itilt=87.0), CUT, None),
    "i = 90 lowered to 84.2, the same ring": (vip(THICK, itilt=90.0), CUT, None),
    "`ain` = 0.02 raised to 0.1": (vip({"ain": 0.02}), EXACT, None),
    "`aout` = -0.05 lowered to -0.1, face-on": (vip({"aout": -0.05, "ain": 1.0}, itilt=0.0), CUT, None),
    "`beta` = -0.5 raised to 0, i = 30": (vip({"beta": -0.5}, itilt=30.0), EXACT, None),
    "a table from 35 to 150 degrees goes on as a cubic; here it keeps its end value": (
        vip(spf={"name": "interpolated", "phi": ANGLES[3:10], "spf": VALUES[3:10]}),
        EXACT,
        None,
    ),
    "`gamma` absent, taken for the documented 2": (vip(without=("gamma",)), EXACT, vip()),
    "`omega` taken for the pericenter, e = 0.2": (vip({"e": 0.2}, omega=60.0), EXACT, vip({"e": 0.2}, omega=240.0)),
    "star of an even image taken to be at (n - 1) / 2": (vip(), EXACT, vip(xs=29.5, ys=29.5)),
}
MISC = {"distance": 60.0, "pxInArcsec": 0.08, "nx": 48, "ny": 45, "flux_scaling": 1e3}


def grater(spf=None, misc=None, **changes):
    disk = {
        "accuracy": 5e-3,
        "alpha_in": 8.0,
        "alpha_out": -5.0,
        "sma": 60.0,
        "e": 0.0,
        "ksi0": 2.5,
        "gamma": 2.0,
        "beta": 1.0,
        "rmin": 0.0,
        "dens_at_r0": 1.0,
        "inclination": 60.0,
        "position_angle": 27.0,
        "x_center": 24.0,
        "y_center": 22.0,
        "omega": 0.0,
    }
    return {"disk_params": disk | changes, "spf_params": spf or {"g": 0.3}, "misc_params": MISC | (misc or {})}


SPLINE = {
    "backscatt_bound": -1.0,
    "forwardscatt_bound": 1.0,
    "num_knots": 6,
    "knot_values": [6.0, 2.6, 1.5, 0.8, 0.75, 0.9],
}
PROBED = {"backscatt_bound": -0.8, "forwardscatt_bound": 0.8, "num_knots": 5, "knot_values": [2.6, 1.5, 0.8, 0.75, 0.9]}
GRATER = {
    "i = 60": grater(),
    "i = 80, e = 0.2, PA < 0": grater(inclination=80.0, e=0.2, omega=70.0, position_angle=-100.0),
    "two HG, gamma = 1, beta = 0": grater(
        {"g1": 0.7, "g2": -0.2, "weight": 0.6}, gamma=1.0, beta=0.0, inclination=40.0
    ),
    "spline over all angles": grater(SPLINE),
    "spline over some angles, beyond them as it says": grater(PROBED, inclination=70.0),
    "star moved by whole pixels": grater(x_center=27.0, y_center=19.0),
}
GRATER_EDGES = {"rmin = 40: nothing inside the radius": grater(rmin=40.0, alpha_in=2.0)}
BROAD = {"alpha_in": 10.0, "alpha_out": -10.0, "sma": 40.0, "ksi0": 3.0}
GRATER_DIFFERS = {
    "25 half slices, its default, i = 60": (grater(), AS_IT_COMES, None),
    "the same, i = 80": (grater(inclination=80.0), AS_IT_COMES, None),
    "star moved by half a pixel: linear interpolation": (grater(x_center=24.5, y_center=22.5), CUT, None),
    "i = 87, two inclinations mixed, ring of 40 au, slopes 10": (grater(inclination=87.0, **BROAD), CUT, None),
    "i = 90, the same ring": (grater(inclination=90.0, **BROAD), CUT, None),
    "`rmin` = 10: what is lost inside the radius": (grater(rmin=10.0, alpha_in=2.0), EXACT, grater(alpha_in=2.0)),
}


def jobs():
    """{name: job for _peer_render.py} of all the tables above."""
    found = {}
    for code, sets in (("vip", AGREE | EDGES), ("grater_jax", GRATER | GRATER_EDGES)):
        found |= {f"{code}: {name}": {"code": code, "arguments": a, **EXACT} for name, a in sets.items()}
    for code, sets in (("vip", VIP_DIFFERS), ("grater_jax", GRATER_DIFFERS)):
        found |= {f"{code}: {name}": {"code": code, "arguments": a, **how} for name, (a, how, _) in sets.items()}
    return found


def rendered_by_peers(python):
    """The peers' images by the names of ``jobs()``."""
    with tempfile.TemporaryDirectory() as folder:
        names = [str(pathlib.Path(folder) / name) for name in ("jobs.json", "images.npz")]
        pathlib.Path(names[0]).write_text(json.dumps(jobs()))
        subprocess.run([python, str(HERE / "_peer_render.py"), *names], check=True)
        with np.load(names[1]) as images:
            return dict(images)


def translated(code, arguments):
    """(disk, grid) of the other code's arguments."""
    if code == "vip":
        return da.conventions.from_vip(arguments), da.conventions.grid_from_vip(arguments)
    pixels = {name: arguments[name] for name in ("disk_params", "misc_params")}
    return da.conventions.from_grater_jax(**arguments), da.conventions.grid_from_grater_jax(**pixels)


def compared(code, arguments, theirs, rule):
    """(ours, theirs) in pixels that the other code does not blank, in its unit."""
    disk, grid = translated(code, arguments)
    ours = dataclasses.replace(disk, rule=rule).image_2d_from(grid).array * grid.frame.pixel_area
    rows, columns = np.indices(grid.shape_native)
    separation = np.hypot(rows - grid.frame.center[0], columns - grid.frame.center[1])
    blanked = np.hypot(disk.offset_x, disk.offset_y) / disk.distance / grid.frame.pixel_scale + 1.001
    seen = separation > blanked
    if code == "grater_jax":  # what it moves in from outside is empty
        for index, size, center in zip((rows, columns), grid.shape_native, grid.frame.center, strict=True):
            source = index - center + size // 2
            seen &= (source >= 0) & (source <= size - 1)
    return ours[seen], theirs[seen]


def agreement(images):
    """Lines (code, set, difference, allowed, difference with the default rule) and whether all hold."""
    lines = []
    for code, sets, allowed in (
        ("vip", AGREE, 1e-4),
        ("vip", EDGES, 2e-3),
        ("grater_jax", GRATER, 1e-4),
        ("grater_jax", GRATER_EDGES, 2e-3),
    ):
        for name, arguments in sets.items():
            errors = []
            for rule in (RULE, da.Quadrature()):
                ours, theirs = compared(code, arguments, images[f"{code}: {name}"], rule)
                errors.append(float(np.max(np.abs(ours - theirs)) / np.max(theirs)))
            lines.append((code, name, errors[0], allowed, errors[1]))
    return lines


def differences(images):
    """Lines (code, what it does, largest difference of the peak, of faint pixels, of the total light)."""
    lines = []
    for code, sets in (("vip", VIP_DIFFERS), ("grater_jax", GRATER_DIFFERS)):
        for name, (arguments, _, instead) in sets.items():
            ours, theirs = compared(code, instead or arguments, images[f"{code}: {name}"], RULE)
            off, bright = np.abs(theirs - ours), ours > 1e-3 * ours.max()
            lines.append(
                (
                    code,
                    name,
                    float(off.max() / ours.max()),
                    float(np.max(off[bright] / ours[bright])),
                    float(theirs.sum() / ours.sum() - 1),
                )
            )
    return lines


def tables(agreed, differing):
    """The two tables of the page."""
    names = {"vip": "VIP", "grater_jax": "GRaTeR-JAX"}
    first = ["| code | parameters | difference | allowed | default rule |", "|---|---|---|---|---|"]
    first += [f"| {names[c]} | {what} | {e:.0e} | {most:.0e} | {d:.0e} |" for c, what, e, most, d in agreed]
    second = ["| code | what it does | of the peak | faint pixels | total light |", "|---|---|---|---|---|"]
    second += [f"| {names[c]} | {what} | {e:.1e} | {f:.1e} | {t:+.1e} |" for c, what, e, f, t in differing]
    return "\n".join(first), "\n".join(second)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peers", metavar="PYTHON", required=True, help="an interpreter with vip_hci and grater-jax")
    parser.add_argument("--write", action="store_true", help="renew docs/differences.md")
    arguments = parser.parse_args()
    began = time.perf_counter()
    images = rendered_by_peers(arguments.peers)
    agreed, differing = agreement(images), differences(images)
    first, second = tables(agreed, differing)
    failed = [f"{code}: {name}" for code, name, error, allowed, _ in agreed if not error <= allowed]
    print(f"{first}\n\n{second}\n")
    print(f"{len(agreed) - len(failed)} of {len(agreed)} agree, {time.perf_counter() - began:.0f} s")
    if arguments.write:
        WRITTEN.write_text(PAGE.replace("{agreement}", first).replace("{differences}", second))
    if failed:
        sys.exit(f"FAILED: {', '.join(failed)}")


if __name__ == "__main__":
    main()
