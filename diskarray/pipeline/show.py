"""Looking at data before any fit: a figure and a few numbers."""

__all__ = ["show_data", "summary_of"]

from pathlib import Path

import numpy as np

from ..config.build import build_data
from ..config.load import load_config
from ..viz.data_figure import data_figure
from ..viz.style import save_figure


def show_data(config_path, output, *, data=None, components=(), overwrite=False):
    """Draw the data that a configuration names, and say what they are. Nothing is fitted.

    Parameters
    ----------
    config_path
        The YAML file.
    output
        The figure to write: .png, .pdf or .svg.
    data : path, optional
        A data file in place of the configured one.
    components : sequence of classes
        Your own component classes.
    overwrite : bool
        Whether an existing figure may be replaced.

    Returns
    -------
    str
        A few lines about each data set.

    Raises
    ------
    DiskArrayError
        When configuration or data cannot be read, or the figure cannot be written.
    """
    config = load_config(config_path, components=components)
    datasets = build_data(config, data)
    named = datasets if isinstance(datasets, dict) else {"": datasets}
    figure = data_figure(datasets, title=Path(config_path).name)
    save_figure(figure, output, overwrite=overwrite)
    return "\n".join(summary_of(imaging, name) for name, imaging in named.items())


def summary_of(imaging, name=""):
    """What an Imaging is, in a few lines of text."""
    frame = imaging.frame
    values, noise = np.asarray(imaging.data.slim), np.asarray(imaging.noise_map.slim)
    ratio = values / noise
    ny, nx = frame.shape_native
    lines = (
        ("source", imaging.source or "-"),
        ("image", f"{ny} x {nx} pixels of {frame.pixel_scale * 1000:.4g} mas, {imaging.observable}"),
        ("fitted", f"{imaging.mask.n_unmasked} pixels, {imaging.n_not_finite} masked because not finite"),
        ("star", f"pixel (y, x) = ({frame.center[0]:.3f}, {frame.center[1]:.3f})"),
        ("North", f"{round(frame.north_angle, 3) + 0.0:.3f} degrees from +y{', mirrored' if frame.mirrored else ''}"),
        ("unit", imaging.unit or "none"),
        ("values", f"{values.min():.4g} to {values.max():.4g}, median {np.median(values):.4g}"),
        ("noise", f"{noise.min():.4g} to {noise.max():.4g}, median {np.median(noise):.4g}"),
        ("ratio", f"{ratio.min():.1f} to {ratio.max():.1f} sigma, {int(np.sum(ratio > 3))} pixels above 3"),
    )
    head = [f"data set {name}"] if name else []
    return "\n".join([*head, *(f"{label:<7} {text}" for label, text in lines)])
