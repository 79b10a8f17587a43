"""NPZ files without pickles: named arrays of numbers or text in, the same arrays out.

A reader takes local regular files only. Of diskarray's own files it takes only what NumPy stores uncompressed, so that
what it allocates is bounded by the size of the file; of a user's, compressed members too, whose declared sizes are
checked before anything is unpacked.
"""

__all__ = ["npz_bytes", "read_npz", "read_arrays", "arrays_from_bytes"]

import io
import math
import struct
import zipfile
import zlib
from pathlib import Path

import numpy as np

from ..errors import DataError
from .size import SIZE_CAP, refuse_size, source_bytes

KINDS = "biufcUS"
"""Kinds of NumPy types that are stored: numbers, truth values, text."""

_ENDING = ".npy"
_LONGEST_HEADER = 10_000


def npz_bytes(arrays):
    """The bytes of an NPZ file; the same arrays give the same bytes.

    Parameters
    ----------
    arrays : mapping of str to array
        Names are as of files, without slashes.

    Raises
    ------
    DataError
        For an array that only a pickle could store.
    """
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        for name, values in arrays.items():
            array = np.asarray(values)
            if array.dtype.kind not in KINDS:
                raise DataError(f"{name!r} is an array of {array.dtype}: only numbers and text are stored.")
            with archive.open(zipfile.ZipInfo(name + _ENDING), "w", force_zip64=True) as member:
                np.lib.format.write_array(member, array, allow_pickle=False)
    return stream.getvalue()


def read_npz(path):
    """The arrays of a local NPZ file as a dictionary.

    Raises
    ------
    DataError
        When there is no such file, it is damaged, or holds anything but plain arrays.
    """
    path = Path(path)
    if not path.is_file():
        raise DataError(f"{path} is not a file: give a local .npz file.")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}.") from error
    return arrays_from_bytes(content, str(path))


def read_arrays(path):
    """The arrays of a local NPZ file of any origin, compressed (``numpy.savez_compressed``) or not.

    Raises
    ------
    DataError
        As ``read_npz``; also when the file's directory claims more bytes than its own could sensibly unfold to.
    """
    size = source_bytes(path, ".npz")
    try:
        with open(path, "rb") as stream:
            content = stream.read(size + 1)
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}.") from error
    return arrays_from_bytes(content, str(path), packed=True)


def arrays_from_bytes(content, name, packed=False):
    """The arrays in the bytes of an NPZ file; ``name`` stands for it in errors. See ``read_npz``."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
            _check_members(members, len(content), name, packed)
            arrays = ((m.filename, _array_from(_content_of(archive, m), f"{name}, {m.filename}")) for m in members)
            return {filename.removesuffix(_ENDING): array for filename, array in arrays}
    except DataError:
        raise
    except (
        zipfile.BadZipFile,
        zlib.error,
        OSError,
        EOFError,
        NotImplementedError,
        RuntimeError,
        ValueError,
        struct.error,
        UnicodeError,
        OverflowError,
        KeyError,
        IndexError,
        MemoryError,
    ) as error:
        raise DataError(f"{name} is not a readable NPZ file ({' '.join(str(error).split())[:200]}).") from error


def _check_members(members, size, name, packed):
    """Before anything is read: plain, distinct members that together fit into the file, or unfold from it sensibly."""
    seen = set()
    methods = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED} if packed else {zipfile.ZIP_STORED}
    for member in members:
        if packed and (member.compress_type not in methods or member.flag_bits & 1):
            raise DataError(f"{name}: {member.filename!r} is encrypted, or packed in a way that NumPy does not write.")
        if member.compress_type not in methods or member.flag_bits & 1:
            raise DataError(f"{name}: {member.filename!r} is compressed or encrypted, which no file of diskarray is.")
        if not member.filename.endswith(_ENDING) or member.filename in seen:
            raise DataError(f"{name}: {member.filename!r} is no array, or is there twice.")
        seen.add(member.filename)
        refuse_size(f"{name}, {member.filename}", member.file_size, size)
    if packed:
        refuse_size(name, sum(member.file_size for member in members), size)
        size = SIZE_CAP
    if sum(member.file_size for member in members) > size:
        raise DataError(f"{name} claims to hold more bytes than it has.")


def _content_of(archive, member):
    """A member's bytes; asked for by number, since all of them would be unfolded before they are counted."""
    with archive.open(member) as stream:
        content = stream.read(member.file_size)
        stream.read(1)  # to the end, where the checksum is looked at
    return content


def _array_from(content, name):
    """The array in the bytes of an NPY file, whose header must tell its size to the byte."""
    stream = io.BytesIO(content)
    try:
        version = np.lib.format.read_magic(stream)
        read = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}[version]
        shape, fortran, dtype = read(stream, max_header_size=_LONGEST_HEADER)
    except (ValueError, KeyError, TypeError, SyntaxError, EOFError, struct.error, RecursionError) as error:
        raise DataError(f"{name} is no array that can be read.") from error
    if dtype.hasobject or dtype.kind not in KINDS:
        raise DataError(f"{name} holds {dtype}, not numbers or text: it is not read.")
    start = stream.tell()
    if any(not 0 <= n < 2**48 for n in shape) or math.prod(shape) * dtype.itemsize != len(content) - start:
        raise DataError(f"{name} does not have the size that its header tells.")
    flat = (
        np.frombuffer(content, dtype=dtype, count=math.prod(shape), offset=start)
        if dtype.itemsize
        else (np.zeros(math.prod(shape), dtype=dtype))
    )
    return np.array(flat.reshape(shape, order="F" if fortran else "C"))
