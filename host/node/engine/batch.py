"""Transactions that came together. Each is whole by itself: applied, or undone and told why. But apt runs once for all, and
systemd reads its unit files once for all, which takes longer than the rest of a small change.

A power cut undoes those that are not done yet, in any order: so none may touch a file or unit of another in its batch.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from engine import commands, durable, lock, packages, pending, recovery, units, verdict
from engine.refusal import Refused
from engine.step import Tell, refuse_if_ending
from engine.transaction import Transaction
from engine.unit_steps import RELOAD
from look import observe


def run(identifiers: Sequence[str]) -> bool:
    """The plans are in the transactions' folders below /run/holdfast, and then the results. Returns whether all are
    applied."""
    transactions = [begin(identifier) for identifier in identifiers]
    for each in split(transactions):
        work(each)
    return all(each.is_confirming or (each.result is not None and each.result["outcome"] == "applied") for each in transactions)


def begin(identifier: str) -> Transaction:
    folder = f"{durable.RUN}/{identifier}"
    with open(f"{folder}/plan.json", encoding="utf-8") as stream:
        plan = json.load(stream)
    events = Events(f"{folder}/events")

    def tell(phase: str, message: str) -> None:
        events.add({"phase": phase, "message": message})
        print(f"transaction {identifier} {phase}: {message}", flush=True)

    return Transaction(plan, tell)


def split(transactions: Sequence[Transaction]) -> list[list[Transaction]]:
    """Into runs of consecutive ones that have no file and no unit in common. What has to be confirmed goes by itself: what
    comes after it waits for that."""
    batches: list[list[Transaction]] = []
    claimed: set[str] = set()
    is_alone = False
    for each in transactions:
        claims = claims_of(each.plan)
        if not batches or claims & claimed or is_alone or each.has_to_be_confirmed:
            batches.append([])
            claimed = set()
        is_alone = each.has_to_be_confirmed
        batches[-1].append(each)
        claimed |= claims
    return batches


def claims_of(plan: dict[str, Any]) -> set[str]:
    """A unit's file, and a drop-in beside it, are claimed with the unit."""
    owned = (re.fullmatch(r"/.*/systemd/system/([^/]+?)(?:\.d/[^/]+)?", path) for path in plan["files"])
    return {*plan["files"], *plan.get("units", {}), *(match.group(1) for match in owned if match)}


def work(transactions: Sequence[Transaction]) -> None:
    """Phase by phase, so that little time passes between the first commit and the last."""

    def tell(phase: str, message: str) -> None:
        for each in transactions:
            each.tell(phase, message)

    try:
        with pending.locked(holder_of(transactions), tell, any(each.has_to_be_confirmed for each in transactions)):
            recovery.recover_or_refuse(tell, own={each.identifier for each in transactions})
            seen = observe.observe_units([name for each in transactions for name in each.plan.get("units", {})])
            for each in transactions:
                each.observe(seen)
            prepare(transactions)
            commit(transactions)
            activate(transactions)
    except Refused as refused:  # the lock; anything unforeseen goes on to runner.after, which undoes it
        for each in transactions:
            if each.result is None:
                each.fail(refused, verdict.NOTHING)


def holder_of(transactions: Sequence[Transaction]) -> str:
    return f"{transactions[0].plan['client']}, transaction {', '.join(each.identifier for each in transactions)}"


def prepare(transactions: Sequence[Transaction]) -> None:
    complaints = install([each for each in transactions if each.result is None and each.plan.get("packages")])
    for each in transactions:
        each.note_folders()
    for each in transactions:
        each.prepare(complaints.get(each.identifier))


def install(transactions: Sequence[Transaction]) -> dict[str, Refused]:
    """{id: complaint} of those whose packages could not be installed."""
    wanted = sorted({name for each in transactions for name in each.plan["packages"]})
    if not wanted:
        return {}
    for each in transactions:
        each.tell("stage", f"installing {', '.join(wanted)}")
    refuse_if_ending("stage")
    planned = sorted({unit for each in transactions for unit in each.plan.get("units", {})})
    # All of them for the whole time: what one run has unpacked the next one may configure, and so start.
    with packages.held(observe.missing_units(planned), wanted, [each.identifier for each in transactions], transactions[0].tell):
        complaint = packages.install(wanted)
        if not complaint:
            return {}
        # One of them is at fault, the others' packages may even be there by now.
        is_common = len(transactions) == 1 or complaint.code == "package-locked"
        alone = {} if is_common else {each.identifier: packages.install(each.plan["packages"]) for each in transactions}
    installed = observe.installed_packages(wanted)
    missing = [each for each in transactions if not set(each.plan["packages"]) <= set(installed)]
    return {each.identifier: alone.get(each.identifier) or complaint for each in missing}


def commit(transactions: Sequence[Transaction]) -> None:
    for each in transactions:
        each.commit()
    stuck = [each.identifier for each in transactions if each.is_stuck]
    if stuck:  # what it left is not for systemd to read
        for each in transactions:
            each.withdraw(f"transaction {', '.join(stuck)} could not be undone, so nothing beside it goes on")


def activate(transactions: Sequence[Transaction]) -> None:
    for each in transactions:
        each.enable()
    reload = Reload()
    for each in transactions:
        each.activate(reload)
        each.verify()
        each.finish()


class Reload:
    """Of systemd's unit files, once for all: by the time of the first, all have enabled what the next boot starts."""

    def __init__(self) -> None:
        self.outcome: commands.Outcome | None = None

    def __call__(self, tell: Tell) -> str | None:
        if self.outcome is None:
            tell("activate", " ".join(RELOAD))
            self.outcome = commands.run(RELOAD, units.TIMEOUT)
        return None if self.outcome.ok else self.outcome.explain()


class Events:
    """What the client is shown meanwhile, a line each. Where /run is full they end; the node's log has them all the
    same."""

    def __init__(self, path: str) -> None:
        self.path, self.is_whole = path, True

    def add(self, event: dict[str, str]) -> None:
        if not self.is_whole:
            return
        line = json.dumps(event).encode() + b"\n"
        try:
            with lock.own_file(self.path) as stream:
                self.is_whole = stream.write(line) == len(line)
        except OSError:
            self.is_whole = False
