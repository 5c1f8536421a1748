"""What a killed transaction left: undone by whoever takes the lock next. After a power cut the boot unit does it
(boot.py)."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection
from typing import NamedTuple

from engine import durable, journal, packages, results, safe, undo, verdict
from engine.journal import Journal, Record
from engine.lock import LOCK
from engine.refusal import Refused
from engine.step import Tell, Work, reach
from engine.verdict import Undone, Verdict


class Found(NamedTuple):
    """A journal that was found open, and what became of it. `identifiers`: the transactions it is about."""

    journal: Journal
    identifiers: list[str]
    record: Record
    undone: Undone
    verdicts: list[Verdict]
    is_draft: bool = False
    fault: str | None = None  # why it cannot be undone
    expired: bool = False  # it waited for a confirmation, and none came


def recover(tell: Tell, own: Collection[str] = ()) -> dict[str, str]:
    """Undoes what a killed transaction left, lets the node see the old files again, and keeps a result for each of those
    but `own`, which are about to be done. Only then is its journal closed. Returns {id: why its journal could not be undone}.
    Call it with the lock held."""
    packages.release_leftovers()

    def log(message: str) -> None:
        tell("lock", message)

    found = undo_all(log, is_boot=False)
    for each in found:
        heard = [identifier for identifier in each.identifiers if identifier not in own and not results.has(identifier)]
        for identifier in heard:
            results.note(identifier, results.early_end(each.undone, each.record, each.expired))
        conclude(each, log)
        for identifier in heard:
            results.tell(identifier, results.early_end(each.undone, each.record, each.expired))
    return {each.journal.identifier: each.fault for each in found if each.fault}


def undo_all(log: Callable[[str], object], is_boot: bool) -> list[Found]:
    """Every open journal, whatever stands in one of them. Safe to be interrupted and run again. `conclude` each of
    them."""
    found = []
    for name in sorted(os.listdir(durable.JOURNAL)) if os.path.isdir(durable.JOURNAL) else []:
        folder = os.path.join(durable.JOURNAL, name)
        if not os.path.isdir(folder):
            continue  # not ours
        if name.startswith("."):
            if name.endswith(".draft"):  # a spent one is already decided
                identifier = journal.identifier_of(name)
                record = draft_record(folder, identifier)
                found.append(Found(Journal(identifier), record.get("for", [identifier]), record, verdict.NOTHING, [], is_draft=True))
            else:
                journal.tidy_away(folder, log)
            continue
        if is_boot or Journal(name).confirming_until() is None:
            found.append(undo_one(Journal(name), log, is_boot))
    return found


def draft_record(folder: str, identifier: str) -> Record:
    try:
        return journal.read_record(folder)
    except (OSError, ValueError, KeyError):
        return {"id": identifier, "steps": []}


def undo_one(open_journal: Journal, log: Callable[[str], object], is_boot: bool) -> Found:
    work = Work(open_journal, lambda _, message: log(f"recover: transaction {open_journal.identifier}: {message}"))
    work.is_boot, expired = is_boot, False
    try:
        record = open_journal.read()
        undo.resume(work)
        expired = any(line.startswith("confirming ") for line in open_journal.progress()[0])
        verdicts = undo.undo(record, work)
    except Exception as error:
        record, verdicts = {"id": open_journal.identifier, "steps": []}, [verdict.bad(verdict.UNDO_FAILED, str(error), open_journal.folder)]
    for each in verdicts:
        work.tell("rollback", each["text"])
    faults = [each["text"] for each in verdicts if each["code"] == verdict.UNDO_FAILED]
    fault = None
    if faults:
        fault = f"{open_journal.folder} cannot be undone ({'; '.join(faults)}): compare its *.previous files with what its journal.json lists, then remove the folder"
        log(f"recover: {fault}")
        verdicts = [each for each in verdicts if each["code"] != verdict.UNDO_FAILED] + [verdict.bad(verdict.UNDO_FAILED, fault, open_journal.folder)]
    # An installation changes nothing of the transactions that it is for.
    undone = verdict.NOTHING if "for" in record else verdict.undone_by(verdicts)
    return Found(open_journal, list(record.get("for", [open_journal.identifier])), record, undone, verdicts, fault=fault, expired=expired)


def conclude(found: Found, log: Callable[[str], object]) -> None:
    """Last of all: who is cut off before is undone by the next, and undoing twice does no harm."""
    reach(f"close {found.journal.identifier}")
    if found.is_draft:
        found.journal.abandon(log)
    elif not verdict.stays_open(found.verdicts):
        found.journal.close(log)


def recover_or_refuse(tell: Tell, own: Collection[str] = ()) -> None:
    """Nothing is done beside a journal that cannot be undone."""
    faults = recover(tell, own)
    if faults:
        raise Refused("lock", "; ".join(faults.values()), "journal-damaged")


def is_needed() -> bool:
    return os.path.isdir(durable.JOURNAL) and bool(os.listdir(durable.JOURNAL))


def settle_first(tell: Tell, is_change: bool = False) -> None:
    """Before a look that a push is decided by: what is under way may yet be undone, and what was killed is undone now.
    `is_change`: something of it will have to be confirmed, and only one such change waits at a time."""
    if not is_needed() and not os.path.exists(LOCK):
        return
    from engine import pending  # at a boot nobody asks for it

    safe.make_folder(durable.RUN)
    with pending.locked("a look before a push", tell, is_change):
        recover_or_refuse(tell)
