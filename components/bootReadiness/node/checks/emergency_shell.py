"""Root has no password: where a boot ends in emergency mode, there is no shell to mend it from."""

from look.verdict import Verdict, passed, skipped

from ..machine import Machine

GROUP = "room"
CODES = {"boot-root-locked": "said, no fault: root is locked, so emergency mode gives no shell without another way in"}


def check(machine: Machine) -> Verdict:
    root = next((line.split(":") for line in machine.lines("/etc/shadow") if line.startswith("root:")), None)
    if root is None:
        raise OSError("/etc/shadow has no root")
    if root[1].startswith(("!", "*")):
        return skipped("boot-root-locked", "root is locked: emergency mode gives no shell (`passwd root`, or a rescue disk at hand)")
    return passed()
