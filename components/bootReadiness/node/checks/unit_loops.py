"""A service fails and is restarted again and again."""

from look.verdict import Verdict, bad, passed, unknown

from ..machine import Machine
from ..services import services

GROUP = "units"
CODES = {
    "boot-unit-loops": "a service is between two restarts, after at least five",
    "boot-systemctl-silent": "systemctl did not answer",
}
MANY = 5


def check(machine: Machine) -> Verdict:
    known = services(machine)
    if isinstance(known, str):
        return unknown("boot-systemctl-silent", known)
    looping = sorted(each["Id"] for each in known if each.get("SubState") == "auto-restart" and int(each.get("NRestarts") or 0) >= MANY)
    if looping:
        return bad("boot-unit-loops", f"{', '.join(looping)} fails again and again", f"journalctl -u {looping[0]}")
    return passed()
