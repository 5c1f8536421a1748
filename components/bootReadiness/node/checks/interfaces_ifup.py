"""The node's own ifup refuses the interfaces file."""

from look.verdict import Verdict, bad, passed, skipped, unknown

from ....interfaces.node import checks
from ..interfaces import FILE
from ..machine import Machine

GROUP = "network"
CODES = {
    "boot-interfaces-refused": "ifup, run without effect, finds faults in the interfaces file",
    "boot-ifup-silent": "ifup did not run to its end",
}


def check(machine: Machine) -> Verdict:
    if machine.read(FILE) is None:
        return skipped("boot-no-interfaces", f"there is no {FILE}")
    told = checks.interfaces(15, FILE)
    if told.state == "bad":
        return bad("boot-interfaces-refused", told.text, f"correct {FILE}")
    return unknown("boot-ifup-silent", told.text) if told.state == "unknown" else passed()
