"""Writing files so that a reader, or a crash, never meets half of one.

A file is written under a temporary name in its own folder, flushed to the disk and renamed. A folder of
products is filled under a temporary name beside its place and renamed when the last product is in it.
"""

__all__ = ["output_folder", "write_bytes", "write_text"]

import os
import secrets
import shutil
from contextlib import contextmanager
from pathlib import Path

from ..errors import OutputError


def write_bytes(path, data, overwrite=False):
    """Write a whole file or nothing.

    Parameters
    ----------
    path
        The file to write; its folder must exist.
    data
        The bytes.
    overwrite
        Whether an existing file may be replaced.

    Raises
    ------
    OutputError
        When the file exists and `overwrite` is False, or the disk refuses.
    """
    path = Path(path)
    if path.is_dir():
        raise OutputError(f"{path} is a folder: name a file inside it.")
    if path.exists() and not overwrite:
        raise OutputError(f"{path} exists already: choose another name or pass --overwrite (overwrite=True).")
    temporary = _temporary_sibling(path)
    try:
        with open(temporary, "xb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(temporary, path)
        _sync_folder(path.parent)
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror or error}.") from error
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path, text, overwrite=False):
    """Write a whole UTF-8 text file or nothing; see `write_bytes`."""
    write_bytes(path, text.encode("utf-8"), overwrite=overwrite)


@contextmanager
def output_folder(path, products, overwrite=False):
    """A context whose folder appears at `path` complete, or not at all.

    The body receives a temporary folder beside `path` and fills it. When the body ends, the folder takes
    its name; when the body raises, the folder is removed and what was at `path` before is untouched.

    Parameters
    ----------
    path
        The folder to make.
    products
        The file names a run may write. A folder that holds anything else is never replaced, so that
        `--overwrite` cannot delete a user's own files.
    overwrite
        Whether an existing folder of products may be replaced.

    Raises
    ------
    OutputError
        At entry, before any work, when `path` may not be made or replaced.
    """
    path = Path(os.path.abspath(path))
    _check_replaceable(path, products, overwrite)
    temporary = _temporary_sibling(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.mkdir()
    except OSError as error:
        raise OutputError(f"Output folder {path} cannot be made: {error.strerror or error}.") from error
    try:
        yield temporary
        _sync_folder(temporary)
        _check_replaceable(path, products, overwrite)
        _move_into_place(temporary, path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _check_replaceable(path, products, overwrite):
    if not os.path.lexists(path):
        return
    if not path.is_dir() or path.is_symlink():
        raise OutputError(f"Output {path} exists and is not a folder: choose another --output.")
    if not overwrite:
        raise OutputError(f"Output folder {path} exists already: choose another --output or pass --overwrite.")
    foreign = sorted(set(os.listdir(path)) - set(products))
    if foreign:
        raise OutputError(
            f"Output folder {path} holds {foreign[0]!r}, which no run wrote: it is not replaced, "
            "even with --overwrite. Choose another --output."
        )


def _move_into_place(temporary, path):
    """Rename `temporary` to `path`; an old folder there is put back if that fails."""
    retired = _temporary_sibling(path)
    replaces = path.exists()
    try:
        if replaces:
            os.rename(path, retired)
        try:
            os.rename(temporary, path)
        except OSError:
            if replaces:
                os.rename(retired, path)
            raise
        _sync_folder(path.parent)
    except OSError as error:
        raise OutputError(f"Output folder {path} cannot be written: {error.strerror or error}.") from error
    shutil.rmtree(retired, ignore_errors=True)


def _temporary_sibling(path):
    return path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")


def _sync_folder(folder):
    """Make a rename durable; only POSIX can open a folder."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
