"""A mount that the node can do without stops or delays the boot when its disk is missing."""

from look.verdict import Verdict, bad, passed

from .. import fstab
from ..machine import Machine

GROUP = "mounts"
CODES = {
    "boot-mount-required": "an optional mount has no nofail: without its disk the boot ends in emergency mode",
    "boot-mount-waits": "an optional mount, or swap, has no time limit: without its disk the boot waits for 90 s",
}


def check(machine: Machine) -> Verdict:
    essential = fstab.essential(machine)
    waited_for = [each for each in fstab.entries(machine) if each.is_device and each.is_at_boot and not each.is_automount]
    optional = [each for each in waited_for if each.target not in essential and not fstab.goes_with_root(machine, each)]
    required = [each.label for each in optional if each.can_stop_boot and not each.is_optional]
    if required:
        return bad("boot-mount-required", f"{', '.join(required)} would stop the boot without its disk", "add nofail, or declare it essential")
    waiting = [each.label for each in optional if not any(option.startswith("x-systemd.device-timeout=") for option in each.options)]
    if waiting:
        return bad("boot-mount-waits", f"the boot waits 90 s for {', '.join(waiting)} without its disk", "add x-systemd.device-timeout=30s")
    return passed()
