"""A boot partition that proxmox-boot-tool keeps is gone, lacks a kernel or has no room for one more: with the other disk of
the mirror dead, nothing starts, or not what somebody would go back to."""

from __future__ import annotations

import re
import struct

from look.verdict import Verdict, bad, passed, skipped

from ..kernels import coming, newest
from ..machine import Machine

GROUP = "kernel"
CODES = {
    "boot-esp-missing": "proxmox-boot-tool keeps a boot partition that is not there",
    "boot-esp-differs": "a boot partition has not the newest kernel",
    "boot-esp-no-pin": "a boot partition has not the kernel that is pinned for the next boot",
    "boot-esp-unlike": "the boot partitions have not the same kernels",
    "boot-esp-full": "a boot partition has no room for another kernel and its initramfs",
    "boot-no-boot-tool": "proxmox-boot-tool keeps no boot partitions here",
}
LIST = "/etc/kernel/proxmox-boot-uuids"
HEAD = 64 << 10  # bytes: more than FAT32 keeps before its tables
UNTOLD = 0xFFFFFFFF


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
    held: dict[str, list[set[str]]] = {}
    for uuid in wanted:
        line = re.search(rf"^{re.escape(uuid)} is configured with: .*", told.output, re.MULTILINE)
        # One that had systemd-boot and got GRUB for Secure Boot keeps both, and the firmware may start either.
        kept = re.findall(r"\(versions: ([^)]*)\)", line.group(0)) if line else []
        held[uuid] = [set(re.split(r",\s*", each)) for each in kept]
        if not kept or (version and not all(version in each for each in held[uuid])):
            lacking.append(uuid)
    if lacking:
        return bad("boot-esp-differs", f"the boot partition {', '.join(lacking)} has not {version}", "proxmox-boot-tool refresh")
    pin = coming(machine)
    without = [uuid for uuid, kept in held.items() if pin and not all(pin in each for each in kept)]
    if without:
        return bad("boot-esp-no-pin", f"the boot partition {', '.join(without)} has not {pin}, which is pinned", "proxmox-boot-tool refresh")
    every = set[str]().union(*(each for kept in held.values() for each in kept))
    for uuid, kept in held.items():
        own = set[str]().union(*kept)
        if own != every:
            return bad("boot-esp-unlike", f"the boot partition {uuid} has not {', '.join(sorted(every - own))}, which another one has", "proxmox-boot-tool refresh")
    return rooms(machine, wanted, version)


def rooms(machine: Machine, wanted: list[str], version: str | None) -> Verdict:
    needed = sum(machine.size(path) for path in (f"/boot/vmlinuz-{version}", f"/boot/initrd.img-{version}") if machine.exists(path))
    for uuid in wanted:
        free = room(machine, f"/dev/disk/by-uuid/{uuid}")
        if free is not None and free < needed:
            return bad("boot-esp-full", f"the boot partition {uuid} has {free >> 20} MB free, and a kernel takes {needed >> 20}", "apt autoremove, or proxmox-boot-tool kernel remove, then proxmox-boot-tool refresh")
    return passed()


def room(machine: Machine, device: str) -> int | None:
    """Bytes, as the file system has them written down (FSInfo, Microsoft's FAT specification): nobody mounts these partitions
    but for an update, and that is not this program's to do. None where it is no FAT32 or does not say."""
    head = machine.begin(device, HEAD)
    if len(head) < 512 or struct.unpack_from("<H", head, 22)[0]:
        return None
    sector, cluster = struct.unpack_from("<HB", head, 11)
    place = sector * struct.unpack_from("<H", head, 48)[0]
    if not place or place + 512 > len(head) or head[place : place + 4] != b"RRaA" or head[place + 484 : place + 488] != b"rrAa":
        return None
    free = int(struct.unpack_from("<I", head, place + 488)[0])
    return None if free == UNTOLD else free * sector * cluster
