"""A file names a disk by the order in which the kernel found it, which the next boot may change."""

import re

from look.verdict import Verdict, bad, passed

from ..machine import Machine

GROUP = "mounts"
CODES = {"boot-device-name": "fstab, crypttab, storage.cfg, vzdump.conf or jobs.cfg names a disk by the kernel's order"}
FILES = ("/etc/fstab", "/etc/crypttab", "/etc/pve/storage.cfg", "/etc/vzdump.conf", "/etc/pve/jobs.cfg")
NAME = re.compile(r"(?<![\w/-])/dev/(?:sd[a-z]+|hd[a-z]+|vd[a-z]+|xvd[a-z]+)\d*\b|(?<![\w/-])/dev/nvme\d+n\d+(?:p\d+)?\b")


def check(machine: Machine) -> Verdict:
    found = [f"{path}: {name}" for path in FILES for line in machine.lines(path) for name in NAME.findall(line)]
    if found:
        return bad("boot-device-name", ", ".join(found), "name it by UUID=, or by /dev/disk/by-id/")
    return passed()
