"""The figure of data before any fit: image, noise and their ratio, with the mask's outline and the star."""

__all__ = ["data_figure", "mask_outline"]

import numpy as np

from ..errors import ShapeError
from .sky_axes import SkyView, draw_compass, draw_image, label_panel, lower_left_is_fainter, outline, panel_grid
from .style import BRIGHTNESS_MAP, NORMAL, RESIDUAL_MAP, styled

_PANELS = 3
_RATIO_LIMIT = 10.0


@styled
def data_figure(data, title=None, axes=None):
    """Draw an observed image, its noise map, and one over the other.

    The whole image is shown, North up and East left; masked pixels are grey, within a line. The cross is where the
    star is said to be. Nothing is fitted.

    Parameters
    ----------
    data : Imaging or mapping of str to Imaging
        Of several data sets every one gets a row.
    title : str, optional
        A line above the panels.
    axes : sequence of matplotlib axes, optional
        Three for every data set, to draw into; a new figure of journal width when None.

    Returns
    -------
    matplotlib.figure.Figure
        The figure that holds the panels. It is not shown or saved.

    Raises
    ------
    MissingExtraError
        When matplotlib is not installed.
    ShapeError
        When `axes` are not three for every data set.
    """
    datasets = dict(data) if hasattr(data, "items") else {"": data}
    views = [SkyView.of(type(one.mask).none(one.frame)) for one in datasets.values()]
    figure, rows = _figure_and_rows(axes, views, bool(title))
    for (name, imaging), view, row in zip(datasets.items(), views, rows, strict=True):
        _draw_row(row, imaging, view, name)
    if title:
        figure.suptitle(title, fontsize=NORMAL, y=1 - 0.06 / figure.get_figheight(), va="top")
    return figure


def mask_outline(mask):
    """The sides of pixels between those that count and those that do not.

    Returns
    -------
    array, shape (N, 2, 2)
        Line segments: two ends each, as offsets (right ascension, declination) in arcsec.
    """
    inside = ~mask.array
    rows, columns = np.nonzero(inside[1:] != inside[:-1])
    across = [[(r + 0.5, c - 0.5), (r + 0.5, c + 0.5)] for r, c in zip(rows, columns, strict=True)]
    rows, columns = np.nonzero(inside[:, 1:] != inside[:, :-1])
    along = [[(r - 0.5, c + 0.5), (r + 0.5, c + 0.5)] for r, c in zip(rows, columns, strict=True)]
    ends = np.array(across + along, dtype=float).reshape(-1, 2, 2)
    y, x = mask.frame.sky_from(ends[..., 0], ends[..., 1])
    return np.stack([-x, y], axis=-1)


def _draw_row(axes, imaging, view, name):
    data, noise = imaging.data, imaging.noise_map
    values, sigma = np.asarray(data.slim), np.asarray(noise.slim)
    upper = float(np.percentile(values, 99.7))
    lower = min(0.0, float(np.percentile(values, 2.0)))
    label = {"total": "Image", "Q_phi": r"$Q_\phi$", "U_phi": r"$U_\phi$", "Q": "$Q$", "U": "$U$"}[imaging.observable]
    panels = (
        (
            f"{label}: {name}" if name else label,
            data,
            BRIGHTNESS_MAP,
            (lower, max(upper, lower + 1e-300)),
            imaging.unit,
        ),
        ("Noise", noise, BRIGHTNESS_MAP, (0.0, float(np.percentile(sigma, 99.7))), imaging.unit),
        ("Signal / noise", data / noise, RESIDUAL_MAP, (-_RATIO_LIMIT, _RATIO_LIMIT), "σ"),
    )
    for ax, (text, image, cmap, limits, unit) in zip(axes, panels, strict=True):
        draw_image(ax, image, view, cmap, limits, unit)
        label_panel(ax, text)
        _draw_mask_and_star(ax, imaging.mask)
        ax.label_outer()
    draw_compass(axes[0], on_the_left=lower_left_is_fainter(data, view))


def _draw_mask_and_star(ax, mask):
    from matplotlib.collections import LineCollection

    lines = LineCollection(mask_outline(mask), colors="black", linewidths=0.5)
    lines.set_gid("mask")
    ax.add_collection(lines, autolim=False)
    (star,) = ax.plot([0.0], [0.0], marker="+", color="black", markersize=6, markeredgewidth=0.8, linestyle="none")
    star.set_gid("star")
    outline(star)


def _figure_and_rows(axes, views, has_title):
    if axes is None:
        return panel_grid(_PANELS, views, has_title)
    axes = list(np.ravel(axes))
    if len(axes) != _PANELS * len(views):
        raise ShapeError(f"A figure of data has three panels for every data set: pass {_PANELS * len(views)} axes.")
    return axes[0].figure, [axes[k : k + _PANELS] for k in range(0, len(axes), _PANELS)]
