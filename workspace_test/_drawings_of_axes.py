"""Drawings of a grid's axes, of the Stokes parameters, and of the lengths of a density."""

import numpy as np
from _drawing import (
    BLUE,
    GREEN,
    GREY,
    GRID,
    HALF,
    INK,
    RED,
    arc,
    arrow,
    bare,
    check,
    close,
    compass,
    direction,
    show,
    star,
    words,
)
from matplotlib import patches, pyplot

import diskarray as da


def grid_axes():
    figure, axes = pyplot.subplots(1, 3, figsize=(10.2, 3.9), layout="constrained", width_ratios=(1.25, 1, 1))
    pixels, turned, kernel = axes
    ny, nx, scale = 4, 5, 0.1
    frame = da.Frame2D((ny, nx), scale)
    excluded = np.zeros((ny, nx), bool)
    excluded[0, :2] = True
    grid = da.Grid2D(da.Mask2D(excluded, frame))
    for row in range(ny):
        for column in range(nx):
            color = "#d1d5db" if excluded[row, column] else "white"
            pixels.add_patch(patches.Rectangle((column - 0.5, row - 0.5), 1, 1, fc=color, ec=GREY, lw=0.7))
            y, x = frame.sky_from(row, column)
            text = "mask True:\nexcluded" if excluded[row, column] else f"y {y:+.2f}\nx {x:+.2f}"
            pixels.text(column, row - 0.05, text, ha="center", va="center", fontsize=7, zorder=4)
    star(pixels, frame.center[::-1])
    pixels.set(xlim=(-1.35, nx - 0.3), ylim=(-0.75, ny + 0.15), aspect="equal")
    pixels.set(xticks=range(nx), yticks=range(ny), xlabel="column: x, to the West", ylabel="row: y, to the North")
    pixels.set_title("pixels 0.1 arcsec wide; the star at (n - 1) / 2", loc="left")
    compass(pixels, (-0.8, 2.7), 0.5)
    check("row 3, column 0 of a 4 x 5 image is at y = +0.15, x = -0.20", close(frame.sky_from(3, 0), (0.15, -0.2)))
    check("the star is at (n - 1) / 2 of even and odd sides", frame.center == (1.5, 2.0))
    check("a grid holds one (y, x) row per pixel that is not masked", grid.array.shape == (18, 2))
    check("its first is row 0, column 2", close(grid.array[0], (-0.15, 0.0)))
    north = 35.0
    bare(turned, 1.45, "a frame's north_angle, here 35")
    turned.add_patch(patches.Rectangle((-0.62, -0.62), 1.24, 1.24, fc="#f3f4f6", ec=GREY, lw=0.8))
    arrow(turned, (0, 0), (0, 1.05), GREY, 1.1)
    words(turned, (0.32, 1.12), "rows (+y)", GREY, fontsize=8)
    arrow(turned, (0, 0), (1.05, 0), GREY, 1.1)
    words(turned, (0.98, -0.16), "columns", GREY, fontsize=8)
    tip = direction(north)
    arrow(turned, (0, 0), 1.12 * tip, BLUE)
    words(turned, 1.27 * tip, "N", BLUE)
    for sign, name, color in ((1, "E", BLUE), (-1, "E if mirrored", RED)):
        east = direction(north + sign * 90)
        arrow(turned, (0, 0), 0.85 * east, color, ls="-" if sign > 0 else (0, (3, 2)))
        words(turned, 1.05 * east + ([0, 0] if sign > 0 else [-0.22, 0.0]), name, color, fontsize=9 if sign > 0 else 8)
    arc(turned, 0.78, 90, 90 + north, GREEN)
    words(turned, 0.6 * direction(north / 2) + [-0.02, 0.0], "north_angle", GREEN, fontsize=8)
    star(turned, size=9)
    for mirrored in (False, True):
        tilted = da.Frame2D((101, 101), 0.01, north_angle=north, mirrored=mirrored)
        right, up = 30 * direction(north)
        check(
            f"mirrored={mirrored}: north_angle runs counter-clockwise from rows",
            close(tilted.sky_from(50 + up, 50 + right), (0.3, 0.0)),
        )
        right, up = 30 * direction(north + (-90 if mirrored else 90))
        check(
            f"mirrored={mirrored}: East is drawn where it is", close(tilted.sky_from(50 + up, 50 + right), (0.0, -0.3))
        )
    psf = da.GaussianPSF(fwhm=0.6, axis_ratio=0.45, angle=30.0)
    values = np.asarray(psf.kernel_from(0.025))
    half = values.shape[0] * 0.025 / 2
    kernel.imshow(
        np.sqrt(values),
        origin="lower",
        extent=(-half, half, -half, half),
        cmap="Greys",
        vmax=1.5 * np.sqrt(values.max()),
    )
    bare(kernel, 0.75, "angle of a PSF's wide axis, here 30")
    arrow(kernel, (0, 0), (0, 0.6), GREY, 1.1)
    words(kernel, (0.0, 0.66), "rows (+y)", GREY, fontsize=8)
    kernel.plot(*np.transpose([-0.55 * direction(30.0), 0.55 * direction(30.0)]), color=BLUE, lw=1.2, ls=(0, (5, 3)))
    arc(kernel, 0.42, 90, 120, BLUE)
    words(kernel, 0.5 * direction(15.0), "angle", BLUE, fontsize=8.5)
    up, right = (np.indices(values.shape) - (values.shape[0] - 1) / 2) * 0.025
    moments = [[np.sum(values * a * b) for b in (up, -right)] for a in (up, -right)]
    major = np.linalg.eigh(np.array(moments))[1][:, -1]
    check(
        "a PSF is widest along its angle, counter-clockwise from +y",
        abs(np.degrees(np.arctan(major[1] / major[0])) - 30) < 0.1,
    )
    return figure


def stokes():
    disk = da.Disk(
        density=da.TwoPowerLaw(radius=55.0, alpha_in=5.0, alpha_out=-4.0),
        polarization=da.RayleighPolarization(maximum=0.3),
        phase_function=da.HenyeyGreenstein(g=0.2),
        inclination=35.0,
        position_angle=0.0,
        distance=60.0,
    )
    figure, axes = pyplot.subplots(1, 4, figsize=(11.6, 3.3), layout="constrained")
    sky, legend = axes[0], axes[1]
    show(sky, disk)
    bare(sky, HALF, "direction of the polarization")
    point = 0.92 * direction(55.0)
    for angle in np.arange(-5, 360, 30.0):
        at, along = 0.92 * direction(angle), 0.17 * direction(angle + 90)
        sky.plot(*np.transpose([at - along, at + along]), color=BLUE, lw=2.0)
    sky.plot([0, 0], [0, 1.25], color=GREY, lw=0.8)
    sky.plot(*np.transpose([[0, 0], point]), color=GREEN, lw=1.0, ls=(0, (4, 3)))
    arc(sky, 0.5, 90, 145, GREEN)
    words(sky, 0.65 * direction(26.0), r"$\psi$", GREEN, fontsize=11)
    star(sky)
    compass(sky, (-1.0, -1.35), 0.3)
    bare(legend, 1.5, "Stokes parameters (IAU)")
    for angle, name, color in ((0, "+Q", BLUE), (45, "+U", GREEN), (90, "$-$Q", RED), (135, "$-$U", "#7c3aed")):
        along = direction(angle)
        legend.plot(*np.transpose([-0.95 * along, 0.95 * along]), color=color, lw=2.4)
        words(legend, 1.15 * along, name, color)
    words(legend, (0.0, 1.38), "N", fontsize=8)
    words(legend, (-1.4, 0.0), "E", fontsize=8)
    vectors = disk.stokes_2d_from(GRID)
    q, u = np.asarray(vectors.x.array), np.asarray(vectors.y.array)
    for axis, values, name in ((axes[2], q, "Q"), (axes[3], u, "U")):
        limit = np.percentile(np.abs(values), 99.5)
        axis.imshow(values, origin="lower", extent=(-HALF, HALF, -HALF, HALF), cmap="RdBu", vmin=-limit, vmax=limit)
        bare(axis, HALF, f"{name} of the same disk (blue above 0)")
        star(axis, size=8)
        compass(axis, (-1.0, -1.35), 0.3)
    points = {
        a: disk.stokes_2d_from(da.Grid2DIrregular([direction(a)[::-1] * 0.9])).array[0]
        for a in (0.0, 45.0, 90.0, 135.0)
    }
    check(
        "North of the star the light is polarized East-West: Q < 0, U = 0",
        points[0.0][1] < 0 and close(points[0.0][0], 0, 1e-12),
    )
    check("East of it North-South: Q > 0, U = 0", points[90.0][1] > 0 and close(points[90.0][0], 0, 1e-9))
    check(
        "northeast of it along northwest-southeast: U < 0, Q = 0",
        points[45.0][0] < 0 and close(points[45.0][1], 0, 1e-9),
    )
    check("northwest of it along northeast-southwest: U > 0", points[135.0][0] > 0)
    psi = np.radians(55.0)
    one = disk.stokes_2d_from(da.Grid2DIrregular([point[::-1]])).array[0]
    q_phi = -one[1] * np.cos(2 * psi) - one[0] * np.sin(2 * psi)
    u_phi = one[1] * np.sin(2 * psi) - one[0] * np.cos(2 * psi)
    check(
        "Q_phi = -Q cos 2 psi - U sin 2 psi is the polarized brightness, U_phi is 0",
        q_phi > 0 and abs(u_phi) < 1e-9 * q_phi,
    )
    plane = 0.5 * np.degrees(np.arctan2(one[0], one[1]))
    check("the direction of polarization is psi + 90", abs((plane - 145 + 90) % 180 - 90) < 1e-6)
    return figure


def lengths():
    figure, (radial, vertical) = pyplot.subplots(1, 2, figsize=(8.6, 3.2), layout="constrained")
    density = da.TwoPowerLaw(radius=77.0, alpha_in=8.0, alpha_out=-3.0, scale_height=4.0)
    shape = da.ring_shape(density)
    r = np.linspace(40, 160, 600)
    n = density.density(r, 0 * r, 0 * r)
    radial.plot(r, n, color=INK)
    radial.axvline(77.0, color=BLUE, lw=1.0, ls=(0, (5, 3)))
    radial.axvline(shape.peak_radius, color=RED, lw=1.0, ls=(0, (5, 3)))
    words(radial, (74.5, 0.12), "radius R", BLUE, rotation=90, fontsize=8.5)
    words(radial, (shape.peak_radius + 3.5, 0.16), "peak", RED, rotation=90, fontsize=8.5)
    inside, outside = r < 82, r > 74
    radial.plot(r[inside], np.sqrt(2) * (r[inside] / 77) ** 8, color=GREEN, lw=1.3, ls=(0, (2, 2)))
    radial.plot(r[outside], np.sqrt(2) * (r[outside] / 77) ** -3.0, color=GREEN, lw=1.3, ls=(0, (2, 2)))
    words(radial, (52, 0.28), r"$\propto r^{\alpha_{\rm in}}$", GREEN)
    words(radial, (134, 0.42), r"$\propto r^{\alpha_{\rm out}}$", GREEN)
    radial.set(xlabel="r [au]", ylabel="density of the mid-plane", xlim=(40, 160), ylim=(0, 1.15))
    Z = np.linspace(-10, 10, 600)
    for gamma, color in ((1.0, GREEN), (2.0, INK), (4.0, BLUE)):
        profile = da.TwoPowerLaw(radius=77.0, scale_height=4.0, gamma=gamma).density(0 * Z + 77.0, 0 * Z, Z)
        vertical.plot(Z, profile, color=color, label=f"gamma {gamma:g}")
        check(
            f"gamma {gamma:g}: at the scale height the density is 1 / e of the mid-plane's",
            close(np.interp(4.0, Z, profile), np.exp(-1), 1e-3),
        )
    vertical.axvline(4.0, color=RED, lw=1.0, ls=(0, (5, 3)))
    vertical.axhline(np.exp(-1), color=GREY, lw=0.8, ls=(0, (2, 2)))
    words(vertical, (4.8, 0.75), "scale height H", RED, rotation=90, fontsize=8.5)
    words(vertical, (-8.6, np.exp(-1) + 0.07), "1 / e", GREY, fontsize=8.5)
    vertical.set(xlabel="Z [au] at r = R", ylabel="density over that of the mid-plane", xlim=(-10, 10), ylim=(0, 1.05))
    vertical.legend(frameon=False, fontsize=8)
    check("the density is 1 at R", close(float(density.density(77.0, 0.0, 0.0)), 1.0))
    formula = 77.0 * (8.0 / 3.0) ** (1 / (2 * 11.0))
    check(
        "it peaks at R (-alpha_in/alpha_out)^(1/(2 (alpha_in - alpha_out)))",
        close(r[np.argmax(n)], formula, 0.2) and close(shape.peak_radius, formula, 1e-6),
    )
    flared = da.TwoPowerLaw(radius=77.0, scale_height=4.0, beta=1.5)
    ratio = flared.density(100.0, 0.0, 4.0 * (100 / 77) ** 1.5) / flared.density(100.0, 0.0, 0.0)
    check("the height grows as (r / R)^beta", close(ratio, np.exp(-1)))
    return figure
