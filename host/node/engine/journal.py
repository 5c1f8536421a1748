"""The one record that undoing goes by. It lists a transaction's steps in order, each with all that its undo needs; rollback,
withdrawal, recovery after a kill and recovery at boot go through it backwards (undo.py).

As a draft (`.ID.draft`) nothing of it has been done yet, and what was staged is tidied away. From `seal` until `close` it stands
under its own name and is undone by whoever finds it. The two renames are the points of no return.

`journal.json` is {version, id, for?: [the transactions that an installation is for], steps: [{kind, …}]}; `progress` has a line
for each step that began. A record of version 1 is read as the steps that the earlier program took.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Sequence
from typing import Any

from engine import durable

Record = dict[str, Any]
BOOT_ID = "/proc/sys/kernel/random/boot_id"
VERSION = 2


class Journal:
    def __init__(self, identifier: str, root: str | None = None) -> None:
        self.identifier = identifier
        self.root = root or durable.JOURNAL
        self.folder = os.path.join(self.root, identifier)
        self.drafted = os.path.join(self.root, f".{identifier}.draft")

    def draft(self, steps: Sequence[Record], **more: list[str]) -> None:
        """Durable before the first thing is staged."""
        durable.discard(self.drafted)
        os.mkdir(self.drafted, 0o700)
        record = {"version": VERSION, "id": self.identifier, **more, "steps": steps}
        durable.write_new(os.path.join(self.drafted, "journal.json"), json.dumps(record).encode())
        durable.sync_folder(self.drafted)
        durable.sync_folder(self.root)

    def seal(self) -> None:
        """The copies of what stands there are durable by now: from here on a crash is undone."""
        durable.write_new(os.path.join(self.drafted, "progress"), f"{boot_id()}\n".encode())
        durable.sync_folder(self.drafted)
        os.rename(self.drafted, self.folder)
        durable.sync_folder(self.root)

    def note(self, line: str) -> None:
        """For whoever undoes after a kill. Not synced: after a power cut a step that is not noted may have been
        done."""
        with open(os.path.join(self.folder, "progress"), "ab", buffering=0) as stream:
            stream.write(f"{line}\n".encode())

    def progress(self) -> tuple[set[str], bool]:
        """The lines, and whether what is missing there has not begun: not in another boot, nor where an earlier version
        wrote."""
        noted = (durable.read_regular(os.path.join(self.folder, "progress")) or b"").decode().split("\n")
        return set(noted[1:-1]), noted[0] == boot_id()

    def confirming_until(self) -> float | None:
        """Seconds of the monotonic clock, where a step of it waits (step.py) and that time has not come: a line
        `confirming DEADLINE`."""
        lines, is_whole = self.progress()
        deadlines = [float(line.split(" ")[1]) for line in lines if line.startswith("confirming ")]
        is_waiting = is_whole and "expired" not in lines and any(time.monotonic() < deadline for deadline in deadlines)
        return max(deadlines) if is_waiting else None

    def read(self) -> Record:
        return read_record(self.folder)

    def copy(self, name: str) -> bytes | None:
        return durable.read_regular(os.path.join(self.folder, name))

    def close(self, log: Callable[[str], object] = print) -> None:
        """The transaction is over, kept or undone: nothing is left to undo. Durable on return."""
        spent = os.path.join(self.root, f".{self.identifier}.spent")
        durable.discard(spent)
        os.rename(self.folder, spent)
        durable.sync_folder(self.root)
        tidy_away(spent, log)

    def abandon(self, log: Callable[[str], object] = print) -> None:
        """Tidies a draft away: nothing was committed."""
        if os.path.isdir(self.drafted):
            tidy_away(self.drafted, log)


def open_journals() -> list[str]:
    """Identifiers of those that stand under their own names. Whatever else somebody has put into the folder is not ours."""
    if not os.path.isdir(durable.JOURNAL):
        return []
    return sorted(name for name in os.listdir(durable.JOURNAL) if not name.startswith(".") and os.path.isdir(os.path.join(durable.JOURNAL, name)))


def boot_id() -> str:
    with open(BOOT_ID, encoding="ascii") as stream:
        return stream.read().strip()


def read_record(folder: str) -> Record:
    """Steps of a journal of any version. Raises ValueError or KeyError where it is damaged."""
    with open(os.path.join(folder, "journal.json"), "rb") as stream:
        record = json.load(stream)
    if not isinstance(record, dict) or "id" not in record:
        raise ValueError("journal.json is no record of a transaction")
    if "steps" not in record:
        record["steps"] = steps_of_version_1(record)
    return record


def steps_of_version_1(record: Record) -> list[Record]:
    """{entries: [{path, old, new, mode?, uid?, gid?, attributes?, folders, mount}], units: {name: {enabled?, active?} as they
    were}, activate: [commands]}."""
    before = record.get("units", {})

    def units(key: str, was: bool) -> list[Record]:
        names = [name for name, unit in before.items() if unit.get(key) is was]
        return [{"kind": "units", "key": key, "on": not was, "names": names}] if names else []

    entries = record["entries"]
    folders = sorted({folder for entry in entries for folder in entry["folders"]})
    inactive = [name for name, unit in before.items() if unit.get("active") is False]
    return [
        *units("active", True),
        {"kind": "settle", "commands": record.get("activate", []), "inactive": inactive},
        *units("enabled", True),
        {"kind": "folders", "made": folders, "synced": sorted({os.path.dirname(entry["path"]) for entry in entries})},
        *({"kind": "file", **entry, "copy": f"{number}.previous"} for number, entry in enumerate(entries)),
        *units("enabled", False),
        *units("active", False),
    ]


def tidy_away(folder: str, log: Callable[[str], object] = print) -> None:
    """A draft or a spent journal, with the hidden names and empty folders that it lists. What it was for is decided, so
    nothing hangs on it: where it fails (a disk that is read-only by now), the next recovery tries again."""
    from engine import steps

    try:
        try:
            record = read_record(folder)
        except (FileNotFoundError, ValueError, KeyError):
            record = {"id": identifier_of(os.path.basename(folder)), "steps": []}  # cut before it was written: nothing was staged yet
        if steps.tidy(record):
            durable.discard(folder)  # else it serves the later run, which finds the names that are not there yet
    except Exception as error:
        log(f"{folder} is left for later: {error}")


def identifier_of(name: str) -> str:
    """Of the transaction whose draft or spent journal has that name."""
    return name.split(".")[1]
