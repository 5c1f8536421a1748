"""A ZFS pool is not whole, or would not be imported at the next boot."""

import glob
import re

from look.verdict import Verdict, bad, passed, skipped, unknown

from ..machine import Machine, NoPmxcfs
from ..storages import blocks, is_here, setting
from ..zpool_cache import CACHE, paths, pools, root_pools
from .device_names import NAME

GROUP = "mounts"
CODES = {
    "boot-zpool-degraded": "a pool is not ONLINE",
    "boot-zpool-altroot": "a pool is imported below another root, so its datasets are mounted elsewhere after a boot",
    "boot-zpool-not-cached": "a pool is in no cache file, and no service looks for pools at boot",
    "boot-zpool-missing": "a pool of the cache file, or of a storage of this node, is not imported: its disks were not found",
    "boot-zpool-moved": "the cache file looks for a disk of a pool at a path where there is nothing",
    "boot-zpool-device-name": "the cache file looks for a disk of a pool under the kernel's name, which the next boot may give to another",
    "boot-no-zfs": "there is no ZFS pool",
}


def check(machine: Machine) -> Verdict:
    if machine.is_container or not machine.has("zpool"):
        return skipped("boot-no-zfs", "no ZFS here")
    told = machine.run("zpool", "list", "-H", "-o", "name,health,altroot")
    if not told.ok:
        raise OSError(told.explain())
    listed = [line.split("\t") for line in told.output.splitlines() if line.count("\t") == 2]
    for name, health, altroot in listed:
        if health != "ONLINE":
            return bad("boot-zpool-degraded", f"{name} is {health}", f"zpool status {name}")
        if altroot != "-":
            return bad("boot-zpool-altroot", f"{name} is imported below {altroot}", f"zpool export {name} && zpool import {name}")
    try:
        return at_boot(machine, {name for name, _, _ in listed})
    except NoPmxcfs as error:
        return unknown("boot-pmxcfs-down", str(error), "systemctl status pve-cluster")


def at_boot(machine: Machine, imported: set[str]) -> Verdict:
    """Of those that are sound now."""
    known = {name: paths(pool) for name, pool in pools(machine).items()}
    # Proxmox VE imports the pool of a storage when it first needs it.
    stored = {(setting(block, "pool") or "").partition("/")[0] for _, block in blocks(machine.in_pmxcfs("storage.cfg") or "", "zfspool") if is_here(machine, block)}
    wanted = known.keys() | stored - {""}
    if not imported and not wanted:
        return skipped("boot-no-zfs", "no ZFS pool here")
    if gone := sorted(wanted - imported):
        said = f"{gone[0]} is in {CACHE if gone[0] in known else 'storage.cfg'}, and not imported"
        return bad("boot-zpool-missing", said, f"zpool import {gone[0]}; where it is gone for good: take it out of there (a cache file is made anew by zpool set cachefile={CACHE} POOL)")
    # The initramfs finds the root's by itself. Debian's zfs-import-scan.service does nothing where there is a cache.
    scans = not known and machine.find("/etc/systemd/system/*.target.wants/zfs-import-scan.service")
    root = root_pools(machine)
    others = {name for name in imported if name not in root and not scans and not has_unit(machine, name)}
    for name in sorted(others & known.keys()):
        remedy = f"zpool export {name} && zpool import -d /dev/disk/by-id {name}"
        if moved := [path for path in known[name] if not machine.exists(path)]:
            return bad("boot-zpool-moved", f"{name} is looked for at {moved[0]}, where there is nothing", remedy)
        if kernels := [path for path in known[name] if NAME.fullmatch(path)]:
            return bad("boot-zpool-device-name", f"{name} is looked for at {kernels[0]}, which may be another disk at the next boot", remedy)
    if lost := sorted(others - wanted):
        return bad("boot-zpool-not-cached", f"{', '.join(lost)} would not be imported at boot", f"zpool set cachefile={CACHE} {lost[0]}")
    return passed()


def has_unit(machine: Machine, pool: str) -> bool:
    """Its own unit, under the name that Proxmox gives it (systemd.unit(5), `String Escaping`), or under the plain one."""
    escaped = re.sub(r"[^A-Za-z0-9:_.]", lambda found: f"\\x{ord(found[0]):02x}", pool)
    return any(machine.find(f"/etc/systemd/system/*.wants/zfs-import@{glob.escape(each)}.service") for each in (escaped, pool))
