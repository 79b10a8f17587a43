"""The run folder: what lies where in it, and that no name leads out of it.

config.yaml manifest.json run.log report.html
results/    what was found, as numbers and FITS images
figures/    pictures of it
blocks/     the checkpoint of a sampler
"""

__all__ = [
    "CONFIG",
    "ENTRIES",
    "FIT",
    "LOG",
    "MANIFEST",
    "SAMPLES",
    "check_replaceable",
    "digest_of_file",
    "path_inside",
    "remove_blocks",
]

import hashlib
import os
import re
import shutil
from pathlib import Path, PurePosixPath, PureWindowsPath

from ..errors import DataError, OutputError

CONFIG, MANIFEST, LOG = "config.yaml", "manifest.json", "run.log"
FIT, SAMPLES = "results/fit.npz", "results/sample.npz"
ENTRIES = (CONFIG, MANIFEST, LOG, "report.html", "results", "figures", "blocks", "lock")
"""What may lie in a run folder itself."""

_OURS = re.compile(
    r"config\.yaml|manifest\.json|run\.log|report\.html|lock"
    r"|results/(fit|sample|comparison|model|residuals)(_[^/]+)?\.(npz|nc|json|fits)"
    r"|figures/[^/]+\.(png|pdf|svg)"
    r"|blocks/(header\.json|lock|blocks/\d{6,}\.npz)"
    r"|([a-z]+/){0,2}\.[^/]+\.[0-9a-f]{8}\.tmp"
)
_PIECE = 2**20


def path_inside(folder, name):
    """The path of a file of a run folder.

    Parameters
    ----------
    folder : Path
    name : str
        Relative, with slashes.

    Raises
    ------
    DataError
        If the name is absolute, goes up, or leads through a symbolic link.
    """
    folder, parts = Path(folder), PurePosixPath(str(name)).parts
    foreign = PurePosixPath(str(name)).is_absolute() or PureWindowsPath(str(name)).anchor or "\0" in str(name)
    if not parts or foreign or ".." in parts or "\\" in str(name):
        raise DataError(f"{folder}: {str(name)!r} is not a file inside the run folder, and no other is touched.")
    place = folder
    for part in parts:
        place = place / part
        if place.is_symlink():
            raise DataError(f"{place} is a symbolic link: what a run wrote lies in its own folder.")
    return place


def check_replaceable(folder):
    """Refuse to replace a folder in which anything lies that no run wrote.

    Raises
    ------
    OutputError
        Naming the first such file.
    """
    folder = Path(folder)
    if not folder.is_dir() or folder.is_symlink():
        return
    for place, below, names in os.walk(folder):
        links = [name for name in below if (Path(place) / name).is_symlink()]
        for name in sorted([*names, *links]):
            relative = (Path(place) / name).relative_to(folder).as_posix()
            if name in links or not _OURS.fullmatch(relative):
                raise OutputError(
                    f"Output folder {folder} holds {relative!r}, which no run wrote: it is not replaced, even with "
                    "--overwrite. Choose another --output."
                )


def remove_blocks(folder):
    """Remove the checkpoint of a run, unless anything lies in it that no run wrote."""
    blocks = path_inside(folder, "blocks")
    for place, _, names in os.walk(blocks):
        for name in names:
            relative = (Path(place) / name).relative_to(folder).as_posix()
            if not _OURS.fullmatch(relative):
                raise OutputError(f"{Path(folder) / relative} is no part of a checkpoint: move it away first.")
    shutil.rmtree(blocks, ignore_errors=True)


def digest_of_file(path):
    """SHA-256 hex digest of a file, read in pieces.

    Raises
    ------
    DataError
        If it cannot be read.
    """
    digest = hashlib.sha256()
    try:
        with open(path, "rb") as stream:
            while piece := stream.read(_PIECE):
                digest.update(piece)
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}.") from error
    return digest.hexdigest()
