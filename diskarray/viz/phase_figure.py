"""The figure of a phase function: what was found over the angles that the disk shows, and what is extrapolated."""

__all__ = ["hidden_ranges", "phase_function_figure", "truth_values"]

import numpy as np

from .style import COLORS, CYCLE, SINGLE_COLUMN, new_figure, set_ticks, styled

_LINEAR_RANGE = 8.0  # highest over lowest value, beyond which the axis is logarithmic


@styled
def phase_function_figure(curves, truth=None, quantity="Phase function", title=None, axes=None):
    """Phase functions with their credible bands.

    Over the angles that the disk shows the curve is drawn through, and its band is full; elsewhere it is the formula's
    extrapolation, dashed and on grey ground.

    Parameters
    ----------
    curves : PhaseCurve or mapping of str to PhaseCurve
    truth : PhaseFunction, optional
        Any object with ``phase(cos_phi)``, scaled like the first curve.
    quantity : str
        What the curves are, such as "Polarized phase function".
    title : str, optional
    axes : matplotlib axes, optional

    Returns
    -------
    matplotlib.figure.Figure
    """
    curves = dict(curves) if hasattr(curves, "items") else {"": curves}
    ax = new_figure(SINGLE_COLUMN, 2.7, layout="constrained").subplots() if axes is None else axes
    first = next(iter(curves.values()))
    handles, labels = [], []
    for k, (name, curve) in enumerate(curves.items()):
        handles.append(_draw_curve(ax, curve, CYCLE[k % len(CYCLE)]))
        labels.append(f"{name or 'fit'}, {100 * curve.level:.0f} % band")
    if truth is not None:
        style = {"color": COLORS["truth"], "ls": (0, (5, 2)), "lw": 1.0}
        handles += ax.plot(first.angles, truth_values(truth, first), **style)
        labels.append("truth")
    for start, end in hidden_ranges(curves.values()):
        ax.axvspan(start, end, color=COLORS["guide"], alpha=0.22, lw=0, zorder=0)
    _set_axes(ax, list(curves.values()), quantity, first.relative_to)
    ax.legend(handles, labels, loc="best")
    if title:
        ax.set_title(title)
    return ax.figure


def truth_values(truth, curve):
    """Values of a phase function at a curve's angles, scaled as the curve is."""
    values = np.asarray(truth.phase(np.cos(np.radians(curve.angles))), dtype=float)
    if curve.relative_to is None:
        return values
    return values / float(truth.phase(np.cos(np.radians(np.asarray(curve.relative_to)))))


def hidden_ranges(curves):
    """The ranges of scattering angles, in degrees, that no disk of the curves shows."""
    curves = list(curves)
    lowest = min(curve.probed_range[0] for curve in curves)
    highest = max(curve.probed_range[1] for curve in curves)
    return [(start, end) for start, end in ((0.0, lowest), (highest, 180.0)) if end > start]


def _draw_curve(ax, curve, color):
    """Band and line over the angles that are shown, both fainter beyond; returns what the legend shows."""
    seen = curve.probed
    band = ax.fill_between(curve.angles, curve.lower, curve.upper, where=seen, color=color, alpha=0.35, lw=0)
    for outside in _pieces(curve.angles, ~seen):
        angles, lower, upper = (part[outside] for part in (curve.angles, curve.lower, curve.upper))
        ax.fill_between(angles, lower, upper, color=color, alpha=0.12, lw=0)
        ax.plot(angles, curve.values[outside], color=color, lw=0.9, ls=(0, (1.5, 1.5)))
    (line,) = ax.plot(curve.angles[seen], curve.values[seen], color=color)
    return band, line


def _pieces(angles, flags):
    """Runs of neighboring places that are flagged, each with the place beside it that is not."""
    places = np.flatnonzero(flags)
    for run in np.split(places, np.flatnonzero(np.diff(places) > 1) + 1):
        if run.size:
            yield np.arange(max(run[0] - 1, 0), min(run[-1] + 2, angles.size))


def _set_axes(ax, curves, quantity, relative_to):
    shown = np.concatenate(
        [part[curve.probed] for curve in curves for part in (curve.values, curve.lower, curve.upper)]
    )
    shown = shown[np.isfinite(shown)]
    if shown.size and np.min(shown) > 0 and np.max(shown) > _LINEAR_RANGE * np.min(shown):
        ax.set_yscale("log")
        ax.set_ylim(0.5 * np.min(shown), 2.0 * np.max(shown))
    elif shown.size:
        ax.set_ylim(min(0.0, 1.1 * np.min(shown)), 1.2 * np.max(shown))
    ax.set_xlim(0, 180)
    ax.set_xticks(np.arange(0, 181, 30))
    ax.set_xlabel("Scattering angle [deg]")
    scaled = f"relative to {relative_to:g}\N{DEGREE SIGN}" if relative_to is not None else "[sr$^{-1}$]"
    ax.set_ylabel(f"{quantity} {scaled}")
    set_ticks(ax)
