"""The figure of a disk seen from above: data, model and residuals stretched along the minor axis, for looking only."""

__all__ = ["deprojected_figure"]

import math

import numpy as np

from ..errors import ParameterError, ShapeError
from .brightness_profile import ring_band
from .chosen import disk_of, fits_of, star_of
from .plane import deprojected
from .sky_axes import MASK_COLOR, PLATE, SkyView, draw_color_bar, label_panel, outline, panel_grid
from .style import BRIGHTNESS_MAP, NORMAL, RESIDUAL_MAP, SMALL, set_ticks, styled

_PANELS = ("Data", "Model", "Residuals")
_BEYOND_RING = 2.0  # half width of the panels over the ring's outer radius


@styled
def deprojected_figure(fit, disk=None, squared_radius=True, method="linear", half_width=None, title=None, axes=None):
    """Data, model and residuals as if the disk were seen face-on.

    It is for looking only, see ``Deprojection``: nothing should be measured in it or fitted to it. The dashed line is
    the major axis, along which nothing was stretched; the cross is the star.

    Parameters
    ----------
    fit : FitImaging or mapping of str to FitImaging
    disk : str, optional
        Name of the disk whose plane is shown; needed where there are several.
    squared_radius : bool
        Multiply by r^2 (au^2), for the starlight that falls off with the distance.
    method : {"linear", "nearest"}
        How values between pixels are made.
    half_width : float, optional
        Half width of the panels in au; default twice the ring's outer radius, where the data reach that far.
    title : str, optional
    axes : sequence of matplotlib axes, optional
        Three for every fit.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ParameterError
        If the disk is inclined by more than 85 degrees.
    """
    fits = fits_of(fit)
    figure, rows = _figure_and_rows(axes, len(fits), bool(title))
    for (name, one), row in zip(fits.items(), rows, strict=True):
        belt, star = disk_of(one.model, disk), star_of(one.model)
        settings = {"squared_radius": squared_radius, "method": method, "star": star}
        settings["half_width"] = half_width or _default_half_width(one.data, belt, star)
        seen = [deprojected(image, belt, **settings) for image in (one.data, one.model_image, one.residual_map)]
        _draw_row(row, seen, getattr(one.dataset, "unit", None), name)
    if title:
        figure.suptitle(title, fontsize=NORMAL, y=1 - 0.06 / figure.get_figheight(), va="top")
    return figure


def _default_half_width(image, disk, star):
    everything = deprojected(image, disk, star=star, method="nearest").half_width
    try:
        return min(_BEYOND_RING * ring_band(disk)[1], everything)
    except ParameterError:
        return everything


def _draw_row(row, seen, unit, name):
    from matplotlib import colormaps
    from matplotlib.ticker import MaxNLocator

    brightness = _limits(seen[:2])
    residual = np.nanpercentile(np.abs(seen[2].values), 99.0) if np.any(np.isfinite(seen[2].values)) else 1.0
    unit = f"au2 {unit or 'arbitrary unit'}" if seen[0].squared_radius else unit
    limits = (brightness, brightness, (-residual or -1.0, residual or 1.0))
    maps = (BRIGHTNESS_MAP, BRIGHTNESS_MAP, RESIDUAL_MAP)
    for ax, label, one, (low, high), cmap in zip(row, _PANELS, seen, limits, maps, strict=True):
        half = one.half_width
        drawn = ax.imshow(
            np.ma.masked_invalid(one.values),
            origin="lower",
            extent=(half, -half, -half, half),
            cmap=colormaps[cmap].with_extremes(bad=MASK_COLOR),
            vmin=low,
            vmax=high,
        )
        ax.set(xlim=(half, -half), ylim=(-half, half), aspect="equal", facecolor=MASK_COLOR)
        draw_color_bar(ax, drawn, unit)
        label_panel(ax, f"{label}: {name}" if name and label == "Data" else label)
        _draw_plane_marks(ax, one, names_near_side=label == "Data")
        for axis in (ax.xaxis, ax.yaxis):
            axis.set_major_locator(MaxNLocator(nbins=5, steps=[1, 2, 5, 10]))
        set_ticks(ax)
        ax.set_xlabel("Deprojected offset [au]")
        ax.set_ylabel("Deprojected offset [au]")
        ax.label_outer()


def _draw_plane_marks(ax, one, names_near_side):
    """Major axis, star, and the words that tell the near side."""
    half, angle = one.half_width, math.radians(one.position_angle)
    east, north = math.sin(angle), math.cos(angle)
    for sign in (-1, 1):
        ends = (np.array([0.82, 0.98]) * sign * half / max(abs(east), abs(north)))[:, None] * [east, north]
        outline(ax.plot(*ends.T, color="black", lw=0.9, ls=(0, (3, 1.5)))[0])
    outline(ax.plot(0, 0, "+", color="black", ms=5, mew=0.9)[0])
    if not names_near_side:
        return
    near = math.radians(one.near_side)
    ax.text(
        *(0.86 * half * np.array([math.sin(near), math.cos(near)])),
        "near\nside",
        fontsize=SMALL,
        ha="center",
        va="center",
        bbox=dict(PLATE),
    )


def _limits(pair):
    """A common scale: from the faint end of the data to the brighter of the two peaks."""
    finite = [one.values[np.isfinite(one.values)] for one in pair]
    if not all(values.size for values in finite):
        return 0.0, 1.0
    upper = max(np.percentile(values, 99.5) for values in finite)
    lower = min(0.0, np.percentile(finite[0], 5.0))
    return float(lower), float(upper if upper > lower else lower + 1.0)


def _figure_and_rows(axes, count, has_title):
    if axes is None:
        return panel_grid(len(_PANELS), [SkyView(1.0, -1.0, -1.0, 1.0)] * count, has_title, left=0.52)
    axes = list(np.ravel(axes))
    if len(axes) != len(_PANELS) * count:
        raise ShapeError(f"pass {len(_PANELS) * count} axes, three for every fit, not {len(axes)}")
    return axes[0].figure, [axes[k : k + 3] for k in range(0, len(axes), 3)]
