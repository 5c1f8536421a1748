"""What Holdfast itself is doing on the node: a look in the middle of it sees work half done, and nobody's edit."""

import fcntl
import os
from typing import TypedDict

from engine import durable, lock
from engine.journal import Journal, open_journals


class Busy(TypedDict):
    state: str  # "running", or "left open": a transaction that nothing works on any more
    by: str  # user@workstation where it runs, else the transaction's id
    since: int  # seconds since 1970, by the node's clock


def busy() -> Busy | None:
    """None where all is quiet, or where only root could tell."""
    return running() or left_open()


def running() -> Busy | None:
    try:
        fd = os.open(lock.LOCK, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return None  # never locked since the boot, or not ours to read
    try:
        # Shared, and given back at once: two looks are in nobody's way, and a transaction that meets one tries again.
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return None
    except BlockingIOError:
        holder = os.read(fd, 200).decode("utf-8", "replace").strip()
        return {"state": "running", "by": holder or "another transaction", "since": int(os.fstat(fd).st_mtime)}
    finally:
        os.close(fd)


def left_open() -> Busy | None:
    try:
        names = open_journals()
        for name in names:
            if Journal(name).confirming_until() is not None:
                return {"state": "running", "by": f"transaction {name}, which waits for its confirmation", "since": int(os.lstat(f"{durable.JOURNAL}/{name}").st_mtime)}
        if names:
            since = int(os.lstat(f"{durable.JOURNAL}/{names[0]}").st_mtime)
            return {"state": "left open", "by": names[0], "since": since}
    except OSError:
        pass  # no journal yet, or it has been settled this very moment
    return None
