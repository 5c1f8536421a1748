"""The cluster's votes as corosync counts them (`corosync-quorumtool -s`). A QDevice that does not vote is not in the
total."""

from __future__ import annotations

import os
import re
from typing import Any

from engine.commands import run
from look import pmxcfs

CONFIGURATION = "/etc/corosync/corosync.conf"
ROW = re.compile(r"^\s*(?:0x)?[0-9a-f]+\s+(\d+)\s+(.*)$")  # id, votes, then the QDevice's flags and the name
DEVICE = re.compile(r"(?:^|\s)Qdevice\b")


def look() -> dict[str, Any]:
    """{state, text, votes?}: `skipped` where this node is in no cluster, `unknown` where corosync does not say."""
    if not os.path.exists(CONFIGURATION):
        # Of a node that has lost its copy pmxcfs knows that it has joined one.
        kept = pmxcfs.read("corosync.conf")
        if kept is None:
            return {"state": "skipped", "text": "this node is in no cluster"}
        if not kept.ok:
            return {"state": "unknown", "text": f"/etc/pve/corosync.conf: {kept.explain()}"[:2000]}
    # Exit status 0: quorate, 2: not; anything else: corosync does not answer.
    outcome = run(["corosync-quorumtool", "-s"], timeout=20)
    if outcome.code not in (0, 2):
        return {"state": "unknown", "text": f"corosync-quorumtool: {outcome.explain()}"[:2000]}
    votes = parse(outcome.output)
    if votes is None:
        return {"state": "unknown", "text": "corosync-quorumtool did not say how the votes stand"}
    return {"state": "ok", "text": "", "votes": votes}


def parse(said: str) -> dict[str, Any] | None:
    """{quorate, expected, total, quorum, own, device: none | votes | silent}, or None where one of them is not said."""
    numbers = {name: re.search(rf"^{words}:\s+(\d+)", said, re.MULTILINE) for name, words in WORDS.items()}
    quorate = re.search(r"^Quorate:\s+(Yes|No)", said, re.MULTILINE)
    found = rows(said)
    own = [votes for votes, rest in found if rest.endswith("(local)")]
    if quorate is None or len(own) != 1 or any(number is None for number in numbers.values()):
        return None
    devices = [votes for votes, rest in found if DEVICE.search(rest)]
    return {
        "quorate": quorate[1] == "Yes",
        **{name: int(number[1]) for name, number in numbers.items() if number},
        "own": own[0],
        "device": "none" if not devices else "votes" if devices[0] > 0 else "silent",
    }


def device_votes(said: str) -> int:
    """What the QDevice gives now."""
    return sum(votes for votes, rest in rows(said) if DEVICE.search(rest))


def rows(said: str) -> list[tuple[int, str]]:
    """(votes, the QDevice's flags and the name) of each member."""
    lines = said.partition("Membership information")[2].splitlines()
    return [(int(row[1]), row[2].rstrip()) for line in lines if (row := ROW.match(line))]


WORDS = {"expected": "Expected votes", "total": "Total votes", "quorum": "Quorum"}
