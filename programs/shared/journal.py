"""Reading the journal. Everybody may write to it, under any name and at any priority: who it was, the journal itself
notes."""

import json
import subprocess
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

# Fields with `_` in front are the journal's own. The kernel has no user.
TRUSTED = ("_UID=0", "+", "_TRANSPORT=kernel")
FIELDS = "MESSAGE,SYSLOG_IDENTIFIER,PRIORITY,_UID,_TRANSPORT,_COMM"
LONGEST = 300  # characters of a line
MOST = 20_000  # kinds that are told apart; beyond, a kind that was not met yet is only counted


class Entry(NamedTuple):
    """`priority`: 0 emergency to 7 debug. `user`: None for the kernel."""

    source: str
    message: str
    priority: int
    user: int | None

    @property
    def line(self) -> str:
        return f"{self.source}: {self.message}"[:LONGEST]


class Journal:
    """`failures`: why this is not all."""

    def __init__(self, since: str, until: str) -> None:
        self.since, self.until = since, until
        self.failures: list[str] = []

    def read(self, priority: str | None, *matches: str) -> Iterator[Entry]:
        """One after the other, however many there are. `matches`: as journalctl takes them."""
        window = [f"--since={self.since}", f"--until={self.until}"]
        level = [f"--priority={priority}"] if priority else []
        shape = ["--no-pager", "--quiet", "--all", "--output=json", f"--output-fields={FIELDS}"]
        try:
            reading = subprocess.Popen(["journalctl", *shape, *window, *level, *matches], stdout=subprocess.PIPE)
        except OSError as error:
            self.failures.append(f"journalctl: {error.strerror}")
            return
        with reading:
            for line in reading.stdout or []:
                entry = parse_entry(line)
                if entry:
                    yield entry
        if reading.returncode != 0:
            self.failures.append(f"journalctl ended with status {reading.returncode}")


def parse_entry(line: bytes) -> Entry | None:
    try:
        fields = json.loads(line)
        priority = int(field_of(fields, "PRIORITY") or 6)
        user = field_of(fields, "_UID")
        message = field_of(fields, "MESSAGE").partition("\n")[0]
        kernel = fields.get("_TRANSPORT") == "kernel"
    except (ValueError, AttributeError, TypeError):
        return None
    source = field_of(fields, "SYSLOG_IDENTIFIER") or field_of(fields, "_COMM") or "unknown"
    return Entry(source, message, priority, None if kernel else int(user or -1))


def field_of(fields: dict[str, Any], name: str) -> str:
    """Text that is no UTF-8 comes as numbers, a field that stands there several times as a list."""
    value = fields.get(name)
    if isinstance(value, list) and value and isinstance(value[0], str):
        value = value[-1]
    if isinstance(value, list):
        value = bytes(value).decode("utf-8", "replace")
    return value if isinstance(value, str) else ""


class Kinds:
    """One line for what was said many times, the most frequent first."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.others = 0

    def add(self, line: str) -> None:
        if line in self.counts or len(self.counts) < MOST:
            self.counts[line] += 1
        else:
            self.others += 1

    def lines(self, most: int | None = None) -> list[str]:
        ordered = sorted(self.counts.items(), key=lambda kind: (kind[1], kind[0].encode()), reverse=True)
        shown = [f"{count}x {line}" if count > 1 else line for line, count in ordered[:most]]
        left = len(ordered) - len(shown) + self.others
        return [*shown, f"… and {left} more kinds"] if left else shown


def kinds_of(entries: Iterator[Entry], most: int | None = None) -> list[str]:
    kinds = Kinds()
    for entry in entries:
        kinds.add(entry.line)
    return kinds.lines(most)


def identified(*names: str) -> Sequence[str]:
    return [f"--identifier={name}" for name in names]
