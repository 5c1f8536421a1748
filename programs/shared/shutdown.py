"""The one shutdown that can be scheduled: of the watchdog, of a failing disk, or of an admin (systemd-logind's note of
it)."""

import re
import time
from typing import NamedTuple

from shared.files import read_text


class Scheduled(NamedTuple):
    """`due` in seconds since 1970."""

    mode: str
    due: int

    @property
    def left(self) -> int:
        """Seconds."""
        return self.due - int(time.time())


def read_scheduled(path: str) -> Scheduled | None:
    """None where nothing is scheduled, or what stands there is no note of systemd's."""
    note = read_text(path)
    mode, microseconds = (re.search(pattern, note, re.MULTILINE) for pattern in (r"^MODE=(.*)$", r"^USEC=(\d{1,18})$"))
    return Scheduled(mode.group(1) if mode else "", int(microseconds.group(1)) // 1_000_000) if microseconds else None
