"""The node's guests, by Proxmox's own tools: which run, and how one is shut down or moved."""

from __future__ import annotations

import json
import os
from typing import Any

from engine.commands import run

PVESH = "/usr/bin/pvesh"
TOOLS = {"qemu": "qm", "lxc": "pct"}
SHUTDOWN = 180  # seconds that a guest gets; one that does not heed it stays on, and the node is not rebooted
MIGRATION = 3600  # seconds
LIMIT = 1 << 20  # bytes of a list


class Unknown(Exception):
    """A tool does not say what it is asked."""


def look() -> dict[str, Any]:
    """{state, text, running: [{kind, id, name}]}: `skipped` where Proxmox's tools are not installed."""
    if not os.path.exists(PVESH):
        return {"state": "skipped", "text": "Proxmox's tools are not installed here", "running": []}
    try:
        running = [guest for kind in TOOLS for guest in running_of(kind)]
    except Unknown as error:
        return {"state": "unknown", "text": str(error)[:2000], "running": []}
    return {"state": "ok", "text": "", "running": sorted(running, key=lambda guest: int(guest["id"]))}


def running_of(kind: str) -> list[dict[str, Any]]:
    return [
        {"kind": kind, "id": int(guest["vmid"]), "name": str(guest.get("name", ""))[:100]}
        for guest in ask(f"/nodes/localhost/{kind}")
        if guest.get("status") not in ("stopped", None) and not guest.get("template")
    ]


def ask(path: str) -> list[dict[str, Any]]:
    outcome = run([PVESH, "get", path, "--output-format", "json"], timeout=40, limit=LIMIT)
    if not outcome.ok:
        raise Unknown(f"pvesh get {path}: {outcome.explain()}")
    try:
        return [dict(each) for each in json.loads(outcome.output)]
    except (ValueError, TypeError) as error:
        raise Unknown(f"pvesh get {path} gave no list: {error}") from error


def part(kind: str, identity: int, how: str) -> str:
    """Shuts a guest down or moves it. Returns what became of it. Raises Unknown where it runs here still, or may."""
    tool = TOOLS[kind]
    if how == "shutdown":
        command, limit, became = [tool, "shutdown", str(identity), "--timeout", str(SHUTDOWN)], SHUTDOWN + 60, "shut down"
    else:
        target = target_for()
        online = ["--online"] if kind == "qemu" else ["--restart"]
        command, limit, became = [tool, "migrate", str(identity), target, *online], MIGRATION, f"moved to {target}"
    outcome = run(command, timeout=limit)
    if not outcome.ok:
        raise Unknown(f"{' '.join(command)}: {outcome.explain()}")
    if any(guest["id"] == identity for guest in running_of(kind)):
        raise Unknown(f"{' '.join(command)} said that it had done so, and {identity} still runs here")
    return became


def target_for() -> str:
    """The online node with the most free memory. Raises Unknown where there is none."""
    own = os.uname().nodename.partition(".")[0]
    others = [node for node in ask("/nodes") if node.get("status") == "online" and node.get("node") != own]
    if not others:
        raise Unknown("no other node of the cluster is online to take the guests")
    return str(max(others, key=lambda node: int(node.get("maxmem", 0)) - int(node.get("mem", 0)))["node"])
