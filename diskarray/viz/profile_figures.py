"""Figures of brightness profiles: along the axes of the disk, and around its ring."""

__all__ = ["azimuthal_profile_figure", "radial_profile_figure"]

import numpy as np

from ..errors import ShapeError
from .brightness_profile import profile_along, profile_around, ring_band
from .chosen import disk_of, fits_of, star_of
from .labels import in_power_of_ten, power_of_ten, unit_in_power
from .plane import scattering_angle_at
from .scale_marks import beam_of
from .style import COLORS, DOUBLE_COLUMN, SINGLE_COLUMN, new_figure, set_ticks, styled

_RESIDUAL_LIMIT = 4.0  # errors; residuals beyond widen it


@styled
def radial_profile_figure(fit, disk=None, half_angle=10.0, width=None, axes=None):
    """Brightness along the disk's major and minor axis: data, and the model within the noise of each bin.

    Points are means over the pixels of a double wedge around the axis (``profile_along``), the line is the model's
    mean over the same pixels, its band the error of the data's mean.

    Parameters
    ----------
    fit : FitImaging or mapping of str to FitImaging
    disk : str, optional
        Name of the disk whose axes are followed; needed where there are several.
    half_angle : float
        Half of the wedge's opening, degrees.
    width : float, optional
        Of a bin, arcsec; default one pixel.
    axes : sequence of matplotlib axes, optional
        Two for every fit, for the major and the minor axis; residuals are left out then.

    Returns
    -------
    matplotlib.figure.Figure
    """
    fits = fits_of(fit)
    figure, cells = _figure_and_cells(axes, len(fits), 2, DOUBLE_COLUMN)
    for (name, one), row in zip(fits.items(), cells, strict=True):
        belt, star = disk_of(one.model, disk), star_of(one.model)
        angle = float(belt.position_angle)
        for (ax, below), (word, towards) in zip(row, (("Major", angle), ("Minor", angle - 90.0)), strict=True):
            pair = [
                profile_along(image, towards, half_angle=half_angle, width=width, noise_map=noise, star=star)
                for image, noise in ((one.data, one.noise_map), (one.model_image, None))
            ]
            _draw_pair(ax, below, *pair)
            _name_panel(ax, f"{word} axis", name)
            _set_offset_axis(ax, below, pair[0], float(belt.distance), towards)
            _label_brightness(ax, below, one, is_first=word == "Major")
    _add_legend(figure, cells)
    return figure


@styled
def azimuthal_profile_figure(fit, disk=None, inner=None, outer=None, width=10.0, axes=None):
    """Brightness around the ring, in its plane: data, and the model within the noise of each bin.

    Points are means over the pixels between two ellipses of the ring's own shape (``profile_around``), the line is
    the model's mean over the same pixels, its band the error of the data's mean. Foreshortening narrows the band near
    the minor axis; as data and model are treated alike, they can be compared there too.

    Parameters
    ----------
    fit : FitImaging or mapping of str to FitImaging
    disk : str, optional
        Name of the disk; needed where there are several.
    inner, outer : float, optional
        Semi-major axes of the two ellipses, au; default where the density is above half of its peak, and at least as
        wide as the PSF.
    width : float
        Of a bin, degrees of azimuth.
    axes : sequence of matplotlib axes, optional
        One for every fit; residuals are left out then.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ParameterError
        If the disk is inclined by more than 85 degrees, or its density has no peak and no band is given.
    """
    fits = fits_of(fit)
    figure, cells = _figure_and_cells(axes, len(fits), 1, SINGLE_COLUMN)
    for (name, one), ((ax, below),) in zip(fits.items(), cells, strict=True):
        belt, star = disk_of(one.model, disk), star_of(one.model)
        band = _band(one, belt, inner, outer)
        pair = [
            profile_around(image, belt, *band, width=width, noise_map=noise, star=star)
            for image, noise in ((one.data, one.noise_map), (one.model_image, None))
        ]
        _draw_pair(ax, below, *pair)
        _name_panel(ax, f"{band[0]:.1f}\N{EN DASH}{band[1]:.1f} au", name)
        _set_azimuth_axis(ax, below, belt)
        _label_brightness(ax, below, one)
    _add_legend(figure, cells)
    return figure


def _band(fit, disk, inner, outer):
    if inner is None or outer is None:
        beam = beam_of(getattr(getattr(fit.model, "instrument", None), "psf", None), fit.data.frame)
        found = ring_band(disk, 0.0 if beam is None else beam.major)
        inner, outer = (given if given is not None else own for given, own in zip((inner, outer), found, strict=True))
    return float(inner), float(outer)


def _draw_pair(ax, below, data, model):
    """Data as points, the model as a line in the band of the data's errors; residuals over the errors below."""
    from matplotlib.ticker import MaxNLocator

    seen = data.counts > 0
    at, value, error = data.positions, model.values, data.errors
    ax.axhline(0.0, color=COLORS["guide"], lw=0.6, zorder=0)
    ax.fill_between(at, value - error, value + error, color=COLORS["model"], alpha=0.3, lw=0, label="noise of a bin")
    ax.plot(at, value, color=COLORS["model"], label="model")
    ax.plot(at[seen], data.values[seen], ".", color=COLORS["data"], ms=3.2, mec="none", label="data")
    set_ticks(ax, top=False)
    if below is None:
        return
    below.axhspan(-1, 1, color=COLORS["guide"], alpha=0.3, lw=0)
    below.axhline(0.0, color=COLORS["guide"], lw=0.6)
    residual = (data.values - value) / error
    below.plot(at[seen], residual[seen], ".", color=COLORS["data"], ms=2.8, mec="none")
    limit = max(_RESIDUAL_LIMIT, 1.1 * np.nanmax(np.abs(residual[seen]), initial=0.0))
    below.set_ylim(-limit, limit)
    below.yaxis.set_major_locator(MaxNLocator(nbins=4, steps=[1, 2, 5, 10], integer=True))
    set_ticks(below)
    ax.tick_params(labelbottom=False)


def _name_panel(ax, text, name):
    ax.text(0.03, 0.96, f"{name}: {text}" if name else text, transform=ax.transAxes, ha="left", va="top")
    low, high = ax.get_ylim()
    ax.set_ylim(low, low + 1.12 * (high - low))


def _set_offset_axis(ax, below, profile, distance, towards):
    from matplotlib.ticker import MaxNLocator

    seen = np.abs(profile.edges[:-1][profile.counts > 0])
    reach = 1.03 * (np.max(seen, initial=0.0) + np.diff(profile.edges)[0])
    lowest = ax if below is None else below
    ax.set_xlim(-reach, reach)
    lowest.set_xlabel(f"Offset towards PA {towards % 360.0:.0f}\N{DEGREE SIGN} [arcsec]")
    above = ax.secondary_xaxis("top", functions=(lambda x: x * distance, lambda r: r / distance))
    above.xaxis.set_major_locator(MaxNLocator(nbins=6))
    set_ticks(above)
    above.set_xlabel("Offset on the sky [au]")


def _set_azimuth_axis(ax, below, disk):
    lowest = ax if below is None else below
    ax.set_xlim(0.0, 360.0)
    lowest.set_xlabel(f"Azimuth from PA {float(disk.position_angle) % 360:.0f}\N{DEGREE SIGN} via the near side [deg]")
    marks = np.arange(0.0, 361.0, 45.0)
    for one in {ax, lowest}:
        one.set_xticks(marks)
    above = ax.secondary_xaxis("top")
    above.set_xticks(marks, [f"{angle:.0f}" for angle in scattering_angle_at(marks, float(disk.inclination))])
    set_ticks(above)
    above.set_xlabel("Scattering angle [deg]")


def _label_brightness(ax, below, fit, is_first=True):
    exponent = power_of_ten(max(map(abs, ax.get_ylim())))
    ax.yaxis.set_major_formatter(in_power_of_ten(exponent))
    if is_first:
        unit = getattr(getattr(fit, "dataset", None), "unit", None)
        ax.set_ylabel(f"Brightness\n[{unit_in_power(unit, exponent)}]")
        if below is not None:
            below.set_ylabel("Residual\n[σ]")
            ax.figure.align_ylabels([ax, below])


def _add_legend(figure, cells):
    """One line above the panels; in the first panel where the axes are somebody else's."""
    ax, below = cells[0][0]
    if below is None:
        ax.legend(loc="best")
    else:
        figure.legend(*ax.get_legend_handles_labels(), loc="outside upper center", ncols=3)


def _figure_and_cells(axes, rows, columns, width):
    """Figure, and for every fit a list of (axis, axis of residuals or None)."""
    if axes is not None:
        axes = list(np.ravel(axes))
        if len(axes) != rows * columns:
            raise ShapeError(f"pass {rows * columns} axes, {columns} for every fit, not {len(axes)}")
        cells = [[(ax, None) for ax in axes[k : k + columns]] for k in range(0, len(axes), columns)]
        return axes[0].figure, cells
    figure = new_figure(width, 2.9 * rows + 0.15, layout="constrained")
    figure.get_layout_engine().set(hspace=0.0, h_pad=0.02, wspace=0.02)
    cells = []
    for part in np.ravel(figure.subfigures(rows, 1)):
        grid = part.add_gridspec(2, columns, height_ratios=(3, 1), hspace=0.0)
        found = np.reshape(grid.subplots(sharex="col", squeeze=False), (2, columns))
        cells.append([(found[0, k], found[1, k]) for k in range(columns)])
    return figure, cells
