"""The figure of a fit: data, model, residuals and normalized residuals on the sky, a row for every data set."""

__all__ = ["brightness_limits", "fit_figure", "residual_limits"]

import numpy as np

from ..errors import ShapeError
from .scale_marks import beam_of, draw_beam, draw_scale_bar, shared_distance
from .sky_axes import SkyView, draw_compass, draw_image, label_panel, lower_left_is_fainter, panel_grid
from .style import BRIGHTNESS_MAP, NORMAL, RESIDUAL_MAP, styled

NORMALIZED_LIMIT = 5.0
_PANELS = 4
_OBSERVABLES = {"Q_phi": r"$Q_\phi$", "U_phi": r"$U_\phi$", "Q": "$Q$", "U": "$U$"}


@styled
def fit_figure(fit, unit=None, title=None, axes=None):
    """Draw a fit in four panels: data, model, residuals, and residuals over the noise.

    Data and model share one linear scale; the scales of both residuals are symmetric about zero. Masked
    pixels are grey, and the panels are cropped to the unmasked ones. North is up and East left, whatever
    the orientation of the array. The bar gives the scale, the filled ellipse the PSF's full width at half maximum.

    Parameters
    ----------
    fit : FitImaging or mapping of str to FitImaging
        A fit; of several data sets every one gets a row.
    unit : str, optional
        The unit of the data, for the color bars; by default what the data say.
    title : str, optional
        A line above the panels.
    axes : sequence of matplotlib axes, optional
        Four for every fit, to draw into; a new figure of journal width when None.

    Returns
    -------
    matplotlib.figure.Figure
        The figure that holds the panels. It is not shown or saved.

    Raises
    ------
    MissingExtraError
        When matplotlib is not installed.
    ShapeError
        When `axes` are not four for every fit.
    """
    fits = dict(fit) if hasattr(fit, "items") else {"": fit}
    views = [SkyView.of(one.data.mask) for one in fits.values()]
    figure, rows = _figure_and_rows(axes, views, has_title=bool(title))
    for (name, one), view, row in zip(fits.items(), views, rows, strict=True):
        _draw_row(row, one, view, unit, name)
    if title:
        figure.suptitle(title, fontsize=NORMAL, y=1 - 0.06 / figure.get_figheight(), va="top")
    return figure


def _draw_row(axes, fit, view, unit, name):
    dataset = getattr(fit, "dataset", None)
    unit = unit or getattr(dataset, "unit", None)
    brightness, residual = brightness_limits(fit), residual_limits(fit)
    panels = (
        (_data_label(dataset, name), fit.data, BRIGHTNESS_MAP, brightness, unit),
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
    for ax, (label, image, cmap, limits, bar_unit) in zip(axes, panels, strict=True):
        draw_image(ax, image, view, cmap, limits, bar_unit)
        label_panel(ax, label)
        ax.label_outer()
    _draw_marks(axes, fit, view)


def _data_label(dataset, name):
    """What the first panel shows: the kind of light where it is polarized, and the name of one data set of several."""
    observable = _OBSERVABLES.get(getattr(dataset, "observable", "total"))
    label = f"Data, {observable}" if observable else "Data"
    return f"{label}: {name}" if name else label


def _draw_marks(axes, fit, view):
    """Compass and PSF with the data, the scale bar with the model."""
    on_the_left = lower_left_is_fainter(fit.model_image, view)
    draw_compass(axes[0], on_the_left=on_the_left)
    model = getattr(fit, "model", None)
    draw_scale_bar(axes[1], view, shared_distance(model), on_the_left=on_the_left)
    beam = beam_of(getattr(getattr(model, "instrument", None), "psf", None), fit.data.frame)
    if beam is not None:
        draw_beam(axes[0], view, beam, on_the_left=not on_the_left)


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


def _figure_and_rows(axes, views, has_title):
    if axes is None:
        return panel_grid(_PANELS, views, has_title)
    axes = list(np.ravel(axes))
    if len(axes) != _PANELS * len(views):
        fits = "A fit figure has four panels: pass four axes"
        each = f" for every fit, {_PANELS * len(views)} in all" if len(views) > 1 else ""
        raise ShapeError(f"{fits}{each}, not {len(axes)}.")
    return axes[0].figure, [axes[k : k + _PANELS] for k in range(0, len(axes), _PANELS)]
