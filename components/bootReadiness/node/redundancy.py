"""Which disks root can do without: by /sys, and of a ZFS root by its pool."""

from __future__ import annotations

import re
from typing import NamedTuple

from .disks import PERSONALITIES, block_name, is_disk, layers, lower, mounted
from .machine import Machine


class Vdev(NamedTuple):
    """`name` of one without children: a path below /dev, or a number where the device is not there."""

    name: str
    state: str
    children: list[Vdev]


def disks_below(machine: Machine, name: str) -> set[str]:
    """Of a block device; empty where it cannot be told."""
    return {each for each in layers(machine, name) if is_disk(machine, each)}


def outlives(machine: Machine, name: str, lost: set[str]) -> bool:
    """Whether the block device is there without these disks."""
    if name in lost:
        return False
    below = lower(machine, name)
    gone = sum(not outlives(machine, each, lost) for each in below)
    return gone <= spare(machine, name, below)


def spare(machine: Machine, name: str, below: list[str]) -> int:
    """How many of the devices that it lies on it can do without."""
    level = machine.word(f"/sys/class/block/{name}/md/level")
    if level == "raid1":
        return len(below) - 1
    if level in PERSONALITIES and level != "raid0":
        return 2 if level == "raid6" else 1
    # LVM's RAID has two volumes in each leg: an image and its metadata.
    return 2 if any("_rmeta_" in machine.word(f"/sys/class/block/{each}/dm/name") for each in below) else 0


def pool_of_root(machine: Machine) -> str | None:
    fstype, source = mounted(machine).get("/", ("", ""))
    return source.partition("/")[0] if fstype == "zfs" else None


def pool_vdevs(machine: Machine, pool: str) -> Vdev:
    """The pool with what holds its data, without log, cache, spares and special vdevs. Raises OSError."""
    told = machine.run("zpool", "status", "-P", pool)
    if not told.ok:
        raise OSError(told.explain())
    rows = re.findall(r"^\t( *)(\S+)(?:[ \t]+(\S+))?.*$", told.output.partition("config:")[2], re.MULTILINE)[1:]
    path: list[Vdev] = []
    for indent, name, state in rows:
        depth = len(indent) // 2
        if depth == 0 and path:
            break  # `logs`, `special` and the like stand below the data
        vdev = Vdev(name, state, [])
        del path[depth:]
        if path:
            path[-1].children.append(vdev)
        path.append(vdev)
    if not path:
        raise OSError(f"zpool status says nothing of {pool}")
    return path[0]


def leaves(vdev: Vdev) -> list[Vdev]:
    """Those that are in use."""
    if not vdev.children:
        return [vdev] if vdev.state in ("ONLINE", "DEGRADED") else []
    return [leaf for each in vdev.children for leaf in leaves(each)]


def disks_of_leaf(machine: Machine, leaf: Vdev) -> set[str]:
    name = block_name(machine, leaf.name)
    return disks_below(machine, name) if name else set()


def pool_outlives(machine: Machine, vdev: Vdev, lost: set[str]) -> bool:
    if not vdev.children:
        return bool(leaves(vdev)) and not disks_of_leaf(machine, vdev) & lost
    gone = sum(not pool_outlives(machine, each, lost) for each in vdev.children)
    parity = re.match(r"(?:raidz|draid)(\d)", vdev.name)
    if parity:
        return gone <= int(parity[1])
    any_will_do = re.match(r"(?:mirror|replacing|spare)-\d", vdev.name)
    return gone < len(vdev.children) if any_will_do else gone == 0


def root_outlives(machine: Machine, lost: set[str]) -> bool:
    pool = pool_of_root(machine)
    if pool is not None:
        return pool_outlives(machine, pool_vdevs(machine, pool), lost)
    name = block_of_root(machine)
    return name is not None and outlives(machine, name, lost)


def disks_of_root(machine: Machine) -> set[str]:
    """Raises OSError of a pool that cannot be asked."""
    pool = pool_of_root(machine)
    if pool is not None:
        return {disk for leaf in leaves(pool_vdevs(machine, pool)) for disk in disks_of_leaf(machine, leaf)}
    name = block_of_root(machine)
    return disks_below(machine, name) if name else set()


def block_of_root(machine: Machine) -> str | None:
    return block_name(machine, mounted(machine).get("/", ("", ""))[1])


def goes_with_root(machine: Machine, device: str) -> bool:
    """Whether the device, by its path, cannot be missing on a machine whose root is there: whatever single disk takes it takes
    root, too. False where that cannot be told."""
    pool = pool_of_root(machine)
    if pool is not None and device.startswith(f"/dev/zvol/{pool}/"):
        return True
    name = block_name(machine, device)
    disks = disks_below(machine, name) if name else set()
    try:
        if name is None or not disks or not disks <= disks_of_root(machine):
            return False
        return all(outlives(machine, name, {disk}) or not root_outlives(machine, {disk}) for disk in disks)
    except OSError:
        return False
