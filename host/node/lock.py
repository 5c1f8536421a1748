"""The node's one lock: held by a process, so that it cannot outlive its holder; the file's text names that holder."""

import contextlib
import fcntl
import time

import durable
import refusal

LOCK = f"{durable.RUN}/lock"
REMIND = 20  # seconds between words to a client that would take silence for the end
WAIT = 300  # seconds; another transaction is bounded too


@contextlib.contextmanager
def gate():
    """Held for moments only: while the list of handed over transactions is read or changed."""
    with open(f"{durable.RUN}/start", "w", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


class locked:
    def __init__(self, holder, tell):
        self.holder, self.tell = holder, tell

    def __enter__(self):
        with refusal.translated("lock", LOCK):
            self.file = open(LOCK, "ab+", buffering=0)
        deadline = time.monotonic() + WAIT
        told = None
        while True:
            try:
                fcntl.flock(self.file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                self.file.seek(0)
                holder = self.file.read().decode().strip() or "another transaction"
                if time.monotonic() > deadline:
                    raise refusal.Refused("lock", f"still held after {WAIT} s by {holder}")
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

    def __exit__(self, *_):
        self.file.truncate(0)
        self.file.close()
