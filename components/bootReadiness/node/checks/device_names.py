"""A file names a disk by the order in which the kernel found it, which the next boot may change."""

import re

from look.verdict import Verdict, bad, passed, unknown

from .. import fstab
from ..machine import Machine, NoPmxcfs

GROUP = "mounts"
CODES = {
    "boot-device-name": "fstab, crypttab, storage.cfg, vzdump.conf or jobs.cfg names a disk by the kernel's order",
    "boot-pmxcfs-down": "pmxcfs is down or hangs, so what lies in /etc/pve could not be looked at",
}
FILES = ("/etc/fstab", "/etc/crypttab", "/etc/vzdump.conf")
KEPT = ("storage.cfg", "jobs.cfg")  # in /etc/pve
NAME = re.compile(r"(?<![\w/-])/dev/(?:sd[a-z]+|hd[a-z]+|vd[a-z]+|xvd[a-z]+)\d*\b|(?<![\w/-])/dev/nvme\d+n\d+(?:p\d+)?\b")


def check(machine: Machine) -> Verdict:
    found = [f"{path}: {name}" for path in FILES for name in names("\n".join(lines(machine, path)))]
    silent = None
    try:
        found += [f"/etc/pve/{path}: {name}" for path in KEPT for name in names(machine.in_pmxcfs(path) or "")]
    except NoPmxcfs as error:
        silent = str(error)
    if found:
        return bad("boot-device-name", ", ".join(found), "name it by UUID=, or by /dev/disk/by-id/")
    return unknown("boot-pmxcfs-down", silent, "systemctl status pve-cluster") if silent else passed()


def lines(machine: Machine, path: str) -> list[str]:
    """Of fstab without what no boot mounts, such as the stick that Debian was installed from."""
    if path != "/etc/fstab":
        return machine.lines(path)
    return [line for line in machine.lines(path) if (entry := fstab.entry(line)) is None or entry.is_at_boot]


def names(text: str) -> list[str]:
    """Of disks, in lines that are no comments."""
    return [name for line in text.splitlines() if not line.lstrip().startswith("#") for name in NAME.findall(line)]
