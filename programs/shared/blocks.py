"""What lies on a disk, and whether it is lost with the disk: partitions, arrays, volumes, pools, as /sys and udev know
them."""

import glob
import os
import re
import shutil
from collections.abc import Iterator

from engine.mounts import parse_mountinfo
from shared.files import first_line, read_text
from shared.processes import run
from shared.zpool import why_pool_holds


class Blocks:
    """`run`: the folder with the numbers of disks that have failed since the boot. `patience` in seconds."""

    def __init__(self, sys: str, proc: str, udev: str, run: str, patience: float) -> None:
        self.sys, self.proc, self.udev, self.run, self.patience = sys, proc, udev, run, patience
        self.failing: set[str] = set()

    def why_spare(self, disk: str) -> str | None:
        """Why the disk can be lost, or why that is not known; None where the data are lost with it."""
        if not os.path.isdir(f"{self.sys}/block/{disk}"):
            return "what is on it is not known"
        self.failing = {layer for other in self.noted() for layer in self.layers(other, disk)}
        used = False
        for path in self.parts(disk):
            reason = next(self.inspect(os.path.basename(path), path), None)
            if reason:
                return reason
            used = used or self.is_used(os.path.basename(path), path)
        return None if used else "nothing on it is in use"

    def parts(self, disk: str) -> list[str]:
        """The disk and its partitions."""
        own = f"{self.sys}/block/{disk}"
        return [path for path in [own, *sorted(glob.glob(f"{own}/{disk}*"))] if os.path.isdir(path)]

    def noted(self) -> list[str]:
        return [path.rpartition("-failing-")[2] for path in sorted(glob.glob(f"{self.run}/smartd-failing-*"))]

    def layers(self, name: str, disk: str) -> Iterator[str]:
        """What may be a member elsewhere of another disk that fails: the disk, its partitions, device-mapper's devices
        above them. A disk that was swapped has another number."""
        if not name.startswith("dm-"):
            number = first_line(f"{self.sys}/block/{name}/diskseq")
            if name == disk or number != first_line(f"{self.run}/smartd-failing-{name}"):
                return
        own = f"{self.sys}/block/{name}"
        for pattern in ("", f"/{name}*", "/holders/dm-*", f"/{name}*/holders/dm-*"):
            for layer in sorted(glob.glob(own + pattern)):
                yield os.path.basename(layer)
                if "/holders/" in layer:
                    yield from self.layers(os.path.basename(layer), disk)

    def inspect(self, name: str, path: str) -> Iterator[str]:
        """Reasons why a device can be lost, or why that is not known."""
        content = self.content(name, path)
        if content == "zfs_member":
            if not shutil.which("zpool"):
                yield "it belongs to a ZFS pool, whose state is not known"
            else:
                reason = why_pool_holds(name, self.failing, self.patience)
                if reason:
                    yield reason
        elif content == "btrfs":
            yield "it is part of a btrfs, whose redundancy is not known"
        elif content in ("ceph_bluestore", "drbd"):
            yield "its data are replicated"
        elif content is None:
            yield f"what is on {name} is not known: it does not answer"
        for holder in sorted(glob.glob(f"{path}/holders/*")):
            if os.path.exists(holder):
                yield from self.climb(os.path.basename(holder), name)

    def content(self, name: str, path: str) -> str | None:
        """The kind of file system or member; empty for none, None where the disk does not answer. udev knows it without
        touching the disk."""
        known = re.search(r"^E:ID_FS_TYPE=(.+)$", read_text(f"{self.udev}/b{first_line(f'{path}/dev')}"), re.MULTILINE)
        if known:
            return known.group(1)
        said = run(["blkid", "-o", "value", "-s", "TYPE", f"/dev/{name}"], self.patience)
        return None if said.code == 124 else said.output.strip()

    def is_used(self, name: str, path: str) -> bool:
        number = first_line(f"{path}/dev")
        mounts = (each.number for each in parse_mountinfo(read_text(f"{self.proc}/self/mountinfo")))
        swaps = (line.split()[:1] for line in read_text(f"{self.proc}/swaps").splitlines())
        return bool(
            self.content(name, path) != ""
            or glob.glob(f"{path}/holders/*")
            or (number and number in mounts)
            or [f"/dev/{name}"] in swaps
        )

    def climb(self, holder: str, below: str) -> Iterator[str]:
        if holder.startswith("md"):
            reason = self.array(holder, below)
            if reason:
                yield reason
        elif holder.startswith("dm-"):
            name = first_line(f"{self.sys}/block/{holder}/dm/name")
            if re.search(r"_(rimage|rmeta|mimage)_", name):
                yield f"it is part of the LVM mirror {name.partition('_')[0]}, whose state is not known"
            elif name.startswith("ceph--"):
                yield "its data are replicated by Ceph"
            yield from self.inspect(holder, f"{self.sys}/block/{holder}")
        else:
            yield f"it is used by {holder}, of which nothing is known"

    def array(self, name: str, member: str) -> str | None:
        md = f"{self.sys}/block/{name}/md"
        level, missing = first_line(f"{md}/level"), first_line(f"{md}/degraded")
        state = first_line(f"{md}/dev-{member}/state")
        if "faulty" in state or "spare" in state:
            return f"{name} does without it already"
        members = [path.rpartition("/dev-")[2] for path in glob.glob(f"{md}/dev-*")]
        in_sync = [other for other in members if "in_sync" in first_line(f"{md}/dev-{other}/state")]
        failing = [other for other in in_sync if other in self.failing]
        degraded = int(missing) + len(failing) if missing.isdigit() else len(failing) or None
        if level == "raid1":  # a mirror of three may have lost one
            holds = len(in_sync) - len(failing) >= 2
        else:
            holds = (level, degraded) in {("raid4", 0), ("raid5", 0), ("raid6", 0), ("raid6", 1), ("raid10", 0)}
        return f"{name} ({level}) is still redundant" if holds else None
