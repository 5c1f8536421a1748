"""A change of the Proxmox GUI waits, and replaces the interfaces file at the next boot."""

from look.verdict import Verdict, bad, passed

from ..machine import Machine

GROUP = "network"
CODES = {"boot-interfaces-pending": "/etc/network/interfaces.new is put in the place of the interfaces file at the next boot"}
PENDING = "/etc/network/interfaces.new"


def check(machine: Machine) -> Verdict:
    if machine.exists(PENDING):
        return bad("boot-interfaces-pending", f"{PENDING} waits for the next boot", "apply it in the GUI and take it over into the stack, or revert it there")
    return passed()
