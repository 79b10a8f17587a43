"""How much a file may make a reader allocate: an absolute cap, and a limit on how far packed bytes may unfold."""

__all__ = ["SIZE_CAP", "UNPACKED_FREELY", "LARGEST_RATIO", "refuse_size", "source_bytes"]

import stat
from pathlib import Path

from ..errors import DataError

SIZE_CAP = 2**31
"""Largest file after decompression, and largest array as float64, that a reader takes, in bytes (2 GiB)."""

UNPACKED_FREELY = 2**26
"""Bytes (64 MiB) that a packed file may unfold to, however small it is."""

LARGEST_RATIO = 30
"""Beyond that, how many times its own size a packed file may unfold to; images pack a few times, bombs a thousand."""


def refuse_size(where, claimed, packed=None):
    """Raise DataError for a size, in bytes, above the cap, or out of proportion to the packed bytes it unfolds from.

    Parameters
    ----------
    where : str
        File and place, for the error message.
    claimed : int
        Bytes that would be allocated.
    packed : int, optional
        Bytes they come from, where they are packed.
    """
    limit = SIZE_CAP
    if packed is not None:
        limit = min(limit, max(UNPACKED_FREELY, LARGEST_RATIO * packed))
    if claimed > limit:
        raise DataError(
            f"{where} claims {claimed} bytes, above the cap of {limit}: cut the image out of it, or store it unpacked."
        )


def source_bytes(path, what):
    """The size in bytes of a local regular file; DataError for anything else, ``what`` being the file to give."""
    path = Path(path)
    try:
        status = path.stat()
    except (OSError, ValueError) as error:
        problem = "does not exist" if isinstance(error, FileNotFoundError) else f"cannot be read ({error})"
        raise DataError(f"{path} {problem}: give a local {what} file.") from error
    if not stat.S_ISREG(status.st_mode):
        raise DataError(f"{path} is not a regular file: give a local {what} file.")
    if status.st_size > SIZE_CAP:
        raise DataError(f"{path} is larger than {SIZE_CAP} bytes: cut the image out of it first.")
    return status.st_size
