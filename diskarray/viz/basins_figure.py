"""The figure of a search from several starts: every minimum found, and which of them are one image."""

__all__ = ["basin_table", "basins_figure"]

import numpy as np

from ..errors import ParameterError
from .labels import in_power_of_ten, label_in_power, labels_of, power_of_ten
from .multiples import label_outside, panels_for
from .style import COLORS, SMALL, set_ticks, styled

_SAME = 1.0  # of chi-squared, where the axis turns from linear to logarithmic


@styled
def basins_figure(result, names=None, axes=None):
    """Chi-squared of every minimum over each parameter.

    Symbols grow with the number of starts that ended there; open ones were found on a binned image only. Dashed lines
    join minima that have the same image, crosses are mirror images that no start ended in; the ring marks the chosen
    one. Chi-squared is counted from the lowest, linear up to 1 and logarithmic above.

    Parameters
    ----------
    result : OptimizeResult
    names : sequence of str, optional
        Parameters, by their paths; default those in which the minima differ.
    axes : sequence of matplotlib axes, optional
        One per parameter.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ParameterError
        If the search had one start only, or a name is unknown.
    """
    from matplotlib.ticker import MaxNLocator

    vectors, gain = basin_table(result)
    places = _places(result, vectors, names)
    labels = labels_of(result.names, result.units)
    is_own = axes is None
    figure, axes = panels_for(len(places), axes)
    for ax, k in zip(axes, places, strict=True):
        _draw(ax, result.basins, vectors[:, k], gain)
        ax.set_yscale("symlog", linthresh=_SAME, linscale=0.6)
        ax.set_ylim(-0.7, max(4.0 * np.max(gain), 3.0))
        low, high = np.min(vectors[:, k]), np.max(vectors[:, k])
        room = 0.12 * (high - low) or 0.05 * abs(high) or 1.0
        ax.set_xlim(low - room, high + room)
        exponent = power_of_ten(np.max(np.abs(vectors[:, k])))
        ax.xaxis.set_major_locator(MaxNLocator(nbins=3))
        ax.xaxis.set_major_formatter(in_power_of_ten(exponent))
        ax.set_title(label_in_power(labels[k], result.units[k], exponent), fontsize=SMALL, pad=3)
        set_ticks(ax)
    label_outside(figure, axes, "Value at the minimum", r"$\chi^2 - \chi^2_\mathrm{lowest}$", is_own)
    return figure


def basin_table(result):
    """Vectors of all minima, shape (b, n), and how much higher than the lowest their chi-squared is, shape (b,).

    Raises
    ------
    ParameterError
        If the search kept none: it had one start only.
    """
    if not result.basins:
        raise ParameterError("this search kept no minima: give the optimizer several starts, LeastSquares(starts=6)")
    chi_squared = np.array([basin.chi_squared for basin in result.basins])
    return np.array([basin.vector for basin in result.basins]), chi_squared - np.min(chi_squared)


def _places(result, vectors, names):
    if names is not None:
        unknown = [name for name in names if name not in result.names]
        if unknown:
            raise ParameterError(f"the result has no parameter {unknown[0]!r}: {', '.join(result.names)}")
        return [result.names.index(name) for name in names]
    differ = np.ptp(vectors, axis=0) > 1e-6 * np.maximum(np.max(np.abs(vectors), axis=0), 1e-12)
    return list(np.flatnonzero(differ)) or list(range(len(result.names)))


def _draw(ax, basins, values, gain):
    for k, basin in enumerate(basins):
        if basin.image_of is not None:
            pair = [k, basin.image_of]
            ax.plot(values[pair], gain[pair], color=COLORS["guide"], lw=0.8, ls=(0, (3, 2)), zorder=1)
    for k, basin in enumerate(basins):
        style = {"color": COLORS["first"], "mfc": COLORS["first"] if basin.refined else "white", "mew": 0.9}
        if basin.n_starts == 0:
            ax.plot(values[k], gain[k], "x", color=COLORS["first"], ms=4.5, mew=1.0, zorder=2)
        else:
            ax.plot(values[k], gain[k], "o", ms=3.0 + 1.5 * np.sqrt(basin.n_starts), zorder=2, **style)
        if basin.chosen:
            ax.plot(values[k], gain[k], "o", ms=11, mfc="none", mec=COLORS["model"], mew=1.2, zorder=3)
