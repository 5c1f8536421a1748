"""The cluster's votes as corosync counts them (`corosync-quorumtool -s`). A QDevice that does not vote is not in the
total."""

from __future__ import annotations

import os
import re
from typing import Any

from engine.commands import run

CONFIGURATIONS = ("/etc/corosync/corosync.conf", "/etc/pve/corosync.conf")
ROW = re.compile(r"^\s*(?:0x)?[0-9a-f]+\s+(\d+)\s+(.*)$")  # id, votes, then the QDevice's flags and the name


def look() -> dict[str, Any]:
    """{state, text, votes?}: `skipped` where this node is in no cluster, `unknown` where corosync does not say."""
    if not any(os.path.exists(path) for path in CONFIGURATIONS):
        return {"state": "skipped", "text": "this node is in no cluster"}
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
    rows = [found for line in said.partition("Membership information")[2].splitlines() if (found := ROW.match(line))]
    own = [int(row[1]) for row in rows if row[2].rstrip().endswith("(local)")]
    if quorate is None or len(own) != 1 or any(found is None for found in numbers.values()):
        return None
    devices = [int(row[1]) for row in rows if re.search(r"(?:^|\s)Qdevice\b", row[2])]
    return {
        "quorate": quorate[1] == "Yes",
        **{name: int(found[1]) for name, found in numbers.items() if found},
        "own": own[0],
        "device": "none" if not devices else "votes" if devices[0] > 0 else "silent",
    }


WORDS = {"expected": "Expected votes", "total": "Total votes", "quorum": "Quorum"}
