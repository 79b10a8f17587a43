"""NetCDF4 files: groups of variables with named dimensions, written through h5netcdf and read safely through h5py.

A reader follows no link, opens no other file, and takes only variables whose declared size the file can hold.
"""

__all__ = ["Variable", "netcdf_bytes", "read_netcdf"]

import dataclasses
import io
import math
from pathlib import Path

import numpy as np

from ..errors import DataError, MissingExtraError
from .hdf5_heaps import check_heaps

_LARGEST = 2**34  # bytes of one variable
_PACKED = 1100  # deflate makes nothing smaller than by this factor
_FILTERS = {1, 2, 3}  # deflate, shuffle, Fletcher-32: HDF5's own


@dataclasses.dataclass(frozen=True, eq=False)
class Variable:
    """An array and the names of its dimensions; truth values are written as bytes 0 and 1.

    Parameters
    ----------
    dimensions : tuple of str
    values : array
    attributes : dict of str
    """

    dimensions: tuple
    values: np.ndarray
    attributes: dict = dataclasses.field(default_factory=dict)


def netcdf_bytes(groups, attributes=None):
    """The bytes of a NetCDF4 file.

    Parameters
    ----------
    groups : mapping of str to mapping of str to Variable
        Variables of one group that share a dimension share its length. A dimension of length 0 is an unlimited one.
    attributes : dict of str, optional
        Of the file.

    Raises
    ------
    MissingExtraError
        If h5netcdf is not installed.
    DataError
        If a name or type cannot be stored.
    """
    h5netcdf, _ = _libraries()
    stream = io.BytesIO()
    try:
        with h5netcdf.File(stream, "w") as file:
            file.attrs.update(attributes or {})
            for name, variables in groups.items():
                _write_group(file.create_group(name), variables)
    except (ValueError, TypeError, KeyError, RuntimeError, UnicodeError) as error:
        raise DataError(f"the result cannot be put into NetCDF ({' '.join(str(error).split())[:200]}).") from error
    return stream.getvalue()


def _write_group(group, variables):
    lengths = {}
    for name, variable in variables.items():
        if not name.strip(".") or "/" in name or "\0" in name:
            raise DataError(f"{name!r} cannot be the name of a variable in NetCDF.")
        for dimension, length in zip(variable.dimensions, np.shape(variable.values), strict=True):
            if lengths.setdefault(dimension, length) != length:
                other = lengths[dimension]
                raise DataError(f"dimension {dimension!r} of {name!r} has length {length}, elsewhere {other}.")
    group.dimensions = {name: length or None for name, length in lengths.items()}
    for name, variable in variables.items():
        values = np.asarray(variable.values)
        truth = values.dtype == bool
        values = values.astype(np.int8) if truth else values
        target = group.create_variable(name, variable.dimensions, dtype=values.dtype)
        if values.size:
            target[...] = values
        target.attrs.update({**variable.attributes, **({"dtype": "bool"} if truth else {})})


def read_netcdf(path):
    """The numeric variables of every group of a local NetCDF4 file.

    Returns
    -------
    dict of str to dict of str to array
        Group -> name -> values, as stored.

    Raises
    ------
    MissingExtraError
        If h5py is not installed.
    DataError
        When there is no such file, it is damaged, or it points outside itself.
    """
    _, h5py = _libraries()
    path = Path(path)
    if not path.is_file():
        raise DataError(f"{path} is not a file: give a local .nc file.")
    try:
        check_heaps(path)
        with h5py.File(path, "r") as file:
            groups = {name: member for name, member in _members(file, h5py, path) if _is_group(member, h5py)}
            return {name: _read_group(group, h5py, path) for name, group in groups.items()}
    except (OSError, KeyError, ValueError, TypeError, RuntimeError, OverflowError, MemoryError, UnicodeError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"{path} is not a readable NetCDF4 file ({' '.join(str(error).split())[:200]}).") from error


def _is_group(member, h5py):
    return isinstance(member, h5py.Group)


def _members(group, h5py, path):
    """The direct members of a group; a link to somewhere else is refused before it is followed."""
    for name in group:
        if not isinstance(group.get(name, getlink=True), h5py.HardLink):
            raise DataError(f"{path}: {name!r} is a link, which no file of diskarray holds: it is not followed.")
        yield name, group[name]


def _read_group(group, h5py, path):
    variables = {}
    for name, member in _members(group, h5py, path):
        if not _is_group(member, h5py) and member.dtype.kind in "biuf":
            variables[name] = _values(member, f"{path}, {group.name}/{name}", path.stat().st_size)
    return variables


def _values(dataset, where, file_size):
    properties = dataset.id.get_create_plist()
    if dataset.external or dataset.is_virtual:
        raise DataError(f"{where} keeps its values in another file: it is not read.")
    filters = {properties.get_filter(k)[0] for k in range(properties.get_nfilters())}
    size = math.prod(dataset.shape or ()) * dataset.dtype.itemsize
    if not filters <= _FILTERS or size > min(_LARGEST, file_size * (_PACKED if filters else 1)):
        raise DataError(f"{where} claims {size} bytes, more than can be read here, or is packed in an unknown way.")
    return np.asarray(dataset[()])


def _libraries():
    try:
        import h5netcdf
        import h5py
    except ImportError as error:
        raise MissingExtraError("NetCDF files need h5netcdf and h5py: pip install 'diskarray[diag]'") from error
    return h5netcdf, h5py
