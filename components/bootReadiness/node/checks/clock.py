"""Nobody keeps the clock: corosync, certificates and backups judge by it."""

import re

from look.verdict import Verdict, bad, passed, skipped

from ..machine import Machine

SERVICES = ("chrony", "chronyd", "ntp", "ntpd", "ntpsec", "openntpd", "systemd-timesyncd")
GROUP = "room"
CODES = {
    "boot-clock-adrift": "no time service is enabled that would keep the clock, and nobody keeps it",
    "boot-clock-not-yet": "said, no fault: a time service is enabled, and the clock is not in step yet",
    "boot-host-clock": "a container has the clock of its host",
}


def check(machine: Machine) -> Verdict:
    if machine.is_container:
        return skipped("boot-host-clock", "a container has the clock of its host")
    told = machine.run("timedatectl", "show", "--property=NTPSynchronized", "--value")
    if not told.ok:
        raise OSError(told.explain())
    if told.output.strip() == "yes":
        return passed()
    if not any(is_enabled(machine, f"{name}.service") for name in SERVICES):
        return bad("boot-clock-adrift", "no time service is enabled, and the clock is not in step", "apt install chrony; timedatectl")
    if is_in_step_by_chrony(machine):
        return passed()
    # No boot waits for a time server, and none has to answer.
    return skipped("boot-clock-not-yet", "the clock is not in step yet (chronyc tracking, timedatectl timesync-status)")


def is_enabled(machine: Machine, unit: str) -> bool:
    is_masked = machine.target(f"/etc/systemd/system/{unit}") == "/dev/null"
    return not is_masked and bool(machine.find(f"/etc/systemd/system/*.wants/{unit}"))


def is_in_step_by_chrony(machine: Machine) -> bool:
    """Without `rtcsync` chrony tells the kernel nothing."""
    if not machine.has("chronyc"):
        return False
    leap = re.search(r"^Leap status\s*: *(.*\S)", machine.run("chronyc", "-n", "tracking").output, re.MULTILINE)
    return leap is not None and leap[1] in ("Normal", "Insert second", "Delete second")
