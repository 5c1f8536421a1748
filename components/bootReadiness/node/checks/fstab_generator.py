"""systemd itself would make an optional mount of fstab a condition of the boot."""

import re

from look.verdict import Verdict, bad, passed, unknown

from .. import fstab
from ..machine import Machine

GROUP = "mounts"
CODES = {
    "boot-generator-requires": "systemd's fstab generator puts a mount that is not essential under local-fs.target.requires",
    "boot-generator-silent": "systemd's fstab generator could not be run dry",
}
# In a mount namespace of its own: nothing is written on the node, and a container's read-only /sys is out of the way.
SCRIPT = """mount -t tmpfs none /sys && mount -t tmpfs none /mnt && SYSTEMD_LOG_TARGET=console \
/usr/lib/systemd/system-generators/systemd-fstab-generator /mnt /mnt /mnt && cd /mnt && \
for unit in local-fs.target.requires/*.mount; do test ! -e "$unit" || grep ^Where= "$unit"; done"""


def check(machine: Machine) -> Verdict:
    ran = machine.run("unshare", "--mount", "sh", "-c", SCRIPT)
    if not ran.ok:
        return unknown("boot-generator-silent", ran.explain(), "run it by hand: systemd-fstab-generator DIR DIR DIR")
    devices = {each.target.rstrip("/") or "/" for each in fstab.entries(machine) if each.is_device}
    required = set(re.findall(r"^Where=(.*)$", ran.output, re.MULTILINE)) & devices
    blocking = sorted(required - fstab.essential(machine))
    if blocking:
        return bad("boot-generator-requires", f"{', '.join(blocking)} would stop the boot without its disk", "add nofail, or declare it essential")
    return passed()
