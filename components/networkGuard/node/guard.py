"""What the network guard says of this node. It is asked itself: one grammar judges what is told, refused and
reported."""

import hashlib
import json
import os

from engine import commands
from look.verdict import Verdict, skipped, unknown

GUARD = "/etc/holdfast/network-guard"
RECORD = "/etc/holdfast/proven/record.json"
ADDONS = "/etc/network/ifupdown2/addons.conf"


def files() -> str | Verdict:
    told = commands.run([GUARD, "check"], timeout=20)
    if told.code == 0:
        return "sound"
    return told.output.strip().partition("\n")[0] if told.code == 1 and told.output.strip() else silent(told.explain())


def put_back() -> str | Verdict:
    told = commands.run([GUARD, "status"], timeout=20)
    if not told.ok:
        return silent(told.explain())
    return "none" if told.output.strip() == "nothing was put back" else told.output.strip()


def silent(why: str) -> Verdict:
    return unknown("guard-silent", f"unknown: {why}")


def proven() -> str:
    """Whether the files that stand there are those that the network was proven with."""
    try:
        with open(RECORD, encoding="utf-8") as stream:
            record = json.load(stream)
    except (OSError, ValueError):
        return "none yet: the next boot proves them"
    changed = [path for path, digest in record["files"].items() if digest_of(path) != digest]
    if changed:
        return f"{', '.join(sorted(changed))} changed since: the next boot watches itself"
    return "by a boot" if record["how"] == "boot" else "by the running network"


def digest_of(path: str) -> str:
    try:
        with open(path, "rb") as stream:
            return hashlib.sha256(stream.read()).hexdigest()
    except OSError:
        return "absent"


def ifreload() -> str | Verdict:
    """Whether ifupdown2 loads the guard's module, which its own list has to name."""
    if not os.path.exists(ADDONS):
        return skipped("no-ifupdown2", "this node has classic ifupdown, which knows no ifreload")
    with open(ADDONS, encoding="utf-8", errors="replace") as stream:
        named = any(line.strip().split(",")[1:] == ["vxrd"] for line in stream)
    return "refuses damaged files" if named else f"not guarded: {ADDONS} names no module vxrd"
