"""The node's one lock: held by a process, so that it cannot outlive its holder; the file's text names that holder."""

from __future__ import annotations

import contextlib
import fcntl
import io
import time
from collections.abc import Iterator

from engine import durable, refusal, safe
from engine.step import Tell, refuse_if_ending

LOCK, GATE = f"{durable.RUN}/lock", f"{durable.RUN}/start"
REMIND = 20  # seconds between words to a client that would take silence for the end
WAIT = 1600  # seconds: another transaction's apt may take most of it
GATE_WAIT = 60  # seconds


@contextlib.contextmanager
def gate() -> Iterator[None]:
    """Held for moments only: while the list of handed over transactions is read or changed."""
    with own_file(GATE) as file:
        deadline = time.monotonic() + GATE_WAIT
        while not taken(file):
            if time.monotonic() > deadline:
                raise refusal.Refused("lock", f"{GATE} is still held after {GATE_WAIT} s: `fuser -v {GATE}` on the node says by whom", "lock-held")
            time.sleep(0.005)
        yield


def own_file(path: str) -> io.FileIO:
    """Root's alone, see safe.open_own."""
    return io.FileIO(safe.open_own(path), "ab+")


def taken(file: io.FileIO) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    except BlockingIOError:
        return False


class locked:
    def __init__(self, holder: str, tell: Tell) -> None:
        self.holder, self.tell = holder, tell

    def __enter__(self) -> None:
        with refusal.translated("lock", LOCK):
            self.file = own_file(LOCK)
        deadline = time.monotonic() + WAIT
        told: float | None = None
        while not taken(self.file):
            refuse_if_ending("lock")
            self.file.seek(0)
            holder = self.file.read().decode().strip() or "another transaction"
            if time.monotonic() > deadline:
                said = f"still held after {WAIT} s by {holder}: see what it does with `journalctl -t holdfast -f` on the node, and try again when it has ended"
                raise refusal.Refused("lock", said, "lock-held")
            if told is None or time.monotonic() - told > REMIND:
                self.tell("lock", f"waiting for {holder}")
                told = time.monotonic()
            time.sleep(0.02)
        try:
            with refusal.translated("lock", LOCK):
                self.file.truncate(0)
                self.file.write(f"{self.holder}\n".encode())
        except refusal.Refused:
            self.file.close()  # the runner lives on, and would hold it
            raise

    def __exit__(self, *_: object) -> None:
        self.file.truncate(0)
        self.file.close()
