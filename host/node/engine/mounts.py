"""Where file systems are mounted, by the kernel's own list: to look at the place itself would hang with one that hangs. A bind
mount on its own file system counts: os.path.ismount does not see it."""

from __future__ import annotations

import os
import re
from typing import NamedTuple

MOUNTINFO = "/proc/self/mountinfo"
PMXCFS_AT = "/etc/pve"


class MountPoint(NamedTuple):
    """A line of mountinfo (proc_pid_mountinfo(5)). `number`: `8:1`, of the file system."""

    number: str
    target: str
    fstype: str
    source: str


def parse_mountinfo(text: str) -> list[MountPoint]:
    """In the kernel's order: of several on one place the last is what shows."""
    found = []
    for line in text.split("\n"):
        left, _, right = line.partition(" - ")
        fields, rest = left.split(" "), right.split(" ")
        if len(fields) > 4 and len(rest) > 1:
            found.append(MountPoint(fields[2], unescape(fields[4]), rest[0], unescape(rest[1])))
    return found


def mounted_now() -> list[MountPoint]:
    with open(MOUNTINFO, encoding="utf-8", errors="surrogateescape") as stream:
        return parse_mountinfo(stream.read())


def shows_pmxcfs(known: list[MountPoint]) -> bool:
    """Whether pmxcfs is what lies at /etc/pve; it may hang all the same."""
    return next((each.fstype.startswith("fuse") for each in reversed(known) if each.target == PMXCFS_AT), False)


def has_pmxcfs_folder(root: str = "") -> bool:
    """Whether this may be a Proxmox VE node. The folder's own name lies in /etc, on the root disk. `root`: of another
    tree."""
    return os.path.basename(PMXCFS_AT) in os.listdir(root + os.path.dirname(PMXCFS_AT))


def points() -> set[str]:
    return {"/", *(each.target for each in mounted_now())}


def mount_of(path: str, known: set[str]) -> str:
    """The mount point that `path` is below, or will be."""
    folder = os.path.realpath(os.path.dirname(path))
    while folder not in known:
        folder = os.path.dirname(folder)
    return folder


def unescape(name: str) -> str:
    r"""The kernel writes odd bytes as \040."""
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match.group(1), 8)), name)
