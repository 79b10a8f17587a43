"""The figure of a comparison of models by their evidence."""

__all__ = ["evidence_figure"]

import math

import numpy as np

from .style import COLORS, SINGLE_COLUMN, new_figure, set_ticks, styled

_ODDS = (10, 100)  # odds that are marked


@styled
def evidence_figure(comparison, axes=None):
    """Differences of log-evidence to the best model, with their errors, the best model on top.

    Open symbols are runs that are not established: one of their gates did not pass. The dashed lines are odds of 1 to
    10 and 1 to 100, if all models were equally probable before.

    Parameters
    ----------
    comparison : Comparison
    axes : matplotlib axes, optional

    Returns
    -------
    matplotlib.figure.Figure
    """
    count = len(comparison.names)
    if axes is None:
        axes = new_figure(SINGLE_COLUMN, 0.9 + 0.32 * count, layout="constrained").subplots()
    difference, error = np.asarray(comparison.difference), np.array(comparison.difference_error)
    error[0] = comparison.log_evidence_error[0]
    lowest = np.min(difference - error)
    for odds in _ODDS:
        if -math.log(odds) > 1.2 * lowest or lowest > -math.log(odds):
            axes.axvline(-math.log(odds), color=COLORS["guide"], lw=0.7, ls=(0, (4, 2)), zorder=0)
    for k, established in enumerate(comparison.established):
        axes.errorbar(
            difference[k],
            k,
            xerr=error[k],
            fmt="o",
            ms=4.5,
            color=COLORS["model"] if k == 0 else COLORS["first"],
            mfc=None if established else "white",
            elinewidth=1.1,
        )
    _set_axes(axes, comparison, difference, error)
    return axes.figure


def _set_axes(axes, comparison, difference, error):
    count = len(comparison.names)
    low, high = np.min(difference - error), np.max(difference + error)
    low = min(low, -1.05 * math.log(_ODDS[0]))
    room = 0.06 * (high - low)
    axes.set_xlim(low - room, high + room)
    axes.set_ylim(count - 0.4, -0.6)
    marks = [
        name if established else f"{name}\n(not established)"
        for name, established in zip(comparison.names, comparison.established, strict=True)
    ]
    axes.set_yticks(range(count), marks)
    axes.set_xlabel(r"$\ln Z - \ln Z_\mathrm{best}$")
    set_ticks(axes)
    axes.tick_params(axis="y", which="both", length=0)
    for odds in _ODDS:
        place = -math.log(odds)
        if low - room < place:
            axes.text(
                place,
                1.02,
                f"1:{odds}",
                transform=axes.get_xaxis_transform(),
                ha="center",
                va="bottom",
                fontsize="small",
                color=COLORS["guide"],
            )
