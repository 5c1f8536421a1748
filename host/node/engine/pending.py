"""The one change that waits for its confirmation. Until it is decided nothing else is begun on the node: what it had to wait for
could keep the revert waiting as well. Who confirms, and the timer of the revert, take the lock; whoever is first decides."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
import time
from collections.abc import Iterator
from typing import Any, Literal, NamedTuple, NotRequired, TypedDict

from engine import change, change_steps, files, lock, recovery, results
from engine.journal import Journal, Record, open_journals
from engine.refusal import Refused
from engine.step import Tell, reach, refuse_if_ending
from engine.verdict import Result

POLL = 0.2  # seconds


class Waiting(NamedTuple):
    identifier: str
    client: str
    seconds: int  # until it is reverted

    def __str__(self) -> str:
        return f"{self.client}'s change of the network (transaction {self.identifier}), which waits for its confirmation for {self.seconds} s at most"


class Answer(TypedDict):
    """`waiting`: the new network does not stand yet. `decided`: what became of it, its result says; `armed`: the
    revert's timer still runs."""

    state: Literal["waiting", "decided"]
    armed: NotRequired[bool]


def waiting() -> Waiting | None:
    for name in open_journals():
        deadline = Journal(name).confirming_until()
        if deadline is not None:
            request = change.request_of(Journal(name).read())
            return Waiting(name, request["client"] if request else "somebody", max(0, int(deadline - time.monotonic())))
    return None


def refuse_beside() -> None:
    """For what has to be confirmed itself."""
    found = waiting()
    if found:
        raise Refused("lock", f"nothing was begun beside {found}: confirm it, or try again when it is reverted", "change-pending")


@contextlib.contextmanager
def locked(holder: str, tell: Tell, is_change: bool = False) -> Iterator[None]:
    """The node's lock, when no change waits any more. A deadline that has passed without a revert is the holder's to
    see to."""
    told = False
    while True:
        with lock.locked(holder, tell):
            if is_change:
                refuse_beside()
            found = waiting()
            if found is None:
                yield
                return
        if not told:
            tell("lock", f"waiting for {found}")
            told = True
        refuse_if_ending("lock")
        time.sleep(POLL)


def confirm(identifier: str, token: str, tell: Tell) -> Answer:
    """By who started it. Raises Refused for anybody else."""
    journal = Journal(identifier)
    request = request_for(identifier, journal)
    if request is None:
        return {"state": "decided", "armed": False}
    if not hmac.compare_digest(hashlib.sha256(token.encode()).hexdigest(), request["token"]):
        raise Refused("verify", f"{request['client']} has begun this change, and only who began it can confirm it", "not-yours")
    if is_open(journal):
        if not any(line.startswith("confirming ") for line in journal.progress()[0]):
            return {"state": "waiting"}
        with lock.locked(f"{request['client']}, confirming transaction {identifier}", tell):
            if journal.confirming_until() is not None:
                decide(journal, request)
            elif is_open(journal):
                recovery.recover(tell)  # it came too late, and the timer has not had its turn yet
    elif os.path.isdir(journal.drafted):
        return {"state": "waiting"}
    result = results.read(identifier) or results.noted(identifier)
    told = result.get("change") if result else None
    if result and told and told["outcome"] == "reverted" and told.get("code") == "not-confirmed":
        told["outcome"] = "too late"
        told["text"] += "; its confirmation came after that"
        results.keep(identifier, result)
    if not is_open(journal) and change_steps.is_armed(identifier):
        change_steps.disarm(identifier)  # who decided was killed before that
    return {"state": "decided", "armed": is_open(journal) or change_steps.is_armed(identifier)}


def decide(journal: Journal, request: Record) -> None:
    """It stays. With the lock held. The journal's end is the point of no return."""
    identifier = journal.identifier
    told: Result = {"outcome": "applied", "change": change.confirmed(request)}
    reach("confirm")
    plan = results.plan_of(identifier)
    with contextlib.suppress(OSError, Refused):  # a later first push asks, that is all
        files.note_written(plan.get("files", {}))
    results.note(identifier, told)
    journal.close()
    reach("confirmed")
    change_steps.disarm(identifier)
    print(f"transaction {identifier} confirm: confirmed by {request['client']} over a new connection; the revert is disarmed", flush=True)
    results.tell(identifier, told)


def request_for(identifier: str, journal: Journal) -> Record | None:
    """Of the open journal, of its draft, or of the plan that the node still remembers."""
    for folder in (journal.folder, journal.drafted):
        with contextlib.suppress(OSError, ValueError, KeyError):
            from engine.journal import read_record

            found = change.request_of(read_record(folder))
            if found:
                return found
    kept: dict[str, Any] = results.plan_of(identifier)
    return {**kept["confirm"], "client": kept["client"]} if "confirm" in kept else None


def is_open(journal: Journal) -> bool:
    return os.path.isdir(journal.folder)


def expire(identifier: str, tell: Tell) -> None:
    """The timer's, and a person's at the console who does not want to wait for it: not confirmed, so the old network
    comes back."""
    with lock.locked(f"the revert of transaction {identifier}", tell):
        journal = Journal(identifier)
        if is_open(journal):
            if journal.confirming_until() is not None:
                journal.note("expired")
            recovery.recover(tell)
