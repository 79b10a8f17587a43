"""The figure of a fit: data, model, residuals and normalized residuals on the sky."""

__all__ = ["fit_figure"]

import numpy as np

from ..errors import ShapeError
from .sky_axes import NORMAL, SkyView, draw_compass, draw_image, label_panel, panel_row

BRIGHTNESS_MAP, RESIDUAL_MAP = "inferno", "RdBu_r"
NORMALIZED_LIMIT = 5.0


def fit_figure(fit, unit=None, title=None, axes=None):
    """Draw a fit in four panels.

    Data and model share one linear scale; the scales of both residuals are symmetric about zero. Masked
    pixels are grey, and the panels are cropped to the unmasked ones. North is up and East left, whatever
    the orientation of the array.

    Parameters
    ----------
    fit
        A FitImaging.
    unit
        The unit of the data, for the color bars.
    title
        A line above the panels.
    axes
        Four matplotlib axes to draw into; a new figure of journal width when None.

    Returns
    -------
    matplotlib.figure.Figure
        The figure that holds the panels. It is not shown or saved.

    Raises
    ------
    MissingExtraError
        When matplotlib is not installed.
    ShapeError
        When `axes` are not four.
    """
    view = SkyView.of(fit.data.mask)
    figure, axes = _figure_and_axes(axes, view, has_title=bool(title))
    brightness, residual = brightness_limits(fit), residual_limits(fit)
    panels = (
        ("Data", fit.data, BRIGHTNESS_MAP, brightness, unit),
        ("Model", fit.model_image, BRIGHTNESS_MAP, brightness, unit),
        ("Residuals", fit.residual_map, RESIDUAL_MAP, residual, unit),
        (
            "Normalized residuals",
            fit.normalized_residual_map,
            RESIDUAL_MAP,
            (-NORMALIZED_LIMIT, NORMALIZED_LIMIT),
            "σ",
        ),
    )
    for ax, (name, image, cmap, limits, bar_unit) in zip(axes, panels, strict=True):
        draw_image(ax, image, view, cmap, limits, bar_unit)
        label_panel(ax, name)
        ax.label_outer()
    draw_compass(axes[0], on_the_left=_lower_left_is_fainter(fit.model_image, view))
    if title:
        figure.suptitle(title, fontsize=NORMAL, y=0.985, va="top")
    return figure


def brightness_limits(fit):
    """The common scale of data and model: from the faint end of the data to the brighter of the two peaks."""
    data, model = np.asarray(fit.data.slim), np.asarray(fit.model_image.slim)
    upper = max(np.percentile(data, 99.7), np.percentile(model, 99.7))
    lower = min(0.0, np.percentile(data, 2.0))
    return float(lower), float(upper if upper > lower else lower + 1.0)


def residual_limits(fit):
    """A scale symmetric about zero that 99.5 per cent of the residuals fit in."""
    limit = float(np.percentile(np.abs(np.asarray(fit.residual_map.slim)), 99.5)) or 1.0
    return -limit, limit


def _lower_left_is_fainter(image, view):
    """Whether the lower left corner of the panel has more room for the compass than the lower right one."""
    rows, columns = np.nonzero(~image.mask.array)
    y, x = image.frame.sky_from(rows, columns)
    lower = y < view.south + 0.3 * (view.north - view.south)
    brightness = np.where(lower, np.asarray(image.slim), 0.0)
    east_is_brighter = brightness[-x > 0.5 * (view.east + view.west)].sum() > brightness.sum() / 2
    return not east_is_brighter


def _figure_and_axes(axes, view, has_title):
    if axes is None:
        return panel_row(4, view, has_title)
    axes = list(np.ravel(axes))
    if len(axes) != 4:
        raise ShapeError(f"A fit figure has four panels: pass four axes, not {len(axes)}.")
    return axes[0].figure, axes
