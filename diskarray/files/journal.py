"""A journal of computed steps, from which an interrupted program is run again without computing anything twice.

A program that is a function of its inputs and a seed does its expensive work in steps. The journal keeps what each step
gave; the program is resumed by running it from the beginning with the recorded results, and goes on where they end, bit
by bit as if it had never stopped. The folder holds ``header.json``, which says what run this is, and
``blocks/000001.npz``, ..., each the results of the steps of some seconds. A block is written once, as a whole, and ends
with the SHA-256 digest of the previous digest and of its own bytes.
"""

__all__ = ["Journal"]

import hashlib
import io
import json
import os
import re
import time
import zipfile
from pathlib import Path

import numpy as np

from ..errors import CheckpointError, Interrupted, OutputError
from .atomic import write_bytes
from .lock import FolderLock

_VERSION = 1
_LARGEST = 2**25  # bytes of results that wait in memory at most
_BLOCK = re.compile(r"\d{6,}\.npz")
_STRAY = re.compile(r"\.(header\.json|lock|\d{6,}\.npz)\.[0-9a-f]{8}\.tmp")
_NUMBERS = "biufc"
_DIGEST = 64  # characters of a hexadecimal SHA-256


class Journal:
    """Steps that are computed once; made by ``Journal.in_memory()`` or ``Journal.open(...)``, and a context manager.

    Attributes
    ----------
    folder : Path or None
    steps : int
        Steps done so far, recorded ones included.
    replayed : int
        How many of them came from the record.
    seconds : float
        What the steps took when they were computed.
    stop_requested : str
        Why the program should stop at its next step; "" to go on.
    """

    def __init__(self, folder=None, lock=None, recorded=(), digest="", count=0, every=10.0):
        self.folder, self.every = folder, every
        self.steps, self.replayed, self.seconds, self.stop_requested = 0, 0, 0.0, ""
        self._lock, self._recorded, self._digest, self._count = lock, iter(recorded), digest, count
        self._entries, self._parts, self._waiting, self._flushed = [], [], 0, time.monotonic()

    @classmethod
    def in_memory(cls):
        """A journal without a folder: steps are computed, nothing is kept."""
        return cls()

    @classmethod
    def open(cls, folder, identity, every=10.0):
        """Begin a journal in a folder, or go on with the one there.

        Parameters
        ----------
        folder
            Made where it does not exist; nothing else may be in it.
        identity : dict
            What the run is, as strings, numbers, and lists and dictionaries of them. An existing journal must have
            the same.
        every : float
            Seconds after which the steps done meanwhile are written.

        Raises
        ------
        CheckpointError
            If what is there is damaged, in use, of another run, or no journal. Nothing is changed then.
        OutputError
            If the folder cannot be written.
        """
        folder = Path(os.path.abspath(folder))
        _check_ours(folder)
        try:
            (folder / "blocks").mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(f"{folder} cannot be made: {error.strerror or error}.") from error
        lock = FolderLock(folder)
        try:
            header = _header(identity)
            digest = hashlib.sha256(header).hexdigest()
            known = _check_header(folder / "header.json", header)
            blocks = _blocks(folder)
            if blocks and not known:
                raise CheckpointError(f"{folder} has blocks but no header.json: it is not known what run they are of.")
            _remove_strays(folder)
            if not known:
                write_bytes(folder / "header.json", header)
            last = digest
            for path in blocks:
                _, last = _content(path, last)
            return cls(folder, lock, _entries(blocks, digest), last, len(blocks), every)
        except BaseException:
            lock.release()
            raise

    def step(self, name, inputs, compute):
        """The result of a step: the recorded one, or what ``compute()`` gives.

        Parameters
        ----------
        name : str
            What is done.
        inputs : tuple of arrays, numbers or strings
            What it is done with. When a recorded step comes by, its name and inputs must be the same to the last bit.
        compute : callable
            Without arguments; returns a dict of names and arrays of numbers.

        Returns
        -------
        dict
            Names and NumPy arrays.

        Raises
        ------
        CheckpointError
            If the record is of another step.
        Interrupted
            If a stop was requested; what was done is on the disk.
        """
        self.check_stop()
        digest = _digest_of(name, inputs) if self.folder else ""
        entry = next(self._recorded, None)
        if entry is not None:
            return self._replay(entry, name, digest)
        began = time.perf_counter()
        result = {key: np.array(value) for key, value in compute().items()}
        seconds = time.perf_counter() - began
        self.steps, self.seconds = self.steps + 1, self.seconds + seconds
        if self.folder:
            self._record(name, digest, seconds, result)
        self.check_stop()
        return result

    def check_stop(self):
        """Write what waits and raise Interrupted, if a stop was requested."""
        if self.stop_requested:
            self.flush()
            raise Interrupted(f"{self.stop_requested}: what was done is kept in {self.folder}; run again to go on.")

    def flush(self):
        """Write the steps that wait in memory as one block.

        Raises
        ------
        OutputError
            If the disk refuses; the steps still wait.
        CheckpointError
            If another run took the folder over.
        """
        if not self._entries:
            return
        self._lock.keep()
        data, digest = _block(self._entries, self._parts, self._digest)
        write_bytes(self.folder / "blocks" / f"{self._count + 1:06d}.npz", data)
        self._count, self._digest = self._count + 1, digest
        self._entries, self._parts, self._waiting, self._flushed = [], [], 0, time.monotonic()

    def close(self):
        """Write what waits and give the folder free."""
        if self._lock is None:
            return
        try:
            self.flush()
        finally:
            self._recorded.close()
            self._lock.release()
            self._lock = None

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        try:
            self.close()
        except (OutputError, CheckpointError):
            if error is None:
                raise

    def _replay(self, entry, name, digest):
        path, recorded, result = entry
        if (recorded["name"], recorded["inputs"]) != (name, digest):
            raise CheckpointError(
                f"{path}: step {self.steps + 1} of this run is {name!r}, but not with the inputs that are recorded "
                f"there for {recorded['name']!r}. Another machine or other versions of the libraries can do that: "
                "finish the run where it began, or begin anew in another folder."
            )
        self.steps, self.replayed = self.steps + 1, self.replayed + 1
        self.seconds += recorded["seconds"]
        return result

    def _record(self, name, digest, seconds, result):
        arrays = []
        for key, value in result.items():
            if value.dtype.kind not in _NUMBERS:
                raise CheckpointError(f"step {name!r} gave {key!r}, which is no array of numbers but of {value.dtype}")
            little = value.dtype.newbyteorder("<")
            arrays.append([key, little.str, list(value.shape)])
            self._parts.append(value.astype(little, copy=False).tobytes())
            self._waiting += value.nbytes
        self._entries.append({"name": name, "inputs": digest, "seconds": seconds, "arrays": arrays})
        if time.monotonic() - self._flushed >= self.every or self._waiting >= _LARGEST:
            self.flush()


def _digest_of(name, inputs):
    """128 bits of the SHA-256 of a step's name and inputs."""
    digest = hashlib.sha256(name.encode())
    for value in inputs:
        array = np.ascontiguousarray(value)
        if array.dtype.kind not in _NUMBERS + "U":
            raise CheckpointError(f"an input of step {name!r} is no array of numbers but of {array.dtype}")
        digest.update(f"|{array.dtype.str}{np.shape(value)}".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()[:32]


def _check_ours(folder):
    """Raise CheckpointError if a folder exists and holds anything that no journal wrote."""
    if not os.path.lexists(folder):
        return
    if not folder.is_dir():
        raise CheckpointError(f"{folder} is not a folder: a checkpoint needs one of its own.")
    known = {"header.json", "blocks", "lock"}
    foreign = sorted(name for name in os.listdir(folder) if name not in known and not _STRAY.fullmatch(name))
    if foreign:
        raise CheckpointError(f"{folder} holds {foreign[0]!r}, which no checkpoint wrote: choose a folder of its own.")


def _blocks(folder):
    """The blocks of a journal in their order; CheckpointError where one is missing."""
    names = sorted((n for n in os.listdir(folder / "blocks") if _BLOCK.fullmatch(n)), key=lambda n: int(n[:-4]))
    for number, name in enumerate(names, start=1):
        if name != f"{number:06d}.npz":
            raise CheckpointError(f"{folder / 'blocks'}: {number:06d}.npz is missing, but there is {name}.")
    return [folder / "blocks" / name for name in names]


def _remove_strays(folder):
    """Remove what a killed run was writing."""
    for place in (folder, folder / "blocks"):
        for name in os.listdir(place):
            if _STRAY.fullmatch(name):
                (place / name).unlink(missing_ok=True)


def _header(identity):
    return (json.dumps({"diskarray_journal": _VERSION, "identity": identity}, indent=1, sort_keys=True) + "\n").encode()


def _check_header(path, header):
    """Whether there is a header; CheckpointError if it is not this one."""
    try:
        there = path.read_bytes()
    except FileNotFoundError:
        return False
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read: {error.strerror or error}.") from error
    if there == header:
        return True
    try:
        read = json.loads(there)
        other, version = read["identity"], read["diskarray_journal"]
        differing = _differences(json.loads(header)["identity"], other)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CheckpointError(f"{path} is damaged or not a checkpoint's header.") from error
    if version != _VERSION or not differing:
        raise CheckpointError(f"{path} is damaged or of another version of diskarray.")
    raise CheckpointError(
        f"{path} is of another run: {'; '.join(differing)}. Go on with the same, or choose another folder."
    )


def _differences(ours, theirs, prefix=""):
    found = []
    for key in sorted({*ours, *theirs}):
        mine, other = ours.get(key), theirs.get(key)
        if isinstance(mine, dict) and isinstance(other, dict):
            found += _differences(mine, other, f"{prefix}{key}.")
        elif mine != other:
            found.append(f"{prefix}{key} is {json.dumps(mine)}, there {json.dumps(other)}")
    return found


def _block(entries, parts, previous):
    """The bytes of a block: an NPZ file whose comment is the digest of the previous digest and of what precedes it."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        for name, content in (("index", json.dumps(entries).encode()), ("data", b"".join(parts))):
            member = io.BytesIO()
            np.lib.format.write_array(member, np.frombuffer(content, dtype=np.uint8), allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy"), member.getvalue())
        archive.comment = b"0" * _DIGEST
    data = stream.getvalue()[:-_DIGEST]
    digest = hashlib.sha256(previous.encode() + data).hexdigest()
    return data + digest.encode(), digest


def _content(path, previous):
    """The steps and the data of a block, and its digest; CheckpointError if it is not the one that was written."""
    try:
        whole = path.read_bytes()
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read: {error.strerror or error}.") from error
    digest = hashlib.sha256(previous.encode() + whole[:-_DIGEST]).hexdigest()
    if whole[-_DIGEST:] != digest.encode():
        raise CheckpointError(
            f"{path} is damaged or of another run: its digest is not the one of its content. Restore it from a copy, "
            "or remove it and the blocks after it to compute them again."
        )
    try:
        with np.load(io.BytesIO(whole), allow_pickle=False) as block:
            return (json.loads(block["index"].tobytes()), block["data"].tobytes()), digest
    except (ValueError, KeyError, OSError, zipfile.BadZipFile) as error:
        raise CheckpointError(f"{path} is not a block of a checkpoint.") from error


def _entries(blocks, digest):
    """Every recorded step in its order as (file, what it was, its result); one block is in memory at a time."""
    for path in blocks:
        (entries, data), digest = _content(path, digest)
        position = 0
        for entry in entries:
            result = {}
            for key, kind, shape in entry["arrays"]:
                dtype, count = np.dtype(kind), int(np.prod(shape, dtype=int))
                array = np.frombuffer(data, dtype, count, position).reshape(shape)
                result[key] = array.astype(dtype.newbyteorder("="))
                position += count * dtype.itemsize
            yield path, entry, result
