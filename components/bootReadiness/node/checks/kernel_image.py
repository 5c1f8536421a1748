"""The kernel of the next boot has no initramfs, or one that was cut short: the machine stops before it finds its root."""

import re

from look.verdict import Verdict, bad, passed, skipped, unknown

from ..kernels import coming
from ..machine import Machine

GROUP = "kernel"
CODES = {
    "boot-initramfs-missing": "the kernel that the next boot starts (the pinned one, else the newest) has no initramfs beside it",
    "boot-initramfs-damaged": "the initramfs is no archive, or is too short to be one",
    "boot-kernel-damaged": "that kernel is too short to be one",
    "boot-no-kernel": "there is no kernel in /boot, and this is no container",
    "boot-host-kernel": "a container boots with the kernel of its host",
}
# What an initramfs may begin with: cpio (also with microcode before the rest), gzip, zstd, xz, lz4, lzma, bzip2, lzop.
MAGIC = (b"070701", b"070702", b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"\xfd7zXZ", b"\x02\x21\x4c\x18", b"\x04\x22\x4d\x18", b"\x5d\0\0", b"BZh", b"\x89LZO")
LEAST = 1 << 20  # bytes: no kernel and no initramfs of Debian's is shorter


def check(machine: Machine) -> Verdict:
    if machine.is_container:
        return skipped("boot-host-kernel", "a container boots with the kernel of its host")
    version = coming(machine)
    if version is None:
        return unknown("boot-no-kernel", "there is no /boot/vmlinuz-*", "look at what the boot loader starts")
    if machine.size(f"/boot/vmlinuz-{version}") < LEAST:
        return bad("boot-kernel-damaged", f"/boot/vmlinuz-{version} is cut short", f"apt install --reinstall the package of {version}")
    image = f"/boot/initrd.img-{version}"
    if not machine.exists(image):
        return bad("boot-initramfs-missing", f"there is no {image}", f"update-initramfs -c -k {version}")
    begin = machine.begin(image, 8)
    if machine.size(image) < LEAST or not begin.startswith(MAGIC) or re.fullmatch(rb"\0*", begin):
        return bad("boot-initramfs-damaged", f"{image} is no whole archive", f"update-initramfs -u -k {version}")
    return passed(version)
