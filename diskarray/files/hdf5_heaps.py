"""Heaps of an HDF5 file, where text of any length is kept, looked through before HDF5 does.

A heap is a chain of objects, each of which says how long it is. Where one says that it has no length at all, HDF5's
library takes the same step for ever, so the chains are walked here first.
"""

__all__ = ["check_heaps"]

import mmap

from ..errors import DataError

_SIGNATURE = b"\x89HDF\r\n\x1a\n"
_HEAP = b"GCOL\x01\x00\x00\x00"
_HEADER = 16  # bytes, of a heap and of each object in it
_EIGHT = 8  # bytes of an address and of a length, in every file that is not very old
_PLACE_OF_SIZES = {0: 13, 1: 13, 2: 9, 3: 9}  # by the version of the superblock


def check_heaps(path):
    """Raise DataError where a heap's chain of objects does not end where the heap does, or the file is an odd one."""
    with open(path, "rb") as stream:
        start = stream.read(_HEADER)
        if not start.startswith(_SIGNATURE) or len(start) < _HEADER:
            raise DataError(f"{path} is not a readable HDF5 file: it does not begin with HDF5's signature.")
        place = _PLACE_OF_SIZES.get(start[8])
        if place is None or start[place] != _EIGHT or start[place + 1] != _EIGHT:
            raise DataError(f"{path} is not a readable HDF5 file: its superblock is damaged, or of an unusual kind.")
        with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
            found = content.find(_HEAP)
            while found >= 0:
                if not _ends(content, found):
                    raise DataError(f"{path} is not a readable HDF5 file: its heap at byte {found} is damaged.")
                found = content.find(_HEAP, found + 1)


def _ends(content, start):
    """Whether the objects of the heap at a byte follow each other to its end."""
    end = start + _number(content, start + 8)
    place = start + _HEADER
    if not place <= end <= len(content):
        return False
    while place + _HEADER <= end:
        size = _number(content, place + 8)
        if content[place : place + 2] == b"\x00\x00":  # free space, whose size counts its own header
            return size >= _HEADER and place + size <= end
        place += _HEADER + (size + 7) // 8 * 8
    return place <= end


def _number(content, place):
    return int.from_bytes(content[place : place + _EIGHT], "little")
