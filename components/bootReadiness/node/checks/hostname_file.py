"""/etc/hostname has another name than the running node: after the next boot it is a stranger to its own cluster."""

from look.verdict import Verdict, bad, passed, unknown

from ..machine import Machine

GROUP = "name"
CODES = {
    "boot-hostname-changes": "/etc/hostname has another name than the node runs with",
    "boot-hostname-missing": "there is no /etc/hostname, so the name of the next boot comes from elsewhere",
}


def check(machine: Machine) -> Verdict:
    lines = machine.lines("/etc/hostname")
    if not lines:
        return unknown("boot-hostname-missing", "/etc/hostname is missing or empty", f"write {machine.name} into it")
    if lines[0].partition(".")[0] != machine.name:
        return bad("boot-hostname-changes", f"the next boot names this node {lines[0]}, not {machine.name}", "correct /etc/hostname")
    return passed()
