"""One writer per folder: a lock file that names the process, its host and when it was last heard of.

The lock of a process that has ended is taken over: on this host at once, from another host (or where processes cannot
be looked up) when it has been silent for ten minutes by the file system's own clock.
"""

__all__ = ["FolderLock"]

import json
import os
import secrets
import socket
from contextlib import suppress
from pathlib import Path

from ..errors import CheckpointError, OutputError

SILENT = 600.0  # seconds
_held: set = set()


class FolderLock:
    """The lock of a folder, held from ``FolderLock(folder)`` until ``release()``.

    Raises
    ------
    CheckpointError
        If another process holds it.
    OutputError
        If the folder cannot be written.
    """

    def __init__(self, folder):
        self.path = Path(folder) / "lock"
        self.token = secrets.token_hex(8)
        holder = {"host": socket.gethostname(), "pid": os.getpid(), "started": _started(os.getpid())}
        self._content = json.dumps({**holder, "token": self.token}).encode()
        try:
            self._acquire()
        except OSError as error:
            raise OutputError(f"{self.path} cannot be written: {error.strerror or error}.") from error
        _held.add(self.token)

    def _acquire(self):
        temporary = self.path.with_name(f".{self.path.name}.{secrets.token_hex(4)}.tmp")
        try:
            with open(temporary, "xb") as stream:
                stream.write(self._content)
                stream.flush()
                os.fsync(stream.fileno())
            if not _linked(temporary, self.path):
                self._check_ended(now=os.stat(temporary).st_mtime)
                os.replace(temporary, self.path)
        finally:
            temporary.unlink(missing_ok=True)

    def _check_ended(self, now):
        """Raise CheckpointError unless the process that made the lock has ended."""
        remedy = f"if none writes there any more, remove {self.path}"
        try:
            record = json.loads(self.path.read_bytes())
            host, pid, started, token = (record[key] for key in ("host", "pid", "started", "token"))
            silent = now - os.stat(self.path).st_mtime
        except FileNotFoundError:
            return
        except (ValueError, KeyError, TypeError) as error:
            raise CheckpointError(
                f"{self.path} is damaged, so it is not known which run it is of; {remedy}."
            ) from error
        if host == socket.gethostname() and os.name == "posix":
            ended = token not in _held if pid == os.getpid() else _started(pid) != started
        else:
            ended = silent > SILENT
        if not ended:
            raise CheckpointError(
                f"{self.path.parent} is in use by process {pid} on {host}, and two runs cannot share it; {remedy}."
            )

    def keep(self):
        """Say that the holder is alive.

        Raises
        ------
        CheckpointError
            If the lock was taken over meanwhile.
        """
        try:
            if self.path.read_bytes() == self._content:
                os.utime(self.path)
                return
        except FileNotFoundError:
            pass
        except OSError as error:
            raise OutputError(f"{self.path} cannot be read: {error.strerror or error}.") from error
        raise CheckpointError(f"{self.path} is not this run's any more: another run took the checkpoint over.")

    def release(self):
        """Remove the lock if it is still this one."""
        _held.discard(self.token)
        with suppress(OSError):
            if self.path.read_bytes() == self._content:
                self.path.unlink()


def _linked(temporary, path):
    """Give a complete file its name unless the name is taken; False if it is."""
    try:
        os.link(temporary, path)
    except FileExistsError:
        return False
    except OSError:  # a file system without hard links
        try:
            descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644)
        except FileExistsError:
            return False
        with open(descriptor, "wb") as stream:
            stream.write(temporary.read_bytes())
    return True


def _started(pid):
    """When a process of this host started, in the system's terms; "" where that is not told, None if it has ended."""
    try:
        state, *rest = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="utf-8").strip()
        return None if state in "ZX" else f"{boot} {rest[18]}"
    except (OSError, ValueError, IndexError):
        return _signalled(pid)


def _signalled(pid):
    if os.name != "posix":
        return ""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return None
    except OSError:
        return ""
    return ""
