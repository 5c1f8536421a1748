"""A disk that the boot needs says of itself that it fails."""

import json

from look.verdict import Verdict, bad, passed, skipped, unknown

from ..disks import disks_of_boot
from ..machine import Machine

GROUP = "room"
CODES = {
    "boot-disk-fails": "SMART says of a disk that the boot needs that it fails",
    "boot-disk-untold": "smartctl did not say how a disk does that the boot needs",
    "boot-no-smart": "no disk that the boot needs tells its health: virtual ones, or behind a controller",
}


def check(machine: Machine) -> Verdict:
    if machine.is_container:
        return skipped("boot-no-smart", "a container has the disks of its host")
    told = {disk: health(machine, disk) for disk in sorted(disks_of_boot(machine)) if not disk.startswith(("vd", "xvd"))}
    failing = [disk for disk, state in told.items() if state == "fails"]
    if failing:
        return bad("boot-disk-fails", f"/dev/{', /dev/'.join(failing)} says that it fails", f"smartctl -a /dev/{failing[0]}; have a new disk at hand before the next boot")
    silent = [f"/dev/{disk}: {state}" for disk, state in told.items() if state not in ("well", "asleep", "no smart")]
    if silent:
        return unknown("boot-disk-untold", "; ".join(silent), "apt install smartmontools; smartctl -H")
    return passed() if "well" in told.values() else skipped("boot-no-smart", "no disk that the boot needs tells its health")


def health(machine: Machine, disk: str) -> str:
    """`well`, `fails`, `asleep`, `no smart`, or why it is not known. No disk is woken for it."""
    asked = machine.run("smartctl", "--json", "-i", "-H", "-n", "standby", f"/dev/{disk}")
    if asked.code is None:
        return asked.explain()
    try:
        answer = json.loads(asked.output)
        passed_test = answer.get("smart_status", {}).get("passed")
        said = " ".join(str(each.get("string", "")) for each in answer.get("smartctl", {}).get("messages", []))
    except (ValueError, AttributeError):
        return "smartctl gave no JSON"
    if passed_test is False or asked.code & 8:  # bit 3 of the exit status: DISK FAILING
        return "fails"
    if passed_test is True:
        return "well"
    if "STANDBY" in said or "SLEEP" in said:
        return "asleep"
    # Bits 0 and 1: no such device type, or the device did not identify itself; a RAID volume, most USB bridges. One that has
    # SMART and does not say how it does is another matter: the question itself has failed.
    has_none = answer.get("smart_support", {}).get("available") is False
    return "no smart" if has_none or asked.code & 3 else said or f"exit status {asked.code}"
