"""A grid of equal panels, one per parameter."""

__all__ = ["label_outside", "panels_for", "wrapped"]

import math
import textwrap

import numpy as np

from ..errors import ShapeError
from .style import DOUBLE_COLUMN, NORMAL, new_figure


def panels_for(count, axes=None, height=1.45, extra=0.0):
    """A figure and so many axes in it, row by row.

    Parameters
    ----------
    count : int
    axes : sequence of matplotlib axes, optional
        As many to use in place of a new figure's.
    height : float
        Of a row, inches.
    extra : float
        Inches more for all rows together, such as for a legend.

    Returns
    -------
    figure : matplotlib.figure.Figure
    axes : list of axes

    Raises
    ------
    ShapeError
        If ``axes`` are not ``count``.
    """
    if axes is not None:
        axes = list(np.ravel(axes))
        if len(axes) != count:
            raise ShapeError(f"this figure needs {count} axes, one per panel, not {len(axes)}")
        return axes[0].figure, axes
    columns = min(count, 4 if count > 6 else 3)
    rows = math.ceil(count / columns)
    width = DOUBLE_COLUMN if columns > 2 else 0.34 * DOUBLE_COLUMN * columns
    figure = new_figure(width, height * rows + 0.25 + extra, layout="constrained")
    figure.get_layout_engine().set(h_pad=0.03, w_pad=0.03, hspace=0.03, wspace=0.03)
    grid = figure.add_gridspec(rows, columns)
    return figure, [figure.add_subplot(grid[k // columns, k % columns]) for k in range(count)]


def label_outside(figure, axes, below, beside, is_own):
    """Labels that all panels share: beside the whole figure, or on every panel where the axes are somebody else's."""
    if is_own:
        figure.supxlabel(below, fontsize=NORMAL)
        figure.supylabel(beside, fontsize=NORMAL)
        return
    for ax in axes:
        ax.set_xlabel(below)
        ax.set_ylabel(beside)


def wrapped(label, width=14):
    """A label in lines of about so many letters, its unit kept whole."""
    words, bracket, unit = label.partition(" [")
    lines = textwrap.wrap(words, width, break_long_words=False) if "$" not in words else [words]
    if not bracket:
        return "\n".join(lines)
    unit = f"[{unit}"
    if len(lines[-1]) + 1 + len(unit) <= width:
        lines[-1] += f" {unit}"
    else:
        lines.append(unit)
    return "\n".join(lines)
