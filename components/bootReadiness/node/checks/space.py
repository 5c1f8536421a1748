"""A file system that a boot or the next kernel writes to is full."""

import os

from look.verdict import Verdict, bad, passed

from ..machine import Machine

GROUP = "room"
CODES = {
    "boot-disk-full": "less than 2 percent, or than 32 MB, is free on /, /boot, /boot/efi or /var",
    "boot-inodes-gone": "less than 2 percent of the inodes are free there",
    "boot-root-read-only": "/ is mounted read-only",
}
PLACES = ("/", "/boot", "/boot/efi", "/var")
LEAST = 32 << 20  # bytes
SHARE = 0.02


def check(machine: Machine) -> Verdict:
    for place in PLACES:
        if not machine.exists(place):
            continue
        found = statvfs(machine.path(place))
        free = found.f_bavail * found.f_frsize
        if free < LEAST or free < SHARE * found.f_blocks * found.f_frsize:
            return bad("boot-disk-full", f"{place} is full", f"make room: du -xh {place} | sort -h | tail; old kernels: apt autoremove")
        if found.f_files and found.f_favail < SHARE * found.f_files:
            return bad("boot-inodes-gone", f"{place} has no inodes left", f"find the folder with the many files: du --inodes -x {place} | sort -n | tail")
        if place == "/" and found.f_flag & os.ST_RDONLY:
            return bad("boot-root-read-only", "/ is mounted read-only", "look at dmesg: the disk may fail")
    return passed()


def statvfs(path: str) -> os.statvfs_result:
    return os.statvfs(path)
