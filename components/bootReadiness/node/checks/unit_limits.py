"""A unit of this machine's own may hang for ever, and the way in, the network or the guests wait for it at a boot."""

import re

from look.verdict import Verdict, bad, passed, skipped, unknown

from ..machine import Machine
from ..services import OWN, services

GROUP = "units"
CODES = {
    "boot-unit-endless": "somebody has set that a unit which logging in, the network or the guests wait for may take for ever",
    "boot-unit-unlimited": "such a unit of the machine's own has no time limit, as no oneshot has by itself: said, and no fault",
}
# What a boot is for: where one of these is not reached, nobody gets in, or no guest runs.
AWAITED = {
    "local-fs-pre.target", "local-fs.target", "sysinit.target", "basic.target", "network-pre.target", "networking.service", "network.target",
    "network-online.target", "ssh.service", "ssh.socket", "pve-cluster.service", "pve-guests.service", "corosync.service", "pve-storage.target",
    "zfs-import.target", "zfs-mount.service", "remote-fs-pre.target", "remote-fs.target",
}  # fmt: skip
# Started as soon as their process is: nobody waits for it.
AT_ONCE = ("simple", "exec", "idle")


def check(machine: Machine) -> Verdict:
    known = services(machine)
    if isinstance(known, str):
        return unknown("boot-systemctl-silent", known)
    found = sorted((each for each in known if is_started(each) and has_no_limit(each)), key=lambda each: each["Id"])
    for each in found:
        if is_set_so(machine, each):
            return bad("boot-unit-endless", words(each), f"TimeoutStartSec=5min, by systemctl edit {each['Id']}")
    own = [each for each in found if is_own(each.get("FragmentPath", ""))]
    return skipped("boot-unit-unlimited", "; ".join(map(words, own[:5]))) if own else passed()


def words(unit: dict[str, str]) -> str:
    return f"{unit['Id']} may take for ever, and {min(AWAITED & set(unit['Before'].split()))} waits for it"


def is_started(unit: dict[str, str]) -> bool:
    """At a boot, before something that it is for."""
    return bool(unit.get("WantedBy") or unit.get("RequiredBy")) and bool(AWAITED & set(unit.get("Before", "").split()))


def has_no_limit(unit: dict[str, str]) -> bool:
    """A program that has one counts, and one that starts nothing."""
    if unit.get("Type") in AT_ONCE or not unit.get("TimeoutStartUSec") == unit.get("JobRunningTimeoutUSec", "infinity") == "infinity":
        return False
    return not all(re.match(r"\{ path=\S*/timeout ", each) for each in unit.get("ExecStart", "").splitlines())


def is_set_so(machine: Machine, unit: dict[str, str]) -> bool:
    """By a line here; what a package sets is that package's will."""
    files = [unit.get("FragmentPath", ""), *unit.get("DropInPaths", "").split()]
    texts = (machine.read(path) or "" for path in files if is_own(path))
    return any(re.search(r"^\s*Timeout(?:Start)?Sec\s*=\s*(?:infinity|0)\s*$", text, re.MULTILINE) for text in texts)


def is_own(path: str) -> bool:
    return path.startswith(tuple(f"{folder}/" for folder in OWN))
