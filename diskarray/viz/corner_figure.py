"""The figure of a posterior: every parameter, and every pair of them."""

__all__ = ["central_ticks", "corner_figure", "shown_range"]

import numpy as np

from ..errors import MissingExtraError, ParameterError
from .draws import draws_of
from .labels import in_power_of_ten, label_in_power, power_of_ten
from .multiples import wrapped
from .style import COLORS, DOUBLE_COLUMN, NORMAL, SINGLE_COLUMN, SMALL, new_figure, set_ticks, styled

_LEVELS = tuple(1 - np.exp(-0.5 * sigma**2) for sigma in (1.0, 2.0))  # of a Gaussian in two dimensions
_KEPT = 0.998  # share of the draws that a panel shows
_MANY = 10  # parameters, beyond which panels have two ticks and smaller letters
_PANEL, _SMALLEST, _TICKS = 1.1, 0.62, 0.42  # inches: wanted and least width of a panel, room for tick labels


@styled
def corner_figure(result, names=None, truths=None, best=True, bins=None, title=None, figure=None):
    """One- and two-dimensional distributions of the draws, as made by the package ``corner`` (Foreman-Mackey 2016).

    Contours hold 39 and 86 per cent of the draws, which are one and two standard deviations of a Gaussian in two
    dimensions; the dashed lines of the histograms are the 16, 50 and 84 per cent quantiles. Squares are the posterior's
    maximum, dotted lines the truth.

    Parameters
    ----------
    result : SampleResult
    names : sequence of str, optional
        Parameters; default all that vary.
    truths : mapping of str to float, optional
        Values to mark.
    best : bool
        Mark the posterior's maximum.
    bins : int, optional
        Of every histogram; default the more, the more draws there are.
    title : str, optional
    figure : matplotlib.figure.Figure, optional
        To draw into; an empty one.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    MissingExtraError
        When matplotlib or corner is not installed.
    ParameterError
        For an unknown name, or if no parameter varies.
    """
    try:
        import corner
    except ImportError as error:
        raise MissingExtraError("A corner figure needs corner: pip install diskarray[plot]") from error

    draws = draws_of(result, names)
    varying = np.flatnonzero(np.ptp(draws.flat, axis=0) > 0)
    if not varying.size or len(draws.flat) <= varying.size:
        raise ParameterError("a corner figure needs parameters that vary, and more draws than parameters")
    columns = draws.flat[:, varying]
    marks, peak = draws.near(truths or {})[varying], draws.best[varying]
    ranges = [shown_range(column, mark) for column, mark in zip(columns.T, marks, strict=True)]
    size = _size(varying.size)
    figure = new_figure(size, size) if figure is None else figure
    corner.corner(
        columns,
        fig=figure,
        bins=bins or int(np.clip(np.sqrt(len(columns)) / 4, 12, 30)),
        range=ranges,
        levels=_LEVELS,
        color=COLORS["first"],
        plot_datapoints=False,
        plot_density=False,
        fill_contours=True,
        quantiles=(0.16, 0.5, 0.84),
        max_n_ticks=3,
        labels=None,
        hist_kwargs={"lw": 0.9},
        contour_kwargs={"linewidths": 0.7},
    )
    _finish(figure, ranges, [(draws.labels[k], draws.units[k]) for k in varying], size)
    _mark(figure, marks, COLORS["truth"], ls=(0, (1, 1)), lw=1.0)
    if best:
        _mark_points(figure, peak)
    if title:
        figure.suptitle(title)
    return figure


def shown_range(column, mark=np.nan):
    """The range of a parameter that holds nearly all draws, and a mark where there is one."""
    tail = 50 * (1 - _KEPT)
    low, high = np.percentile(column, (tail, 100 - tail))
    if not high > low:
        low, high = np.min(column), np.max(column)
    if np.isfinite(mark):
        low, high = min(low, mark), max(high, mark)
    room = 0.03 * (high - low)
    return float(low - room), float(high + room)


def _size(count):
    """Inches of the whole figure: a column of a page where it suffices, never more than panels need to be legible."""
    return float(np.clip(_PANEL * count + 0.6, SINGLE_COLUMN, max(DOUBLE_COLUMN, _SMALLEST * count + 0.6)))


def _finish(figure, ranges, names, size):
    """Labels of our own at the lower and left edge, ticks in the style, room for both."""
    count = len(names)
    cells = np.reshape(figure.axes, (count, count))
    exponents = [power_of_ten(max(map(abs, shown))) for shown in ranges]
    letters, font = (18, NORMAL) if count <= 5 else (11, SMALL if count <= _MANY else 6.0)
    labels = [
        wrapped(label_in_power(*name, exponent), letters) for name, exponent in zip(names, exponents, strict=True)
    ]
    for row in range(count):
        for column in range(row + 1):
            ax = cells[row, column]
            _set_axis(ax.xaxis, ranges[column], exponents[column], row == count - 1, count > _MANY)
            if column < row:
                _set_axis(ax.yaxis, ranges[row], exponents[row], column == 0, count > _MANY)
            set_ticks(ax)
            ax.tick_params(labelrotation=45)
    margin = _TICKS + (0.02 * font) * max(label.count("\n") + 1 for label in labels) + 0.05
    away = -_TICKS / ((size - margin) / count)
    for k in range(count):
        cells[-1, k].set_xlabel(labels[k], fontsize=font)
        cells[-1, k].xaxis.set_label_coords(0.5, away)
        if k:
            cells[k, 0].set_ylabel(labels[k], fontsize=font)
            cells[k, 0].yaxis.set_label_coords(away, 0.5)
    share, rest = margin / size, 0.08 / size
    figure.subplots_adjust(left=share, bottom=share, right=1 - rest, top=1 - rest, wspace=0.06, hspace=0.06)


def _set_axis(axis, shown, exponent, is_labelled, is_narrow):
    from matplotlib.ticker import FixedLocator, NullFormatter

    ticks = central_ticks(*shown)
    axis.set_major_locator(FixedLocator(ticks[:: max(ticks.size - 1, 1)] if is_narrow else ticks))
    axis.set_major_formatter(in_power_of_ten(exponent) if is_labelled else NullFormatter())


def central_ticks(low, high):
    """Two or three round values that stay away from the ends, so that labels of neighboring panels do not meet."""
    from matplotlib.ticker import MaxNLocator

    room = 0.1 * (high - low)
    for bins in (3, 4, 5, 6):
        ticks = MaxNLocator(nbins=bins, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)
        inside = ticks[(ticks > low + room) & (ticks < high - room)]
        if inside.size >= 2:
            return inside[:3] if inside.size <= 3 else inside[1::2][:3]
    return inside


def _mark(figure, values, color, **style):
    count = len(values)
    cells = np.reshape(figure.axes, (count, count))
    for row in range(count):
        for column in range(row + 1):
            if np.isfinite(values[column]):
                cells[row, column].axvline(values[column], color=color, **style)
            if column < row and np.isfinite(values[row]):
                cells[row, column].axhline(values[row], color=color, **style)


def _mark_points(figure, values):
    count = len(values)
    cells = np.reshape(figure.axes, (count, count))
    for row in range(count):
        for column in range(row):
            cells[row, column].plot(values[column], values[row], "s", color=COLORS["model"], ms=2.6, mec="none")
