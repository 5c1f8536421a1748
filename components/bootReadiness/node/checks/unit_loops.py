"""A service fails and is restarted again and again."""

import re

from look.verdict import Verdict, bad, passed, unknown

from ..machine import Machine

GROUP = "units"
CODES = {
    "boot-unit-loops": "a service is between two restarts, after at least five",
    "boot-systemctl-silent": "systemctl did not answer",
}
MANY = 5


def check(machine: Machine) -> Verdict:
    told = machine.run("systemctl", "show", "--property=Id,SubState,NRestarts", "--", "*.service")
    if not told.ok:
        return unknown("boot-systemctl-silent", told.explain())
    blocks = [dict(re.findall(r"^(\w+)=(.*)$", block, re.MULTILINE)) for block in told.output.split("\n\n")]
    looping = sorted(each["Id"] for each in blocks if each.get("SubState") == "auto-restart" and int(each.get("NRestarts") or 0) >= MANY)
    if looping:
        return bad("boot-unit-loops", f"{', '.join(looping)} fails again and again", f"journalctl -u {looping[0]}")
    return passed()
