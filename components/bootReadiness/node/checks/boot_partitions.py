"""A boot partition that proxmox-boot-tool keeps is gone, lacks a kernel or has no room for one more: with the other disk of
the mirror dead, nothing starts, or not what somebody would go back to."""

from __future__ import annotations

import re
import struct

from look.verdict import Verdict, bad, passed, skipped

from .. import redundancy
from ..disks import block_name
from ..kernels import coming, newest
from ..machine import Machine

GROUP = "kernel"
CODES = {
    "boot-esp-missing": "proxmox-boot-tool keeps a boot partition that is not there",
    "boot-esp-none": "root's ZFS pool goes on without all the disks that have a boot partition, and nothing could start it",
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
    none = disks_without(machine, wanted)
    if none is not None:
        return none
    version = newest(machine)
    lacking = []
    held: dict[str, list[set[str]]] = {}
    for uuid in wanted:
        line = re.search(rf"^{re.escape(uuid)} is configured with: .*", told.output, re.MULTILINE)
        held[uuid] = kernels_of(line.group(0)) if line else []
        if not held[uuid] or (version and not all(version in each for each in held[uuid])):
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


def kernels_of(line: str) -> list[set[str]]:
    """By loader. One may have two, and the firmware may start either; but one that had systemd-boot and got GRUB for Secure Boot
    is GRUB's alone from then on (zz-proxmox-boot goes by grubx64.efi), and what systemd-boot had is left as it was."""
    held = {loader: re.split(r",\s*", names) for loader, names in re.findall(r"\b(uefi|grub) \(versions: ([^)]*)\)", line)}
    if "grub" in held and "grubx64.efi" in held.get("uefi", []):
        del held["uefi"]
    return [{name for name in names if name[:1].isdigit()} for names in held.values()]


def disks_without(machine: Machine, wanted: list[str]) -> Verdict | None:
    """Where root's pool goes on without every disk that has a boot partition, as after a disk of the mirror was replaced and
    its partition never made; not where one lies on a disk of its own, nor where a disk cannot be told."""
    pool = redundancy.pool_of_root(machine)
    if pool is None:
        return None
    root = redundancy.pool_vdevs(machine, pool)
    members = [redundancy.disks_of_leaf(machine, leaf) for leaf in redundancy.leaves(root)]
    disks = set[str]().union(*members)
    blocks = [block_name(machine, f"/dev/disk/by-uuid/{uuid}") for uuid in wanted]
    bootable = [redundancy.disks_below(machine, block) if block else set[str]() for block in blocks]
    if not all(members) or not all(each and each <= disks for each in bootable):
        return None
    lost = set[str]().union(*bootable)
    if not redundancy.pool_outlives(machine, root, lost):
        return None
    lacking, left = (", ".join(f"/dev/{disk}" for disk in sorted(each)) for each in (disks - lost, lost))
    return bad("boot-esp-none", f"no boot partition lies on {lacking}: {pool} goes on without {left}, and nothing would start it", "proxmox-boot-tool format and init a partition of that disk")


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
