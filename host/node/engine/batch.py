"""Transactions that came together. Each is whole by itself: applied, or undone and told why. But apt runs once for all, and
systemd reads its unit files once for all, which takes longer than the rest of a small change.

A power cut undoes those that are not done yet, in any order: so none may touch a file or unit of another in its batch.
"""

import json
import re

from engine import commands, durable, lock, packages, recovery, transaction, units
from engine.refusal import Refused
from look import observe


def run(identifiers):
    """The plans are in the transactions' folders below /run/holdfast, and then the results. Returns whether all are applied."""
    transactions = [begin(identifier) for identifier in identifiers]
    for each in split(transactions):
        work(each)
    return all(each.result["outcome"] == "applied" for each in transactions)


def begin(identifier):
    folder = f"{durable.RUN}/{identifier}"
    with open(f"{folder}/plan.json", encoding="utf-8") as stream:
        plan = json.load(stream)
    events = Events(f"{folder}/events")

    def tell(phase, message):
        events.add({"phase": phase, "message": message})
        print(f"transaction {identifier} {phase}: {message}", flush=True)

    return transaction.Transaction(plan, tell)


def split(transactions):
    """Into runs of consecutive ones that have no file and no unit in common."""
    batches, claimed = [], set()
    for each in transactions:
        claims = claims_of(each.plan)
        if not batches or claims & claimed:
            batches.append([])
            claimed = set()
        batches[-1].append(each)
        claimed |= claims
    return batches


def claims_of(plan):
    """A unit's file, and a drop-in beside it, are claimed with the unit."""
    owned = (re.fullmatch(r"/.*/systemd/system/([^/]+?)(?:\.d/[^/]+)?", path) for path in plan["files"])
    return {*plan["files"], *plan.get("units", {}), *(match.group(1) for match in owned if match)}


def work(transactions):
    """Phase by phase, so that little time passes between the first commit and the last."""

    def tell(phase, message):
        for each in transactions:
            each.tell(phase, message)

    try:
        with lock.locked(holder_of(transactions), tell):
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
                each.fail(refused, durable.NOTHING)


def holder_of(transactions):
    return f"{transactions[0].plan['client']}, transaction {', '.join(each.identifier for each in transactions)}"


def prepare(transactions):
    complaints = install([each for each in transactions if each.result is None and each.plan.get("packages")])
    for each in transactions:
        each.note_folders()
    for each in transactions:
        each.prepare(complaints.get(each.identifier))


def install(transactions):
    """{id: complaint} of those whose packages could not be installed."""
    wanted = sorted({name for each in transactions for name in each.plan["packages"]})
    if not wanted:
        return {}
    for each in transactions:
        each.tell("stage", f"installing {', '.join(wanted)}")
    # All of them for the whole time: what one run has unpacked the next one may configure, and so start.
    with packages.held(sorted({unit for each in transactions for unit in each.missing_units})):
        complaint = packages.install(wanted)
        if not complaint:
            return {}
        # One of them is at fault, the others' packages may even be there by now.
        alone = {} if len(transactions) == 1 or packages.is_waiting(complaint) else {each.identifier: packages.install(each.plan["packages"]) for each in transactions}
    installed = observe.installed_packages(wanted)
    missing = [each for each in transactions if not set(each.plan["packages"]) <= set(installed)]
    return {each.identifier: alone.get(each.identifier) or complaint for each in missing}


def commit(transactions):
    for each in transactions:
        each.commit()
    stuck = [each.identifier for each in transactions if each.is_stuck]
    if stuck:  # what it left is not for systemd to read
        for each in transactions:
            each.withdraw(f"transaction {', '.join(stuck)} could not be undone, so nothing beside it goes on")


def activate(transactions):
    for each in transactions:
        each.enable()
    complaint = None
    reading = [each for each in transactions if each.result is None and each.reads_units]
    if reading:
        reading[0].tell("activate", " ".join(transaction.RELOAD))
        reloaded = commands.run(transaction.RELOAD, units.TIMEOUT)
        complaint = None if reloaded.ok else f"{' '.join(transaction.RELOAD)}: {reloaded.explain()}"
    for each in transactions:
        each.activate(complaint if each in reading else None)
        each.verify()
        each.finish()


class Events:
    """What the client is shown meanwhile, a line each. Where /run is full they end; the node's log has them all the same."""

    def __init__(self, path):
        self.path, self.is_whole = path, True

    def add(self, event):
        if not self.is_whole:
            return
        line = json.dumps(event).encode() + b"\n"
        try:
            with open(self.path, "ab", buffering=0) as stream:
                self.is_whole = stream.write(line) == len(line)
        except OSError:
            self.is_whole = False
