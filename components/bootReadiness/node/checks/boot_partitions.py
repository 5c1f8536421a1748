"""A boot partition that proxmox-boot-tool keeps is gone, or lacks the newest kernel: with the other disk of the mirror
dead, nothing starts."""

import re

from look.verdict import Verdict, bad, passed, skipped

from ..kernels import newest
from ..machine import Machine

GROUP = "kernel"
CODES = {
    "boot-esp-missing": "proxmox-boot-tool keeps a boot partition that is not there",
    "boot-esp-differs": "a boot partition has not the newest kernel",
    "boot-no-boot-tool": "proxmox-boot-tool keeps no boot partitions here",
}
LIST = "/etc/kernel/proxmox-boot-uuids"


def check(machine: Machine) -> Verdict:
    wanted = machine.lines(LIST)
    if not wanted:
        return skipped("boot-no-boot-tool", "proxmox-boot-tool keeps no boot partitions here")
    gone = [each for each in wanted if not machine.exists(f"/dev/disk/by-uuid/{each}")]
    if gone:
        return bad("boot-esp-missing", f"the boot partition {', '.join(gone)} is not there", "proxmox-boot-tool clean; with a new disk: format and init it")
    told = machine.run("proxmox-boot-tool", "status")
    if not told.ok:
        raise OSError(told.explain())
    version = newest(machine)
    lacking = []
    for uuid in wanted:
        line = re.search(rf"^{re.escape(uuid)} is configured with: .*", told.output, re.MULTILINE)
        # One that had systemd-boot and got GRUB for Secure Boot keeps both, and the firmware may start either.
        kept = re.findall(r"\(versions: ([^)]*)\)", line.group(0)) if line else []
        if not kept or (version and any(version not in re.split(r",\s*", each) for each in kept)):
            lacking.append(uuid)
    if lacking:
        return bad("boot-esp-differs", f"the boot partition {', '.join(lacking)} has not {version}", "proxmox-boot-tool refresh")
    return passed()
