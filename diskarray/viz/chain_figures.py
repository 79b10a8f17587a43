"""Figures that show how a sampler went: traces, ranks, and autocorrelations of its chains."""

__all__ = ["autocorrelation_figure", "expected_count", "rank_figure", "trace_figure"]

import numpy as np

from ..diagnostics.convergence import autocorrelation_time
from ..errors import ParameterError
from .draws import autocorrelation, draws_of, grouped_chains, rank_counts
from .labels import in_power_of_ten, label_in_power, power_of_ten
from .multiples import label_outside, panels_for, wrapped
from .style import BRIGHTNESS_MAP, COLORS, CYCLE, DOUBLE_COLUMN, SMALL, new_figure, set_ticks, styled

_ROW = 0.66  # inches, of one parameter's trace
_FEW_CHAINS = 8
_MOST_POINTS = 4000  # of one line


@styled
def trace_figure(result, names=None, truths=None, axes=None):
    """What a sampler drew, in the order in which it drew it, with the distribution beside it.

    Nested sampling has no chains: its points are shown over the prior volume that was left, -ln X, the brighter the
    more they weigh in the posterior.

    Parameters
    ----------
    result : SampleResult
    names : sequence of str, optional
        Parameters; default all, of nested sampling all that it walks in.
    truths : mapping of str to float, optional
        Values to mark.
    axes : sequence of matplotlib axes, optional
        One per parameter; distributions are left out then.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ParameterError
        For an unknown name, or a linear parameter of nested sampling.
    """
    is_nested = result.kind == "nested" and "log_volume" in result.weighted
    draws = draws_of(result, result.names if names is None and is_nested else names)
    if is_nested and not set(draws.names) <= set(result.names):
        raise ParameterError("nested sampling does not walk in linear parameters: they have no trace")
    figure, rows = _trace_rows(len(draws.names), axes)
    marks = draws.near(truths or {})
    for k, (ax, beside) in enumerate(rows):
        column = draws.values[..., k]
        if is_nested:
            label = _draw_nested(ax, result, draws, k)
        else:
            label = _draw_chains(ax, column)
        if beside is not None:
            _draw_distribution(beside, column)
        for one in (ax, beside):
            if one is not None and np.isfinite(marks[k]):
                one.axhline(marks[k], color=COLORS["truth"], lw=0.9, ls=(0, (4, 2)))
        set_ticks(ax)
        _label_row(ax, draws, k)
        ax.tick_params(labelbottom=k == len(rows) - 1)
    rows[-1][0].set_xlabel(label)
    return figure


@styled
def rank_figure(result, names=None, bins=20, axes=None):
    """Histograms of the ranks of every chain's draws among those of all; flat where the chains agree.

    The grey band is where counts of independent chains lie 95 times of 100, their autocorrelation allowed for. The
    walkers of an ensemble are put together into at most eight groups; they are not independent of each other.

    Parameters
    ----------
    result : SampleResult
        Of chains or of an ensemble.
    names : sequence of str, optional
        Parameters; default all.
    bins : int
    axes : sequence of matplotlib axes, optional
        One per parameter.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ParameterError
        If there is only one chain.
    """
    from matplotlib.ticker import MaxNLocator

    _check_chains(result, "ranks")
    draws = draws_of(result, names)
    is_own = axes is None
    figure, axes = panels_for(len(draws.names), axes)
    for k, ax in enumerate(axes):
        groups = grouped_chains(draws.values[..., k])
        counts = rank_counts(groups, bins)
        expected, spread = expected_count(groups, bins)
        ax.axhspan(expected - spread, expected + spread, color=COLORS["guide"], alpha=0.25, lw=0)
        ax.axhline(expected, color=COLORS["guide"], lw=0.6)
        edges = np.linspace(0, groups.size, bins + 1)
        for chain, count in enumerate(counts):
            ax.stairs(count, edges, color=CYCLE[chain % len(CYCLE)], lw=0.8, baseline=None)
        ax.set_xlim(0, groups.size)
        ax.set_ylim(0, 1.15 * max(np.max(counts), expected + spread))
        ax.set_title(draws.labels[k], fontsize=SMALL, pad=3)
        ax.xaxis.set_major_locator(MaxNLocator(nbins=4, steps=[1, 2, 5, 10]))
        set_ticks(ax)
    label_outside(figure, axes, "Rank among all draws", "Draws in a bin", is_own)
    return figure


@styled
def autocorrelation_figure(result, names=None, longest=None, axes=None):
    """How long a chain remembers: the autocorrelation of its draws, averaged over chains, at every lag.

    Thin lines are single chains (where they are at most eight), the vertical one is the integrated autocorrelation
    time.

    Parameters
    ----------
    result : SampleResult
        Of chains or of an ensemble.
    names : sequence of str, optional
        Parameters; default all.
    longest : int, optional
        Last lag; default ten autocorrelation times.
    axes : sequence of matplotlib axes, optional
        One per parameter.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ParameterError
        For nested sampling, which has no chains.
    """
    from matplotlib.ticker import MaxNLocator

    if result.kind == "nested":
        raise ParameterError("nested sampling has no chains, and so no autocorrelations")
    draws = draws_of(result, names)
    is_own = axes is None
    figure, axes = panels_for(len(draws.names), axes)
    times = [result.diagnostics.row(name)["tau"] for name in draws.names]
    known = [time for time in times if np.isfinite(time)]
    longest = longest or min(max(round(10 * max(known, default=10.0)), 10), draws.values.shape[1] - 1)
    for k, ax in enumerate(axes):
        curves = autocorrelation(draws.values[..., k], longest)
        lags = np.arange(curves.shape[1])
        ax.axhline(0.0, color=COLORS["guide"], lw=0.6)
        if curves.shape[0] <= _FEW_CHAINS:
            ax.plot(lags, curves.T, color=COLORS["fourth"], lw=0.5)
        ax.plot(lags, np.mean(curves, axis=0), color=COLORS["first"])
        if np.isfinite(times[k]):
            ax.axvline(times[k], color=COLORS["model"], lw=0.8, ls=(0, (4, 2)))
            text = rf"$\tau$ = {times[k]:.3g}"
            ax.text(0.96, 0.92, text, transform=ax.transAxes, ha="right", va="top", color=COLORS["model"])
        ax.set_xlim(0, longest)
        ax.set_ylim(-0.3, 1.05)
        ax.set_title(draws.labels[k], fontsize=SMALL, pad=3)
        ax.xaxis.set_major_locator(MaxNLocator(nbins=5, steps=[1, 2, 5, 10]))
        set_ticks(ax)
    label_outside(figure, axes, "Lag [steps]", "Autocorrelation", is_own)
    return figure


def _trace_rows(count, axes):
    if axes is not None:
        figure, axes = panels_for(count, axes)
        return figure, [(ax, None) for ax in axes]
    figure = new_figure(DOUBLE_COLUMN, _ROW * count + 0.45, layout="constrained")
    figure.get_layout_engine().set(h_pad=0.012, w_pad=0.02, hspace=0.0, wspace=0.01)
    cells = figure.subplots(count, 2, sharex="col", sharey="row", squeeze=False, width_ratios=(5, 1))
    figure.align_ylabels(cells[:, 0])
    return figure, [tuple(row) for row in cells]


def _label_row(ax, draws, k):
    """The parameter's name beside its row, a power of ten with the unit instead of above the axis."""
    from matplotlib.ticker import MaxNLocator

    exponent = power_of_ten(max(map(abs, ax.get_ylim())))
    ax.yaxis.set_major_locator(MaxNLocator(nbins=3, prune="both"))
    ax.yaxis.set_major_formatter(in_power_of_ten(exponent))
    label = label_in_power(draws.labels[k], draws.units[k], exponent)
    ax.set_ylabel(wrapped(label), rotation=0, ha="right", va="center")


def _draw_chains(ax, column):
    chains, n = column.shape
    step = max(n // _MOST_POINTS, 1)
    many = chains > _FEW_CHAINS
    for k, chain in enumerate(column):
        color = COLORS["first"] if many else CYCLE[k % len(CYCLE)]
        ax.plot(np.arange(0, n, step), chain[::step], color=color, lw=0.4, alpha=0.25 if many else 0.8, rasterized=True)
    ax.set_xlim(0, max(n - 1, 1))
    return "Kept step"


def _draw_nested(ax, result, draws, k):
    """The points of nested sampling over -ln X."""
    column = np.array(result.weighted["samples"][:, result.names.index(draws.names[k])])
    if draws.periods[k] is not None:
        middle = np.median(draws.values[..., k])
        column += draws.periods[k] * np.round((middle - column) / draws.periods[k])
    weight = np.exp(result.weighted["log_weight"] - np.max(result.weighted["log_weight"]))
    ax.scatter(-result.weighted["log_volume"], column, c=weight, s=1.2, cmap=BRIGHTNESS_MAP, lw=0, rasterized=True)
    return "Prior volume left, \N{MINUS SIGN}ln $X$"


def _draw_distribution(ax, column):
    finite = column[np.isfinite(column)]
    bins = min(max(round(np.sqrt(finite.size) / 2), 10), 40)
    ax.hist(finite, bins=bins, orientation="horizontal", color=COLORS["fourth"], lw=0)
    ax.set_xticks([])
    ax.tick_params(left=False, labelleft=False)
    for side in ("top", "right", "bottom"):
        ax.spines[side].set_visible(False)


def expected_count(groups, bins):
    """Draws of a chain in a bin of ranks where chains agree, and two standard deviations of them.

    The draws of a chain that stays in a bin for some time count as fewer: the variance is that of independent ones
    times the autocorrelation time of being in the bin (its median over the bins).
    """
    expected = groups.shape[1] / bins
    edges = np.quantile(groups, np.linspace(0, 1, bins + 1)[1:-1])
    place = np.searchsorted(edges, groups)
    times = [autocorrelation_time((place == k).astype(float)) for k in range(bins)]
    known = [time for time in times if np.isfinite(time)]
    inflation = max(np.median(known), 1.0) if known else 1.0
    return expected, 2 * np.sqrt(expected * (1 - 1 / bins) * (1 - 1 / groups.shape[0]) * inflation)


def _check_chains(result, what):
    if result.kind == "nested" or result.samples.shape[0] < 2:
        raise ParameterError(f"{what} compare chains, and there is only one set of draws: {result.engine}")
