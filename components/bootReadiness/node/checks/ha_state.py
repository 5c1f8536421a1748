"""Proxmox's HA does not watch over this node's guests, or has given one up: it is not started after the boot."""

import json
import time
from typing import Any

from look.verdict import Verdict, bad, passed, skipped, unknown

from ..machine import Machine, NoPmxcfs

GROUP = "cluster"
CODES = {
    "boot-ha-error": "HA has given a guest of this node up: it stays as it is until somebody acts",
    "boot-ha-fenced": "HA takes this node for dead, or is fencing it",
    "boot-ha-silent": "HA has guests on this node, and its service here has said nothing for two minutes",
    "boot-ha-maintenance": "said, no fault: the node is in HA's maintenance",
    "boot-no-ha": "HA looks after no guest here",
}
LONGEST = 120  # seconds; after as many Proxmox writes `old timestamp - dead?`


def check(machine: Machine) -> Verdict:
    """By the files in which HA keeps its state: its own tool takes half a second of CPU to say the same."""
    try:
        manager, local = (read(machine, path) for path in ("ha/manager_status", f"nodes/{machine.name}/lrm_status"))
    except NoPmxcfs as error:
        return unknown("boot-pmxcfs-down", str(error), "systemctl status pve-cluster")
    own = {name: each for name, each in manager.get("service_status", {}).items() if each.get("node") == machine.name}
    state = manager.get("node_status", {}).get(machine.name)
    if state in ("fence", "gone", "unknown"):
        return bad("boot-ha-fenced", f"HA says of this node: {state}", "look at: ha-manager status")
    given_up = sorted(name for name, each in own.items() if each.get("state") == "error")
    if given_up:
        return bad("boot-ha-error", f"HA has given up {', '.join(given_up)}", f"ha-manager set {given_up[0]} --state disabled, mend it, then --state started")
    if not own:
        return skipped("boot-no-ha", "HA looks after no guest here")
    age = time.time() - float(local.get("timestamp", 0))
    if age > LONGEST:
        return bad("boot-ha-silent", "pve-ha-lrm of this node says nothing", "systemctl status pve-ha-lrm")
    if state == "maintenance" or local.get("mode") == "maintenance":
        return skipped("boot-ha-maintenance", "the node is in HA's maintenance")
    return passed()


def read(machine: Machine, name: str) -> dict[str, Any]:
    return dict(json.loads(machine.in_pmxcfs(name) or "{}"))
