"""An array of mdraid is not whole: one more disk, and the next boot has none."""

import re

from look.verdict import Verdict, bad, passed, skipped

from ..machine import Machine

GROUP = "mounts"
CODES = {
    "boot-raid-degraded": "an mdraid array misses a disk, or is not running",
    "boot-no-raid": "there is no mdraid array",
}


def check(machine: Machine) -> Verdict:
    text = machine.read("/proc/mdstat") or ""
    arrays = re.findall(r"^(md\S+) : (\S+)([^\n]*(?:\n[ \t]+[^\n]*)*)", text, re.MULTILINE)
    if machine.is_container or not arrays:
        return skipped("boot-no-raid", "no mdraid array here")
    # Of firmware's RAID (imsm, ddf) the container holds the disks and is never active; what is mounted is an array in it.
    whole = [(name, state, rest) for name, state, rest in arrays if not re.search(r" super external:(?!/)", rest)]
    broken = [name for name, state, rest in whole if state != "active" or re.search(r"\[[U_]*_[U_]*\]", rest)]
    if broken:
        return bad("boot-raid-degraded", f"{', '.join(broken)} is not whole", f"mdadm --detail /dev/{broken[0]}")
    return passed()
