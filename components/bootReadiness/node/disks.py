"""What the boot's file systems lie on, by /sys: down through partitions, LVM, mdraid and encryption to the disks."""

from __future__ import annotations

from collections.abc import Iterator

from engine.mounts import MOUNTINFO, parse_mountinfo

from .machine import Machine

PLACES = ("/", "/boot", "/boot/efi", "/usr")
PERSONALITIES = {"raid0": "raid0", "raid1": "raid1", "raid10": "raid10", "raid4": "raid456", "raid5": "raid456", "raid6": "raid456"}


def mounted(machine: Machine) -> dict[str, tuple[str, str]]:
    """{mount point: (type, source)}; of several on one the last, which is what shows."""
    return {each.target: (each.fstype, each.source) for each in parse_mountinfo(machine.read(MOUNTINFO) or "")}


def disks_of_boot(machine: Machine) -> set[str]:
    """Names of whole disks: `sda`, `nvme0n1`. Of a ZFS root those of its pool."""
    mounts = mounted(machine)
    sources = [mounts[place] for place in PLACES if place in mounts]
    blocks = [block for fstype, source in sources for block in blocks_of(machine, fstype, source)]
    return {name for block in blocks for name in layers(machine, block) if is_disk(machine, name)}


def blocks_of(machine: Machine, fstype: str, source: str) -> list[str]:
    if fstype != "zfs":
        return [name] if (name := block_name(machine, source)) else []
    listed = machine.run("zpool", "list", "-H", "-P", "-v", "-L", source.partition("/")[0])
    if not listed.ok:
        raise OSError(listed.explain())
    paths = [word for line in listed.output.splitlines() for word in line.split()[:1] if word.startswith("/dev/")]
    return [name for path in paths if (name := block_name(machine, path))]


def block_name(machine: Machine, source: str) -> str | None:
    """`dm-0` of /dev/mapper/pve-root; None of what is no block device."""
    if not source.startswith("/dev/"):
        return None
    name = machine.real(source).rpartition("/")[2]
    return name if machine.exists(f"/sys/class/block/{name}") else None


def layers(machine: Machine, name: str, depth: int = 0) -> Iterator[str]:
    """The block device and all that it lies on."""
    yield name
    if depth > 8:
        return
    for each in lower(machine, name):
        yield from layers(machine, each, depth + 1)


def lower(machine: Machine, name: str) -> list[str]:
    """What it lies on directly."""
    below = machine.names(f"/sys/class/block/{name}/slaves")
    whole = machine.real(f"/sys/class/block/{name}").rpartition("/")[0].rpartition("/")[2]
    return [*below, whole] if machine.exists(f"/sys/class/block/{name}/partition") else below


def is_disk(machine: Machine, name: str) -> bool:
    return machine.exists(f"/sys/class/block/{name}/device") and not machine.exists(f"/sys/class/block/{name}/partition")


def modules_of_root(machine: Machine) -> set[str]:
    """As they are loaded now: of the file system, of what it lies on, and of the disks' controllers all the way up."""
    root = mounted(machine).get("/")
    if root is None:
        raise OSError(f"{MOUNTINFO} does not say what / is")
    fstype, source = root
    found = {fstype}
    if fstype != "zfs":
        for block in blocks_of(machine, fstype, source):
            for name in layers(machine, block):
                found |= modules_of(machine, name)
    # Of what is part of the kernel itself there is no state.
    return {name for name in found if machine.exists(f"/sys/module/{name}/initstate")}


def modules_of(machine: Machine, name: str) -> set[str]:
    if machine.exists(f"/sys/class/block/{name}/dm"):
        is_encrypted = machine.word(f"/sys/class/block/{name}/dm/uuid").startswith("CRYPT-")
        return {"dm_mod", *(["dm_crypt"] if is_encrypted else [])}
    level = machine.word(f"/sys/class/block/{name}/md/level")
    if level:
        return {"md_mod", *([PERSONALITIES[level]] if level in PERSONALITIES else [])}
    found = set()
    path = machine.real(f"/sys/class/block/{name}")
    while path.startswith("/sys/devices/"):
        module = machine.target(f"{path}/driver/module")
        if module:
            found.add(module.rpartition("/")[2])
        path = path.rpartition("/")[0]
    return found
