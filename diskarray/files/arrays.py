"""One array out of a FITS, HDF5 or NPZ file, whichever it is by its first bytes."""

__all__ = ["read_any_array"]

import numpy as np

from ..errors import DataError, nearest
from .fits import plane_of, read_cube
from .hdf5 import list_datasets, read_datasets
from .npz import read_arrays
from .size import source_bytes

_HDF5, _ZIP = b"\x89HDF\r\n\x1a\n", b"PK"


def read_any_array(path, extension=None, plane=None, axes=2):
    """Read an image, such as a PSF's kernel or a mask, from any of the files that data come in.

    Parameters
    ----------
    path
        A local file.
    extension : str or int, optional
        HDU of a FITS file (default the first image), dataset of an HDF5 file or array of an NPZ file (default the only
        one).
    plane : int or tuple of int, optional
        Plane of a cube, 0-based.
    axes : {2, 3}
        3 returns all planes.

    Returns
    -------
    array : array of float64
    where : str
        File and place, as errors name them.
    """
    source_bytes(path, "FITS, HDF5 or NPZ")
    try:
        with open(path, "rb") as stream:
            beginning = stream.read(len(_HDF5))
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}.") from error
    if beginning == _HDF5:
        name = _named(extension, list_datasets, path)
        (found,) = read_datasets(path, [name]).values()
        array, where = found.array, found.where
    elif beginning.startswith(_ZIP):
        arrays = read_arrays(path)
        name = _named(extension, lambda path: list(arrays), path)
        where = f"{path}, array {name!r}"
        if name not in arrays or arrays[name].dtype.kind not in "biuf":
            raise DataError(f"{path} has no array {name!r} of numbers: {nearest(name, arrays)}")
        array = np.array(arrays[name], dtype=np.float64)
    else:
        array, header = read_cube(path, extension)
        where = header.where
    return (array if axes == 3 else plane_of(array, plane, where)), where


def _named(extension, names, path):
    if extension is not None:
        return str(extension)
    known = names(path)
    if len(known) != 1:
        raise DataError(f"{path} holds {len(known)} arrays: give extension=, one of {', '.join(known) or 'none'}.")
    return known[0]
