"""A small picture of every target: data, model and residuals side by side, for the gallery."""

__all__ = ["thumbnail_paths", "write_thumbnails"]

import io
from pathlib import Path

from ..errors import MissingExtraError
from ..files.atomic import write_bytes
from ..pipeline.open_run import open_with_files
from ..viz.fit_figure import fit_figure

_DOTS = 100  # per inch


def write_thumbnails(run_folder, folder, name, component_files=()):
    """Draw the fits of a run; without matplotlib nothing is written.

    Parameters
    ----------
    run_folder
        Of the target.
    folder
        Where the pictures go; a file for every data set.
    name : str
        The target's.
    component_files
        Python files with the user's own components.
    """
    for path in thumbnail_paths(folder, name):
        path.unlink(missing_ok=True)
    fits = open_with_files(run_folder, component_files).fits
    for dataset, fit in fits.items():
        stream = io.BytesIO()
        try:
            fit_figure(fit, title=dataset if len(fits) > 1 else None).savefig(stream, format="png", dpi=_DOTS)
        except MissingExtraError:
            return
        write_bytes(Path(folder) / f"{name}@{dataset}.png", stream.getvalue(), overwrite=True)


def thumbnail_paths(folder, name):
    """The pictures of a target that are there."""
    return sorted(path for path in Path(folder).glob("*@*.png") if path.name.rpartition("@")[0] == name)
