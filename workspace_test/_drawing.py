"""What the drawings share: arrows, arcs, compasses, a ring to show, and the record of checked claims."""

import numpy as np
from matplotlib import patches

import diskarray as da
from diskarray.geometry.disk_axes import major_minor_from

BLUE, RED, GREEN, GREY, INK = "#1f5fa8", "#c2410c", "#15803d", "#8a8f98", "#111827"
STYLE = {
    "font.size": 9,
    "axes.edgecolor": GREY,
    "axes.linewidth": 0.6,
    "text.color": INK,
    "axes.titlesize": 9.5,
    "savefig.dpi": 150,
}
CHECKS = []


def check(claim, holds):
    CHECKS.append((claim, bool(holds)))
    print(f"  {claim:<100} {'ok' if holds else 'FAILED'}")


def close(a, b, tolerance=1e-9):
    return bool(np.allclose(a, b, rtol=0, atol=tolerance))


def direction(angle):
    """(x, y) on the page of a position angle: North is up, East is left."""
    return np.array([-np.sin(np.radians(angle)), np.cos(np.radians(angle))])


def arrow(axis, start, end, color=INK, width=1.4, style="-|>", **more):
    patch = patches.FancyArrowPatch(
        start, end, arrowstyle=style, mutation_scale=11, color=color, lw=width, shrinkA=0, shrinkB=0, zorder=5, **more
    )
    axis.add_patch(patch)


def arc(axis, radius, first, last, color, center=(0.0, 0.0)):
    """An arc with an arrowhead; angles in degrees counter-clockwise from the page's right."""
    angles = np.radians(np.linspace(first, last, 90))
    x, y = center[0] + radius * np.cos(angles), center[1] + radius * np.sin(angles)
    axis.plot(x[:-3], y[:-3], color=color, lw=1.5, zorder=5)
    arrow(axis, (x[-6], y[-6]), (x[-1], y[-1]), color)


def star(axis, position=(0.0, 0.0), size=11):
    axis.plot(*position, "*", color="#f59e0b", markeredgecolor=INK, markeredgewidth=0.5, ms=size, zorder=8)


def words(axis, place, text, color=INK, **more):
    options = {"ha": "center", "va": "center", "fontsize": 9} | more
    box = {"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 1.0}
    axis.text(*place, text, color=color, bbox=box, zorder=9, **options)


def compass(axis, corner, length):
    corner = np.array(corner)
    for angle, name in ((0.0, "N"), (90.0, "E")):
        arrow(axis, corner, corner + length * direction(angle), width=1.2)
        axis.text(*(corner + 1.3 * length * direction(angle)), name, ha="center", va="center", zorder=9)


def bare(axis, limit, title=""):
    x, y = limit if isinstance(limit, tuple) else (limit, limit)
    axis.set(xlim=(-x, x), ylim=(-y, y), xticks=[], yticks=[], aspect="equal")
    axis.set_title(title, loc="left")


def ring(inclination, position_angle, g=0.5, **density):
    options = {"radius": 60.0, "alpha_in": 14.0, "alpha_out": -10.0, "scale_height": 1.5} | density
    return da.Disk(
        density=da.TwoPowerLaw(**options),
        phase_function=da.HenyeyGreenstein(g=g),
        inclination=inclination,
        position_angle=position_angle,
        distance=60.0,
    )


GRID = da.Grid2D.uniform((121, 121), 0.025)
HALF = 121 * 0.025 / 2


def show(axis, disk):
    image = np.asarray(disk.image_2d_from(GRID).array)
    scale = np.sqrt(np.clip(image / np.percentile(image, 99.8), 0, 1))
    axis.imshow(scale, origin="lower", extent=(-HALF, HALF, -HALF, HALF), cmap="Greys", vmin=0, vmax=1.6)
    return image


def sides(image, position_angle):
    """Light on the +v side, towards position angle - 90, and on the other one."""
    row, column = np.indices(image.shape)
    y, x = GRID.frame.sky_from(row, column)
    _, v = major_minor_from(y, x, position_angle)
    return image[v > 0].sum(), image[v < 0].sum()
