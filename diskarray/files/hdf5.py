"""HDF5 files read safely: named datasets of numbers, and the attributes beside them.

Every component of a name is looked at before it is followed: links to other files or other places, virtual datasets,
values kept in other files and filters that are not HDF5's own are refused, and the declared size is checked before a
byte is read. Values are native float64.
"""

__all__ = ["StoredDataset", "read_datasets", "list_datasets"]

import math
from typing import Any, NamedTuple

import numpy as np

from ..errors import DataError, MissingExtraError, nearest
from .hdf5_heaps import check_heaps
from .size import refuse_size, source_bytes

_FILTERS = {1, 2, 3}  # deflate, shuffle, Fletcher-32
_LARGEST_ATTRIBUTE = 65536  # bytes
_MOST_DATASETS = 200
_DEEPEST = 16


class StoredDataset(NamedTuple):
    """An array of native float64, the attributes beside it, and where it stands: file and name."""

    array: np.ndarray
    attributes: dict
    where: str


def read_datasets(path, names, optional=()):
    """Read named datasets of a local HDF5 file.

    Parameters
    ----------
    path
        The file.
    names : sequence of str
        Datasets, such as ``"image"`` or ``"reduced/image"``; each must be there.
    optional : sequence of str
        Datasets to read where they are there.

    Returns
    -------
    dict of str to StoredDataset
        The attributes of a dataset are those of the file, updated by its own; numbers and text only.

    Raises
    ------
    MissingExtraError
        When h5py is not installed.
    DataError
        When there is no such file or dataset, it is damaged, or it points outside itself. Names file and dataset.
    """

    def take(file, h5py, size):
        common = _attributes(file, h5py, f"{path}, attributes of the file")
        found = {}
        for name in dict.fromkeys((*names, *optional)):
            dataset = _dataset(file, name, h5py, path, needed=name in names)
            if dataset is not None:
                where = f"{path}, dataset {name!r}"
                own = _attributes(dataset, h5py, where)
                found[name] = StoredDataset(_values(dataset, h5py, where, size), {**common, **own}, where)
        return found

    return _read(path, take)


def list_datasets(path):
    """The names of the datasets of a file that can be reached without following a link."""
    return _read(path, lambda file, h5py, size: _names(file, h5py))


def _read(path, take):
    """What ``take(file, h5py, size)`` finds in an opened file; whatever HDF5 raises is a DataError."""
    h5py = _library()
    size = source_bytes(path, "HDF5 (.h5 or .hdf5)")
    try:
        check_heaps(path)
        with h5py.File(path, "r") as file:
            return take(file, h5py, size)
    except DataError:
        raise
    except Exception as error:  # HDF5's own errors come as many types
        text = " ".join(str(error).split())[:200] or type(error).__name__
        raise DataError(f"{path} is not a readable HDF5 file ({text}). Fetch or write it again.") from error


def _dataset(file, name, h5py, path, needed):
    """The dataset of a name, walked to component by component; None where an optional one is not there."""
    group, passed = file, []
    for part in [p for p in str(name).split("/") if p]:
        if not isinstance(group, h5py.Group) or part in (".", ".."):
            raise DataError(f"{path} has no dataset {name!r}: {'/'.join(passed) or part!r} is no group.")
        link = group.get(part, getlink=True)
        if link is None:
            if needed:
                raise DataError(f"{path} has no dataset {name!r}: {nearest(name, _names(file, h5py))}")
            return None
        passed.append(part)
        if type(link) is not h5py.HardLink:
            raise DataError(f"{path}: {'/'.join(passed)!r} is a link to another place or file: it is not followed.")
        group = group[part]
    if not isinstance(group, h5py.Dataset):
        raise DataError(f"{path}: {name!r} is no dataset: {nearest(name, _names(file, h5py))}")
    return group


def _names(file, h5py):
    """Names of datasets; groups that are reached twice (a circle of links) are entered once."""
    found, seen, waiting = [], set(), [("", file, 0)]
    while waiting and len(found) < _MOST_DATASETS:
        prefix, group, depth = waiting.pop(0)
        for name in group:
            if type(group.get(name, getlink=True)) is not h5py.HardLink:
                continue
            member = group[name]
            info = h5py.h5o.get_info(member.id)
            if isinstance(member, h5py.Dataset):
                found.append(prefix + name)
            elif isinstance(member, h5py.Group) and depth < _DEEPEST and info.addr not in seen:
                seen.add(info.addr)
                waiting.append((f"{prefix}{name}/", member, depth + 1))
    return found


def _values(dataset, h5py, where, file_size):
    """The values, once everything that the file says about them has been checked."""
    if dataset.external or dataset.is_virtual:
        raise DataError(f"{where} keeps its values in another place: it is not read.")
    properties = dataset.id.get_create_plist()
    filters = {properties.get_filter(k)[0] for k in range(properties.get_nfilters())}
    if not filters <= _FILTERS:
        raise DataError(f"{where} is packed by the filters {sorted(filters - _FILTERS)}: store it with gzip or none.")
    stored = _plain_type(dataset, h5py, where)
    shape = dataset.shape
    if shape is None:
        raise DataError(f"{where} holds no values.")
    count = math.prod(shape)
    kept = dataset.id.get_storage_size()
    refuse_size(where, count * max(8, stored.itemsize), file_size)
    if kept > file_size or (not filters and kept < count * stored.itemsize):
        raise DataError(
            f"{where} claims {count} values of {stored.itemsize} bytes, but {kept} bytes of the file's {file_size} "
            "are kept for them: it is damaged or was never filled."
        )
    _check_chunks(dataset, shape, where)
    return np.array(dataset[()], dtype=np.float64)


def _plain_type(dataset, h5py, where):
    """The NumPy type, which must be one of the plain numbers that computers use; damaged types look like no other."""
    stored = dataset.dtype
    if stored.kind not in "biuf" or stored.itemsize > 8 or stored.shape:
        raise DataError(f"{where} holds {stored}, not plain numbers.")
    if not dataset.id.get_type().equal(h5py.h5t.py_create(stored)):
        raise DataError(f"{where} holds numbers of an unusual or damaged type.")
    return stored


def _check_chunks(dataset, shape, where):
    """A dataset in chunks must have all of them: those that are missing would be read as zeros."""
    if dataset.chunks is None:
        return
    needed = math.prod(math.ceil(n / c) for n, c in zip(shape, dataset.chunks, strict=True))
    there = dataset.id.get_num_chunks()
    if there != needed:
        raise DataError(f"{where} has {there} of its {needed} chunks: it is damaged or was never filled.")


def _attributes(owner, h5py, where):
    """Attributes that are numbers or text, as plain floats, tuples of floats, or stripped text."""
    found = {}
    for name in owner.attrs:
        attribute = h5py.h5a.open(owner.id, name.encode("utf-8"))
        text = h5py.check_string_dtype(attribute.dtype) is not None
        if attribute.get_storage_size() > _LARGEST_ATTRIBUTE or not (text or attribute.dtype.kind in "biuf"):
            continue
        found[name] = _plain_value(owner.attrs[name], f"{where}, attribute {name!r}")
    return found


def _plain_value(value, where) -> Any:
    if isinstance(value, bytes):
        try:
            value = value.decode("utf-8")
        except UnicodeDecodeError as error:
            raise DataError(f"{where} is no UTF-8 text.") from error
    if isinstance(value, str):
        return value.strip()
    numbers = np.asarray(value)
    if numbers.dtype.kind not in "biuf":
        return str(value)
    return numbers.item() if numbers.ndim == 0 else tuple(numbers.ravel().tolist())


def _library():
    try:
        import h5py
    except ImportError as error:
        raise MissingExtraError("HDF5 files need h5py: pip install 'diskarray[sample]'") from error
    return h5py
