"""A mount is commented out and its disk is there: what incident A's recovery left behind, and nobody missed until
later."""

from look.verdict import Verdict, bad, passed

from .. import fstab
from ..machine import Machine

GROUP = "mounts"
CODES = {"boot-mount-commented-out": "a line of fstab is commented out, its disk is there, and no other line mounts it"}


def check(machine: Machine) -> Verdict:
    active = {each.source for each in fstab.entries(machine)} | {each.target for each in fstab.entries(machine)}
    left = [each for each in fstab.commented(machine) if not {each.source, each.target} & active and fstab.is_present(machine, each.source)]
    if left:
        said = ", ".join(f"{each.target} ({each.source})" for each in left)
        return bad("boot-mount-commented-out", f"{said} is commented out in fstab, and its disk is there", "take the comment sign off, or delete the line")
    return passed()
