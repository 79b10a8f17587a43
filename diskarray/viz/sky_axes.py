"""Panels on the sky: offsets from the star, North up and East left whatever the detector's orientation.

Nothing here touches matplotlib's global state: no pyplot, no rcParams, no backend.
"""

__all__ = ["SkyView", "draw_compass", "draw_image", "label_panel", "panel_row"]

import re
from dataclasses import dataclass

import numpy as np

from ..errors import MissingExtraError

MASK_COLOR = "0.72"
FIGURE_WIDTH = 7.1  # inches: two columns of a journal page
SMALL, NORMAL = 7.0, 8.0


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


def panel_row(count, view, has_title=False):
    """A new figure of journal width, on the Agg canvas, with `count` panels in a row shaped for `view`.

    Raises
    ------
    MissingExtraError
        When matplotlib is not installed.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingExtraError("Figures need matplotlib: pip install diskarray[plot]") from error
    left, right, bottom, top, gap = 0.42, 0.07, 0.38, 0.5 + 0.2 * has_title, 0.17
    panel_width = (FIGURE_WIDTH - left - right - gap * (count - 1)) / count
    panel_height = min(panel_width * (view.north - view.south) / (view.east - view.west), 6.0)
    height = bottom + panel_height + top
    figure = Figure(figsize=(FIGURE_WIDTH, height), dpi=200)
    FigureCanvasAgg(figure)
    grid = figure.add_gridspec(
        1,
        count,
        left=left / FIGURE_WIDTH,
        right=1.0 - right / FIGURE_WIDTH,
        bottom=bottom / height,
        top=1.0 - top / height,
        wspace=gap / panel_width,
    )
    return figure, list(grid.subplots(sharex=True, sharey=True))


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
    _draw_color_bar(ax, drawn, unit)
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
    from matplotlib.ticker import MaxNLocator

    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_locator(MaxNLocator(nbins=5, steps=[1, 2, 5, 10]))
    ax.tick_params(labelsize=SMALL, direction="in", top=True, right=True, length=2.5, width=0.6)
    ax.set_xlabel("RA offset [arcsec]", fontsize=NORMAL, labelpad=2)
    ax.set_ylabel("Dec offset [arcsec]", fontsize=NORMAL, labelpad=1)


def _draw_color_bar(ax, drawn, unit):
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    exponent = _exponent(max(map(abs, drawn.get_clim())))
    bar_axes = ax.inset_axes([0.0, 1.03, 1.0, 0.045])
    bar = ax.figure.colorbar(drawn, cax=bar_axes, orientation="horizontal", extend="both", extendfrac=0.03)
    bar.locator = MaxNLocator(nbins=5, steps=[1, 2, 2.5, 5, 10])
    bar.formatter = FuncFormatter(
        lambda value, position: f"{value / 10.0**exponent:.4g}".replace("-", "\N{MINUS SIGN}")
    )
    bar.update_ticks()
    bar.outline.set_linewidth(0.6)
    bar_axes.xaxis.set_ticks_position("top")
    bar_axes.xaxis.set_label_position("top")
    bar_axes.tick_params(labelsize=SMALL, length=2, width=0.6, pad=1.5)
    bar_axes.set_xlabel(_unit_label(unit, exponent), fontsize=SMALL, labelpad=3)


def _exponent(largest):
    """The power of ten that the color bar is labelled in: 0 for numbers that read well as they are."""
    return 0 if 0.01 <= largest < 10_000 else int(np.floor(np.log10(largest)))


def _unit_label(unit, exponent):
    """The unit with its powers raised, after the power of ten."""
    raised = re.sub(r"(?<=[A-Za-z])(-?\d+)", r"$^{\1}$", unit or "arbitrary unit")
    return f"$10^{{{exponent}}}$ {raised}" if exponent else raised


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
        _outline(arrow.arrow_patch)
        beyond = (tip[0] + 0.035 * right, tip[1] + 0.035 * up)
        _outline(ax.text(*beyond, name, transform=ax.transAxes, fontsize=SMALL, ha="center", va="center"))


def label_panel(ax, text):
    """Name a panel inside its upper left corner."""
    _outline(ax.text(0.04, 0.96, text, transform=ax.transAxes, fontsize=NORMAL, ha="left", va="top"))


def _outline(artist):
    """A white rim, so that black is legible on any color."""
    from matplotlib import patheffects

    artist.set_path_effects([patheffects.withStroke(linewidth=1.6, foreground="white")])
