"""The cluster's votes as corosync counts them (`corosync-quorumtool -s`). A QDevice that does not vote is not in the
total."""

from __future__ import annotations

import os
import re
from typing import Any

from engine import safe, votes
from engine.commands import run
from look import pmxcfs

CONFIGURATION = "/etc/corosync/corosync.conf"


def look() -> dict[str, Any]:
    """{state, text, votes?}: `skipped` where this node is in no cluster, `unknown` where corosync does not say."""
    if not os.path.exists(CONFIGURATION):
        # Of a node that has lost its copy pmxcfs knows that it has joined one.
        kept = pmxcfs.read("corosync.conf")
        if kept is None:
            return {"state": "skipped", "text": "this node is in no cluster"}
        if not kept.ok:
            return {"state": "unknown", "text": f"/etc/pve/corosync.conf: {kept.explain()}"[:2000]}
        listed = kept.output
    else:
        listed = (safe.read(CONFIGURATION) or b"").decode("utf-8", "replace")
    # Exit status 0: quorate, 2: not; anything else: corosync does not answer.
    outcome = run(["corosync-quorumtool", "-s"], timeout=20)
    if outcome.code not in (0, 2):
        return {"state": "unknown", "text": f"corosync-quorumtool: {outcome.explain()}"[:2000]}
    found = parse(outcome.output)
    if found is None:
        return {"state": "unknown", "text": "corosync-quorumtool did not say how the votes stand"}
    return {"state": "ok", "text": "", "votes": {**found, "nodes": len(re.findall(r"^\s*node\s*\{", listed, re.MULTILINE))}}


def parse(said: str) -> dict[str, Any] | None:
    """{quorate, expected, total, quorum, own, device: none | votes | silent}, or None where one of them is not said."""
    numbers, quorate, devices = votes.numbers_of(said), votes.is_quorate(said), votes.of_devices(said)
    own = [count for count, rest in votes.rows(said) if rest.endswith("(local)")]
    if quorate is None or len(own) != 1 or len(numbers) < len(votes.WORDS):
        return None
    return {
        "quorate": quorate,
        **numbers,
        "own": own[0],
        "device": "none" if not devices else "votes" if devices[0] > 0 else "silent",
    }


def device_votes(said: str) -> int:
    """What the QDevice gives now."""
    return sum(votes.of_devices(said))
