"""Drawings of every angle and axis for docs/conventions.md, each claim of which is checked against the code first.

    python workspace_test/docs_drawings.py [--check]

Renews docs/figures/drawing_*.png; with --check only the checks are made. Exit code 0 if all passed.
"""

import argparse
import pathlib
import sys

import matplotlib
import numpy as np

matplotlib.use("Agg")
from _drawing import (
    BLUE,
    CHECKS,
    GREEN,
    GREY,
    GRID,
    HALF,
    INK,
    RED,
    STYLE,
    arc,
    arrow,
    bare,
    check,
    close,
    compass,
    direction,
    ring,
    show,
    sides,
    star,
    words,
)
from _drawings_of_axes import grid_axes, lengths, stokes
from matplotlib import patches, pyplot

import diskarray as da
from diskarray.geometry.disk_axes import major_minor_from, moved_along, sky_plane_point

FIGURES = pathlib.Path(__file__).parents[1] / "docs" / "figures"


def position_angle():
    inclination, angle = 62.0, 35.0
    disk = ring(inclination, angle)
    figure, axis = pyplot.subplots(figsize=(4.6, 4.6), layout="constrained")
    image = show(axis, disk)
    bare(axis, HALF)
    u, v = direction(angle), direction(angle - 90)
    axis.plot(*np.transpose([-1.25 * u, 1.25 * u]), color=BLUE, lw=1.0, ls=(0, (5, 3)))
    axis.plot(*np.transpose([-0.75 * v, 0.75 * v]), color=RED, lw=1.0, ls=(0, (5, 3)))
    arrow(axis, 0 * u, 0.62 * u, BLUE)
    arrow(axis, 0 * v, 0.42 * v, RED)
    words(axis, 0.72 * u + [0.09, 0.02], "u", BLUE)
    words(axis, 0.53 * v + [0.0, 0.09], "v", RED)
    axis.plot([0, 0], [0, 1.22], color=GREY, lw=0.8)
    arc(axis, 0.95, 90, 90 + angle, BLUE)
    words(axis, 1.1 * direction(angle / 2), "position angle", BLUE, fontsize=8.5)
    words(axis, 0.98 * v + [0.12, -0.02], "near side\n(position angle $-$ 90)", RED)
    words(axis, -0.98 * v, "far side", GREY)
    star(axis)
    compass(axis, (-0.95, -1.3), 0.3)
    y, x = 0.7 * np.cos(np.radians(angle)), -0.7 * np.sin(np.radians(angle))
    check(
        "position angle: a point at PA from North through East lies on +u",
        close(major_minor_from(y, x, angle), (0.7, 0)),
    )
    y, x = (0.7 * f(np.radians(angle - 90)) * s for f, s in ((np.cos, 1), (np.sin, -1)))
    check("a point at PA - 90 lies on +v", close(major_minor_from(y, x, angle), (0, 0.7)))
    near, far = sides(image, angle)
    check("g > 0 brightens the side at PA - 90", near > 1.5 * far)
    check("near_side says PA - 90", close(da.near_side(disk).position_angle, (angle - 90) % 360))
    row, column = np.indices(image.shape)
    y, x = GRID.frame.sky_from(row, column)
    even = image + image[::-1, ::-1]
    moments = [[np.sum(even * a * b) for b in (y, -x)] for a in (y, -x)]
    major = np.linalg.eigh(np.array(moments))[1][:, -1]
    check(
        "the image is longest along PA", abs((np.degrees(np.arctan2(major[1], major[0])) - angle + 90) % 180 - 90) < 1.0
    )
    return figure


def inclination():
    figure, axes = pyplot.subplots(2, 4, figsize=(9.2, 4.9), layout="constrained")
    for (side, sky), angle in zip(axes.T, (0.0, 60.0, 90.0, 120.0), strict=True):
        i = np.radians(angle)
        along, normal = np.array([np.cos(i), -np.sin(i)]), np.array([np.sin(-i), -np.cos(i)])
        bare(side, (1.35, 1.5), f"inclination {angle:g}")
        side.plot(*np.transpose([-0.95 * along, 0.95 * along]), color=INK, lw=5, alpha=0.28, solid_capstyle="round")
        arrow(side, (0, 0), 0.95 * along, RED)
        words(side, 1.15 * along + [0.0, 0.14 if angle == 0 else 0.0], "Y", RED)
        arrow(side, (0, 0), 0.75 * normal, GREEN)
        words(side, 0.92 * normal, "Z", GREEN)
        arrow(side, (0, 0), (0, -1.12), GREY, 1.0)
        words(side, (0.0, -1.32), "to the observer (l)", GREY, fontsize=8)
        if angle > 0:
            first, last = -90.0, np.degrees(np.arctan2(normal[1], normal[0]))
            last = last - 360 if last > 90 else last
            arc(side, 0.42, first, last, GREEN)
            middle = np.radians((first + last) / 2)
            words(side, (0.6 * np.cos(middle), 0.6 * np.sin(middle)), "i", GREEN)
        star(side)
        if angle not in (0.0, 90.0):
            near = along if along[1] < 0 else -along
            words(side, (near[0] * 0.98, near[1] * 0.5 - 0.05), "near", RED, fontsize=8)
        disk = ring(angle, 0.0, scale_height=2.5)
        image = show(sky, disk)
        bare(sky, HALF)
        star(sky, size=7)
        arrow(sky, (0, 0), (0, 0.5), BLUE, 1.1)
        arrow(sky, (0, 0), (0.5, 0), RED, 1.1)
        words(sky, (0.12, 0.62), "u", BLUE, fontsize=8)
        words(sky, (0.64, 0.12), "v", RED, fontsize=8)
        Y, Z = moved_along(*sky_plane_point(along[0], np.cos(i), np.sin(i)), -along[1], np.cos(i), np.sin(i))
        check(f"i = {angle:g}: the drawn mid-plane has Z = 0, its arrow is +Y", close((Y, Z), (1, 0)))
        Y, Z = moved_along(*sky_plane_point(normal[0], np.cos(i), np.sin(i)), -normal[1], np.cos(i), np.sin(i))
        check(f"i = {angle:g}: the drawn normal is +Z", close((Y, Z), (0, 1)))
        right, left = sides(image, 0.0)
        if angle in (0.0, 90.0):
            check(f"i = {angle:g}: both sides are equally bright", abs(right / left - 1) < 1e-6)
        else:
            check(
                f"i = {angle:g}: the near side, g > 0, is {'+v' if angle < 90 else '-v'}",
                (right > 1.5 * left) == (angle < 90),
            )
            towards_us = da.near_side(disk).position_angle
            check(f"i = {angle:g}: near_side says so too", close(towards_us, 270.0 if angle < 90 else 90.0))
    axes[0, 0].set_ylabel("from the side:\nu points out of the page", fontsize=8.5)
    axes[1, 0].set_ylabel("on the sky,\nposition angle 0, g = 0.5", fontsize=8.5)
    compass(axes[1, 0], (-1.0, -1.35), 0.3)
    return figure


def pericenter():
    e, omega, a = 0.35, 50.0, 60.0
    angles = np.radians(np.linspace(0, 360, 400))
    r = a * (1 - e * e) / (1 + e * np.cos(angles - np.radians(omega)))
    figure, axes = pyplot.subplots(1, 3, figsize=(10.2, 3.7), layout="constrained")
    plane, sky, moved = axes
    bare(plane, 100.0, "in the disk's plane, seen by us face-on")
    X, Y = r * np.cos(angles), r * np.sin(angles)
    plane.plot(Y, X, color=INK, lw=1.6)
    arrow(plane, (0, 0), (0, 88), BLUE)
    words(plane, (3, 95), "X: PA end of the major axis", BLUE, fontsize=8)
    arrow(plane, (0, 0), (75, 0), RED)
    words(plane, (76, -14), "Y:\nnear side", RED, fontsize=8)
    o = np.radians(omega)
    tip = np.array([np.sin(o), np.cos(o)])
    plane.plot(*np.transpose([-a * (1 + e) * tip, a * (1 - e) * tip]), color=GREEN, lw=1.0, ls=(0, (5, 3)))
    plane.plot(*(a * (1 - e) * tip), "o", color=GREEN, ms=6, zorder=7)
    words(plane, a * (1 - e) * tip + [29, 8], "pericenter", GREEN)
    words(plane, -a * (1 + e) * tip + [18, -12], "apocenter", GREY)
    arc(plane, 27, 90, 90 - omega, GREEN)
    words(plane, (9, 34), r"$\omega$", GREEN, fontsize=10)
    plane.plot(*(-a * e * tip), "+", color=GREY, ms=8)
    words(plane, -a * e * tip + [-20, 3], "center", GREY, fontsize=8)
    star(plane)
    disk = ring(50.0, 30.0, g=0.0, eccentricity=e, argument_of_pericenter=omega, radius=a)
    image = show(sky, disk)
    bare(sky, HALF * 1.05, "on the sky: inclination 50, position angle 30")
    u, v = direction(30.0), direction(-60.0)
    y_sky = np.cos(np.radians(50.0))
    places = [(x * u + y * y_sky * v) / disk.distance for x, y in zip(X, Y, strict=True)]
    sky.plot(*np.transpose(places), color=GREEN, lw=0.9, ls=(0, (4, 3)))
    peri = a * (1 - e) * (np.cos(o) * u + np.sin(o) * y_sky * v) / disk.distance
    sky.plot(*peri, "o", color=GREEN, ms=6, zorder=7)
    words(sky, peri + [0.3, 0.22], "pericenter", GREEN)
    arrow(sky, 0 * u, 0.75 * u, BLUE, 1.1)
    arrow(sky, 0 * v, 0.55 * v, RED, 1.1)
    words(sky, 0.85 * u, "u", BLUE, fontsize=8)
    words(sky, 0.68 * v + [0, -0.05], "v", RED, fontsize=8)
    star(sky)
    compass(sky, (-1.05, -1.4), 0.3)
    shift = np.array([18.0, 30.0])
    bare(moved, 100.0, "rigid offset: offset_x = dX, offset_y = dY")
    for center, color, dashes in (((0, 0), GREY, (0, (4, 3))), (shift[::-1], INK, "-")):
        moved.add_patch(patches.Circle(center, 60, fill=False, color=color, lw=1.5, ls=dashes))
    arrow(moved, (0, 0), (0, 88), BLUE, 1.0)
    arrow(moved, (0, 0), (75, 0), RED, 1.0)
    words(moved, (3, 95), "X", BLUE, fontsize=8)
    words(moved, (80, 8), "Y", RED, fontsize=8)
    arrow(moved, (0, 0), (0, shift[0]), BLUE, 2.2)
    arrow(moved, (0, shift[0]), (shift[1], shift[0]), RED, 2.2)
    words(moved, (-12, 10), "dX", BLUE)
    words(moved, (16, 27), "dY", RED)
    moved.plot(*shift[::-1], "+", color=INK, ms=8)
    star(moved)
    shapes = [da.ring_shape(disk.density, azimuth=angle).peak_radius for angle in range(0, 360, 10)]
    check("the density's peak is nearest to the star at omega", 10 * int(np.argmin(shapes)) == omega)
    check("and farthest from it at omega + 180", 10 * int(np.argmax(shapes)) == omega + 180)
    factor = shapes[5] / (a * (1 - e))
    check(
        "the drawn ellipse is that of the density, at every azimuth",
        close(np.array(shapes) / factor, r_at(a, e, omega), 1e-6),
    )
    row, column = np.indices(image.shape)
    y, x = GRID.frame.sky_from(row, column)
    plane_u, plane_v = major_minor_from(y, x, 30.0)
    azimuth = np.degrees(np.arctan2(plane_v / y_sky, plane_u))
    radius = np.hypot(plane_u, plane_v / y_sky) * disk.distance
    sector = [np.abs((azimuth - at + 180) % 360 - 180) < 8 for at in (omega, omega + 180)]
    mean = [np.average(radius[s], weights=image[s]) for s in sector]
    check("in the image the ring is nearest to the star there", mean[0] < 0.7 * mean[1])
    rigid = da.replace(da.replace(ring(0.0, 0.0, g=0.0), "offset_x", 18.0), "offset_y", 30.0)
    centroid = middle_of_ring(rigid, da.Grid2D.uniform((121, 121), 0.04))
    check("offset_x moves the ring towards the PA end, offset_y to the near side", close(centroid, (18.0, 30.0), 1.5))
    return figure


def r_at(a, e, omega):
    angles = np.arange(0, 360, 10)
    return a * (1 - e * e) / (1 + e * np.cos(np.radians(angles - omega)))


def middle_of_ring(disk, grid):
    """Middle of the extremes of the ring's ridge along y and x, in au."""
    image = np.asarray(disk.image_2d_from(grid).array)
    y, x = grid.frame.sky_from(*np.indices(image.shape))
    density = image * (y * y + x * x + 1e-9)
    bright = density > 0.5 * density.max()
    return [0.5 * (a[bright].max() + a[bright].min()) * disk.distance for a in (y, x)]


def scattering_angle():
    i = np.radians(65.0)
    figure, (side, sky) = pyplot.subplots(1, 2, figsize=(8.6, 4.1), layout="constrained", width_ratios=(1.15, 1))
    bare(side, (1.55, 1.6), "from the side (u points out of the page)")
    along = np.array([np.cos(i), -np.sin(i)])
    side.plot(*np.transpose([-1.2 * along, 1.2 * along]), color=INK, lw=6, alpha=0.22, solid_capstyle="round")
    for sign, name, color in (
        (1, "near side: small angle,\nforward scattering", RED),
        (-1, "far side: large angle,\nbackward scattering", BLUE),
    ):
        dust = sign * 0.85 * along
        arrow(side, (0, 0), dust, "#f59e0b", 1.6)
        onward = dust + sign * 0.55 * along
        side.plot(*np.transpose([dust, onward]), color="#f59e0b", lw=1.0, ls=(0, (2, 2)))
        arrow(side, dust, (dust[0], dust[1] - 0.62), color, 1.6)
        first = np.degrees(np.arctan2(*(sign * along)[::-1]))
        arc(side, 0.3, first, -90 if sign > 0 else 270, color, dust)
        side.plot(*dust, "o", color=color, ms=6, zorder=7)
        middle = np.radians((first + (-90 if sign > 0 else 270)) / 2)
        words(side, dust + 0.43 * np.array([np.cos(middle), np.sin(middle)]), r"$\varphi$", color, fontsize=11)
        words(side, (sign * 1.0, -0.42 if sign > 0 else 1.25), name, color, fontsize=8)
        v, l = dust[0], -dust[1]
        disk = ring(65.0, 0.0)
        expected = np.degrees(np.arccos(l / np.hypot(v, l)))
        found = da.Midplane(disk).scattering_angle_2d_from(da.Grid2DIrregular([(0.0, v)])).array[0]
        check(
            f"scattering angle on the {'near' if sign > 0 else 'far'} side is {expected:.0f} degrees, as drawn",
            close(found, expected, 1e-4),
        )
        drawn = abs((-90 if sign > 0 else 270) - first)
        check("the drawn arc has that size", close(drawn, expected, 1e-9))
    star(side)
    words(side, (0.0, -1.47), "to the observer: down", GREY, fontsize=8)
    disk = ring(65.0, 30.0)
    image = show(sky, disk)
    angles = np.asarray(da.Midplane(disk).scattering_angle_2d_from(GRID).array)
    axis = GRID.frame.sky_from(np.arange(121), 60)[0]
    lines = sky.contour(axis, axis, angles, levels=[30, 50, 70, 90, 110, 130, 150], cmap="coolwarm_r", linewidths=1.1)
    sky.clabel(lines, fmt="%g°", fontsize=7.5)
    bare(sky, HALF, "scattering angle of the mid-plane: 25° to 155° here")
    star(sky)
    compass(sky, (-1.0, -1.35), 0.3)
    words(sky, 1.25 * direction(-60.0), "near", RED)
    words(sky, 1.25 * direction(120.0), "far", BLUE)
    check("angles on the sky lie within 90 - i and 90 + i", angles.min() > 25 - 1e-6 and angles.max() < 155 + 1e-6)
    check("and reach both ends", angles.min() < 26 and angles.max() > 154)
    forward, backward = ring(65.0, 30.0, g=0.6).image_2d_from(GRID), ring(65.0, 30.0, g=-0.6).image_2d_from(GRID)
    small = angles < 60
    check("g > 0 brightens where the angle is small", forward.array[small].sum() > 3 * backward.array[small].sum())
    check("the image is bright there", image[small].mean() > image[angles > 120].mean())
    return figure


DRAWINGS = {
    "position_angle": position_angle,
    "inclination": inclination,
    "pericenter": pericenter,
    "scattering_angle": scattering_angle,
    "grid_axes": grid_axes,
    "stokes": stokes,
    "lengths": lengths,
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true")
    only_check = parser.parse_args().check
    with pyplot.rc_context(STYLE):
        for name, draw in DRAWINGS.items():
            print(name)
            figure = draw()
            if not only_check:
                figure.savefig(FIGURES / f"drawing_{name}.png")
            pyplot.close(figure)
    failed = [claim for claim, holds in CHECKS if not holds]
    print(f"FAILED: {failed}" if failed else f"all {len(CHECKS)} claims of {len(DRAWINGS)} drawings hold")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
