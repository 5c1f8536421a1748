"""networking.service is not started at boot: no interface comes up."""

from look.verdict import Verdict, bad, passed, skipped

from ..interfaces import FILE
from ..machine import Machine

GROUP = "network"
CODES = {"boot-networking-disabled": "networking.service is masked, or no target wants it"}


def check(machine: Machine) -> Verdict:
    if not machine.exists(FILE):
        return skipped("boot-no-interfaces", f"there is no {FILE}")
    if machine.target("/etc/systemd/system/networking.service") == "/dev/null":
        return bad("boot-networking-disabled", "networking.service is masked", "systemctl unmask networking")
    if not machine.find("/etc/systemd/system/*.target.wants/networking.service"):
        return bad("boot-networking-disabled", "no target wants networking.service", "systemctl enable networking")
    return passed()
