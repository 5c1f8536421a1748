"""Links, and the interfaces file beside what runs."""

import glob
import os

from look import facts
from look.verdict import Verdict, skipped, unknown


def link(name: str) -> str:
    states = {item["name"]: item["state"] for item in facts.links_by_name()}
    named = (states.get(real) for real, others in facts.alternative_names().items() if name in others)
    state = states.get(name) or next(named, None)
    if state is None:
        return "absent"
    return "down" if state == "down" else "up"  # a bridge or tunnel says `unknown` while it works


def interfaces_pending() -> str:
    """Proxmox applies this file at boot, over whatever stands in its place."""
    return "pending" if os.path.lexists("/etc/network/interfaces.new") else "none"


def interfaces_running() -> str | Verdict:
    """Whether the file was written after the network was last brought up from it."""
    try:
        written = os.stat("/etc/network/interfaces").st_mtime
    except FileNotFoundError:
        return "no file"
    states = [os.stat(path).st_mtime for path in glob.glob("/run/network/ifstate*")]
    if not states:
        return unknown("network-never-started", "unknown")
    return "active" if written <= max(states) else "pending activation"


def sourced_files(*patterns: str) -> Verdict:
    """Their content goes with the observation: the provider decides, which has the lints."""
    return skipped("judged-by-lints", "")
