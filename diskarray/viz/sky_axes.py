"""Panels on the sky: offsets from the star, North up and East left whatever the detector's orientation.

Nothing here touches matplotlib's global state: no pyplot, no rcParams, no backend.
"""

__all__ = [
    "MASK_COLOR",
    "PLATE",
    "SkyView",
    "draw_color_bar",
    "draw_compass",
    "draw_image",
    "inner_ticks",
    "label_panel",
    "lower_left_is_fainter",
    "outline",
    "panel_grid",
]

from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from .labels import in_power_of_ten, power_of_ten, unit_in_power
from .style import DOUBLE_COLUMN, NORMAL, SMALL, figure_style, new_figure, set_ticks

MASK_COLOR = "0.72"
FIGURE_WIDTH = DOUBLE_COLUMN
PLATE = MappingProxyType({"boxstyle": "square,pad=0.18", "facecolor": "white", "edgecolor": "none", "alpha": 0.85})
"""What text on an image stands on."""

_TALLEST = 6.0  # inches, of a panel
_BAR_GAP, _BAR_HEIGHT = 0.05, 0.08  # inches, of the color bar above it


@dataclass(frozen=True)
class SkyView:
    """The rectangle of sky that a panel shows, in arcsec; `east` and `west` are RA offsets."""

    east: float
    west: float
    south: float
    north: float

    @classmethod
    def of(cls, mask):
        """The smallest rectangle that holds every unmasked pixel whole."""
        rows, columns = np.nonzero(~mask.array)
        corners = [(row, column) for row in (-0.5, 0.5) for column in (-0.5, 0.5)]
        sky = [mask.frame.sky_from(rows + row, columns + column) for row, column in corners]
        y, x = (np.concatenate([np.asarray(pair[axis]) for pair in sky]) for axis in (0, 1))
        return cls(east=-x.min(), west=-x.max(), south=y.min(), north=y.max())


def panel_grid(count, views, has_title=False, width=FIGURE_WIDTH, left=0.42):
    """A new figure with a row of `count` panels for every view; the panels of a row share their axes.

    Parameters
    ----------
    count : int
        Panels in a row.
    views : sequence of SkyView
    has_title : bool
        Leave room for a line above.
    width, left : float
        Of the figure, and of the margin for the labels on its left; inches.

    Returns
    -------
    figure : matplotlib.figure.Figure
    rows : list of lists of axes
    """
    right, bottom, above, gap, title = 0.07, 0.38, 0.48, 0.17, 0.2 * has_title
    panel_width = (width - left - right - gap * (count - 1)) / count
    shapes = [(view.north - view.south) / (view.east - view.west) for view in views]
    heights = [min(panel_width * shape, _TALLEST) for shape in shapes]
    total = title + sum(heights) + len(views) * (above + bottom)
    with figure_style():
        figure = new_figure(width, total)
        rows, top = [], total - title
        for height in heights:
            top -= above
            grid = figure.add_gridspec(
                1,
                count,
                left=left / width,
                right=1.0 - right / width,
                bottom=(top - height) / total,
                top=top / total,
                wspace=gap / panel_width,
            )
            rows.append(list(np.ravel(grid.subplots(sharex=True, sharey=True))))
            top -= height + bottom
    return figure, rows


def draw_image(ax, image, view, cmap, limits, unit):
    """Draw an Image2D on the sky, its masked pixels grey, with a color bar in `unit` above the panel."""
    from matplotlib import colormaps
    from matplotlib.transforms import Affine2D

    rows, columns = image.array.shape
    drawn = ax.imshow(
        np.ma.masked_array(np.asarray(image.array), mask=image.mask.array),
        origin="lower",
        extent=(-0.5, columns - 0.5, -0.5, rows - 0.5),
        interpolation="nearest",
        cmap=colormaps[cmap].with_extremes(bad=MASK_COLOR),
        vmin=limits[0],
        vmax=limits[1],
    )
    drawn.set_transform(Affine2D(_pixel_to_offsets(image.frame)) + ax.transData)
    ax.set(xlim=(view.east, view.west), ylim=(view.south, view.north), aspect="equal", facecolor=MASK_COLOR)
    _draw_ticks(ax)
    draw_color_bar(ax, drawn, unit)
    return drawn


def _pixel_to_offsets(frame):
    """The affine matrix from (column, row) to (offset in right ascension, offset in declination)."""
    origin, column_step, row_step = (
        np.array([-float(x), float(y)])
        for y, x in (frame.sky_from(row, column) for row, column in ((0.0, 0.0), (0.0, 1.0), (1.0, 0.0)))
    )
    matrix = np.eye(3)
    matrix[:2, 0], matrix[:2, 1], matrix[:2, 2] = column_step - origin, row_step - origin, origin
    return matrix


def _draw_ticks(ax):
    from matplotlib.ticker import FixedLocator, MaxNLocator

    ax.xaxis.set_major_locator(FixedLocator(inner_ticks(*ax.get_xlim())))
    ax.yaxis.set_major_locator(MaxNLocator(nbins=5, steps=[1, 2, 5, 10]))
    set_ticks(ax)
    ax.set_xlabel("RA offset [arcsec]", fontsize=NORMAL, labelpad=2)
    ax.set_ylabel("Dec offset [arcsec]", fontsize=NORMAL, labelpad=1)


def inner_ticks(one_end, other_end):
    """Round values away from both ends of an axis: panels stand side by side, and their labels may not meet."""
    from matplotlib.ticker import MaxNLocator

    low, high = sorted((one_end, other_end))
    room = 0.07 * (high - low)
    for bins in (5, 6, 8, 10):
        ticks = MaxNLocator(nbins=bins, steps=[1, 2, 5, 10]).tick_values(low, high)
        inside = ticks[(ticks > low + room) & (ticks < high - room)]
        if inside.size >= 3:
            break
    return inside


def draw_color_bar(ax, drawn, unit):
    """A color bar above a panel, its numbers in a power of ten of the unit where they would be long."""
    from matplotlib.ticker import MaxNLocator

    exponent = power_of_ten(max(map(abs, drawn.get_clim())))
    panel = ax.get_position().height * ax.figure.bbox.height / ax.figure.dpi
    bar_axes = ax.inset_axes([0.0, 1.0 + _BAR_GAP / panel, 1.0, _BAR_HEIGHT / panel])
    bar = ax.figure.colorbar(drawn, cax=bar_axes, orientation="horizontal", extend="both", extendfrac=0.03)
    bar.locator = MaxNLocator(nbins=5, steps=[1, 2, 2.5, 5, 10])
    bar.formatter = in_power_of_ten(exponent)
    bar.update_ticks()
    bar.outline.set_linewidth(0.6)
    bar_axes.xaxis.set_ticks_position("top")
    bar_axes.xaxis.set_label_position("top")
    bar_axes.tick_params(labelsize=SMALL, direction="out", length=2, width=0.6, pad=1.5)
    bar_axes.set_xlabel(unit_in_power(unit, exponent), fontsize=SMALL, labelpad=3)


def lower_left_is_fainter(image, view):
    """Whether the lower left corner of a panel has more room for marks than the lower right one."""
    rows, columns = np.nonzero(~image.mask.array)
    y, x = image.frame.sky_from(rows, columns)
    lower = y < view.south + 0.3 * (view.north - view.south)
    brightness = np.where(lower, np.asarray(image.slim), 0.0)
    east_is_brighter = brightness[-x > 0.5 * (view.east + view.west)].sum() > brightness.sum() / 2
    return not east_is_brighter


def draw_compass(ax, on_the_left, length=0.13):
    """North and East arrows in a lower corner; East points left."""
    base = (0.11 + length if on_the_left else 0.93, 0.06)
    for name, (right, up) in {"N": (0.0, 1.0), "E": (-1.0, 0.0)}.items():
        tip = (base[0] + length * right, base[1] + length * up)
        style = {
            "arrowstyle": "-|>,head_width=0.15,head_length=0.3",
            "color": "black",
            "lw": 0.8,
            "shrinkA": 0,
            "shrinkB": 0,
        }
        arrow = ax.annotate("", xy=tip, xytext=base, xycoords="axes fraction", arrowprops=style)
        outline(arrow.arrow_patch)
        beyond = (tip[0] + 0.035 * right, tip[1] + 0.035 * up)
        outline(ax.text(*beyond, name, transform=ax.transAxes, fontsize=SMALL, ha="center", va="center"))


def label_panel(ax, text):
    """Name a panel inside its upper left corner."""
    ax.text(0.03, 0.975, text, transform=ax.transAxes, fontsize=NORMAL, ha="left", va="top", bbox=dict(PLATE))


def outline(artist):
    """A white rim, so that black is legible on any color."""
    from matplotlib import patheffects

    artist.set_path_effects([patheffects.withStroke(linewidth=1.6, foreground="white")])
