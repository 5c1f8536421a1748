"""Writes of Holdfast's own that survive a power cut. Files of the node's are written by way of safe.py."""

from __future__ import annotations

import hashlib
import os
import stat

from engine import safe

JOURNAL = "/etc/holdfast/journal"
RESULTS = "/var/lib/holdfast/results"
RUN = "/run/holdfast"


def sync_folder(path: str) -> None:
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def write_new(path: str, data: bytes, mode: int = 0o600) -> None:
    """Creates `path` and makes its bytes durable. The name is not yet: sync the folder."""
    folder = os.open(os.path.dirname(path), safe.FOLDER)
    try:
        safe.write_at(folder, os.path.basename(path), data, mode, os.geteuid(), os.getegid())
    except OSError as error:
        raise OSError(error.errno, error.strerror, path) from error
    finally:
        os.close(folder)


def replace(path: str, data: bytes, mode: int = 0o600) -> None:
    """Replaces a file of Holdfast's own, whole or not at all."""
    temporary = f"{path}.{os.getpid()}.tmp"
    remove(temporary)
    write_new(temporary, data, mode)
    os.rename(temporary, path)
    sync_folder(os.path.dirname(path))


def remove(path: str) -> None:
    """A name that cannot be there (too long, below a file, on a disk that is read-only by now) is not there."""
    try:
        if os.path.lexists(path):
            os.unlink(path)
    except FileNotFoundError:
        pass


def read_regular(path: str) -> bytes | None:
    """Content of a regular file, None where nothing is. Never follows a link in the last component, never blocks."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    with os.fdopen(fd, "rb") as stream:
        if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            raise OSError(f"{path} is not a regular file")
        return stream.read()


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def discard(folder: str) -> None:
    """Removes a flat folder of ours, whatever part of it is left."""
    try:
        names = os.listdir(folder)
    except FileNotFoundError:
        return
    for name in names:
        remove(os.path.join(folder, name))
    os.rmdir(folder)
