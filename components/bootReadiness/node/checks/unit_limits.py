"""A unit of this machine's own may hang for ever, and the way in, the network or the guests wait for it at a boot."""

import re

from look.verdict import Verdict, bad, passed, unknown

from ..machine import Machine
from ..services import services

GROUP = "units"
CODES = {"boot-unit-endless": "a unit of the machine's own that logging in, the network or the guests wait for has no time limit"}
OWN = ("/etc/systemd/system/", "/usr/local/lib/systemd/system/")
# What a boot is for: where one of these is not reached, nobody gets in, or no guest runs.
AWAITED = {
    "local-fs-pre.target", "local-fs.target", "sysinit.target", "basic.target", "network-pre.target", "networking.service", "network.target",
    "network-online.target", "ssh.service", "ssh.socket", "pve-cluster.service", "pve-guests.service",
}  # fmt: skip
# Started as soon as their process is: nobody waits for it.
AT_ONCE = ("simple", "exec", "idle")


def check(machine: Machine) -> Verdict:
    known = services(machine)
    if isinstance(known, str):
        return unknown("boot-systemctl-silent", known)
    found = sorted(each["Id"] for each in known if is_started(each) and has_no_limit(each) and is_own(machine, each))
    if not found:
        return passed()
    waiting = next(each for each in known if each.get("Id") == found[0])
    first = min(AWAITED & set(waiting["Before"].split()))
    others = f" (and {', '.join(found[1:5])})" if found[1:] else ""
    return bad("boot-unit-endless", f"{found[0]}{others} may take for ever, and {first} waits for it", f"TimeoutStartSec=5min, by systemctl edit {found[0]}")


def is_started(unit: dict[str, str]) -> bool:
    """At a boot, before something that it is for."""
    return bool(unit.get("WantedBy") or unit.get("RequiredBy")) and bool(AWAITED & set(unit.get("Before", "").split()))


def has_no_limit(unit: dict[str, str]) -> bool:
    return unit.get("Type") not in AT_ONCE and unit.get("TimeoutStartUSec") == unit.get("JobRunningTimeoutUSec", "infinity") == "infinity"


def is_own(machine: Machine, unit: dict[str, str]) -> bool:
    """Or has lost its limit here: what a package leaves without one is that package's will."""
    if unit.get("FragmentPath", "").startswith(OWN):
        return True
    texts = (machine.read(path) or "" for path in unit.get("DropInPaths", "").split() if path.startswith(OWN))
    return any(re.search(r"^\s*Timeout(?:Start)?Sec\s*=\s*(?:infinity|0)\s*$", text, re.MULTILINE) for text in texts)
