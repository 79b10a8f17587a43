"""Results on disk, whole or not at all: JSON for reading, NPZ and NetCDF for an exact return; nothing is pickled."""

__all__ = ["save_result", "read_archive", "SUFFIXES"]

import hashlib
import json
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np

from ..errors import DataError, OutputError
from ..files.atomic import output_folder, write_bytes
from ..files.netcdf import Variable, netcdf_bytes, read_netcdf
from ..files.npz import arrays_from_bytes, npz_bytes, read_npz
from .encoding import Encoder
from .groups import ARCHIVE_GROUP, ARCHIVE_VARIABLE, arrays_of_groups, grouped_keys, groups_of
from .summary import summary_of

SUFFIXES = (".json", ".npz", ".nc")
FOLDER_FILES = ("result.npz", "summary.json")
_FORMAT = 1
_HEADER = "header"
_LIBRARIES = ("diskarray", "numpy", "scipy", "jax", "emcee", "dynesty", "numpyro")


def save_result(result, path, *, data=None, overwrite=False):
    """Write a result; ``load_result`` returns it exactly from all but a .json.

    Parameters
    ----------
    result : SampleResult or OptimizeResult
    path
        A .json (what a reader wants to know, as text), an .npz, an .nc (SampleResult only; groups as ArviZ reads them),
        or a folder to be made with ``result.npz`` and ``summary.json``.
    data : Imaging or mapping of str to Imaging, optional
        Put into the observed_data and constant_data of an .nc.
    overwrite : bool
        Whether what is there may be replaced.

    Returns
    -------
    Path

    Raises
    ------
    OutputError
        If it exists and ``overwrite`` is False, the ending is unknown, or the disk refuses.
    MissingExtraError
        If an .nc is asked for without h5netcdf.
    """
    path = Path(path)
    if path.suffix == "":
        with output_folder(path, FOLDER_FILES, overwrite=overwrite) as folder:
            write_bytes(folder / "result.npz", _npz(result))
            write_bytes(folder / "summary.json", _summary(result))
        return path
    makers = {".json": _summary, ".npz": _npz, ".nc": lambda result: _netcdf(result, data)}
    if path.suffix not in makers:
        raise OutputError(f"{path}: a result is written as {', '.join(SUFFIXES)} or a folder without an ending.")
    write_bytes(path, makers[path.suffix](result), overwrite=overwrite)
    return path


def read_archive(path):
    """Header and arrays of a stored result.

    Parameters
    ----------
    path
        An .npz, an .nc, or the folder that ``save_result`` made.

    Returns
    -------
    header : dict
        "result" is the encoded result, "versions" what wrote it.
    arrays : dict of str to array

    Raises
    ------
    DataError
        If it is no stored result, is damaged or was changed.
    MissingExtraError
        If an .nc is read without h5py.
    """
    path = Path(path)
    if path.is_dir():
        path = path / "result.npz"
    if path.suffix == ".json":
        raise DataError(f"{path} is a summary without the draws: load the .npz or .nc that was saved of the result.")
    if path.suffix == ".nc":
        groups = read_netcdf(path)
        packed = groups.get(ARCHIVE_GROUP, {}).get(ARCHIVE_VARIABLE)
        if packed is None or packed.dtype != np.uint8:
            raise DataError(f"{path} is a NetCDF file, but no result of diskarray.")
        arrays = arrays_from_bytes(packed.tobytes(), str(path))
        header = _header(arrays, path)
        try:
            arrays |= arrays_of_groups(header["result"], groups)
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise DataError(f"{path}: a variable of the result is missing or was changed ({error}).") from error
    else:
        arrays = read_npz(path)
        header = _header(arrays, path)
    if header["sha256"] != _digest(header, arrays):
        raise DataError(f"{path} is damaged or was changed: its digest is not the one of its content.")
    return header, arrays


def _packed(result):
    """Header and arrays of a result."""
    encoder = Encoder()
    encoded = encoder.encode(result, "")
    header = {"diskarray_result": _FORMAT, "versions": _versions(), "result": encoded}
    header["sha256"] = _digest(header, encoder.arrays)
    return header, encoder.arrays


def _npz(result):
    header, arrays = _packed(result)
    return npz_bytes({_HEADER: _text_array(header), **arrays})


def _netcdf(result, data):
    if not hasattr(result, "samples"):
        raise OutputError(f"a {type(result).__name__} has no draws to put into NetCDF: save it as .npz or .json.")
    header, arrays = _packed(result)
    grouped = set(grouped_keys(header["result"]))
    rest = {name: array for name, array in arrays.items() if name not in grouped}
    packed = np.frombuffer(npz_bytes({_HEADER: _text_array(header), **rest}), dtype=np.uint8)
    groups = groups_of(result, header["result"], arrays, data)
    groups[ARCHIVE_GROUP][ARCHIVE_VARIABLE] = Variable(("byte",), packed)
    about = {"inference_library": result.engine, "creation_library": "diskarray", "status": result.status}
    return netcdf_bytes(groups, about)


def _summary(result):
    return (json.dumps({**summary_of(result), "versions": _versions()}, indent=2, allow_nan=False) + "\n").encode()


def _text_array(header):
    return np.frombuffer(json.dumps(header, allow_nan=False).encode("ascii"), dtype=np.uint8)


def _header(arrays, path):
    try:
        header = json.loads(arrays.pop(_HEADER).tobytes().decode("ascii"))
        known = header["diskarray_result"], header["result"], header["sha256"]
    except (KeyError, ValueError, TypeError, RecursionError) as error:
        raise DataError(f"{path} is no result of diskarray, or is damaged.") from error
    if known[0] != _FORMAT:
        raise DataError(f"{path} is of format {known[0]!r}; this version of diskarray reads {_FORMAT}.")
    return header


def _digest(header, arrays):
    """SHA-256 of the header, less its digest, and of every array."""
    content = {k: v for k, v in header.items() if k != "sha256"}
    digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode())
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        digest.update(f"|{name}|{array.dtype.str}|{array.shape}|".encode("utf-8", "surrogatepass"))
        digest.update(array.tobytes())
    return digest.hexdigest()


def _versions():
    found = {}
    for name in _LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
