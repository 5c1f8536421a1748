"""A ZFS pool is not whole, or would not be imported at the next boot."""

import glob
import re

from look.verdict import Verdict, bad, passed, skipped, unknown

from ..machine import Machine, NoPmxcfs
from ..zpool_cache import CACHE, paths, pools
from .device_names import NAME

GROUP = "mounts"
CODES = {
    "boot-zpool-degraded": "a pool is not ONLINE",
    "boot-zpool-altroot": "a pool is imported below another root, so its datasets are mounted elsewhere after a boot",
    "boot-zpool-not-cached": "a pool is in no cache file, and no service looks for pools at boot",
    "boot-zpool-missing": "the cache file has a pool that is not imported, as where its disks were not found at the last boot",
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
    if not listed and not machine.exists(CACHE):
        return skipped("boot-no-zfs", "no ZFS pool here")
    for name, health, altroot in listed:
        if health != "ONLINE":
            return bad("boot-zpool-degraded", f"{name} is {health}", f"zpool status {name}")
        if altroot != "-":
            return bad("boot-zpool-altroot", f"{name} is imported below {altroot}", f"zpool export {name} && zpool import {name}")
    return at_boot(machine, {name for name, _, _ in listed})


def at_boot(machine: Machine, imported: set[str]) -> Verdict:
    """Of those that are sound now."""
    known = {name: paths(pool) for name, pool in pools(machine).items()}
    # The initramfs finds the root's by itself. Debian's zfs-import-scan.service does nothing where there is a cache.
    scans = not known and machine.find("/etc/systemd/system/*.target.wants/zfs-import-scan.service")
    root = {line.split()[0].partition("/")[0] for line in (machine.read("/proc/mounts") or "").splitlines() if line.split()[1:3] == ["/", "zfs"]}
    others = {name for name in imported if name not in root and not scans and not has_unit(machine, name)}
    if gone := sorted(known.keys() - imported):
        return bad("boot-zpool-missing", f"{CACHE} has {', '.join(gone)}, which is not imported", f"zpool import {gone[0]}; where it is gone for good: mv {CACHE} {CACHE}.old, and zpool set cachefile={CACHE} for each pool that stays")
    for name in sorted(others & known.keys()):
        if moved := [path for path in known[name] if not machine.exists(path)]:
            return bad("boot-zpool-moved", f"{name} is looked for at {moved[0]}, where there is nothing", f"zpool export {name} && zpool import -d /dev/disk/by-id {name}")
        if kernels := [path for path in known[name] if NAME.fullmatch(path)]:
            said = f"{name} is looked for at {kernels[0]}, which may be another disk at the next boot"
            return bad("boot-zpool-device-name", said, f"zpool export {name} && zpool import -d /dev/disk/by-id {name}")
    if lost := sorted(others - known.keys()):
        try:
            lost = [name for name in lost if not is_storage(machine, name)]
        except NoPmxcfs as error:
            return unknown("boot-pmxcfs-down", str(error), "systemctl status pve-cluster")
    if lost:
        return bad("boot-zpool-not-cached", f"{', '.join(lost)} would not be imported at boot", f"zpool set cachefile={CACHE} {lost[0]}")
    return passed()


def is_storage(machine: Machine, pool: str) -> bool:
    """Proxmox VE imports the pool of a storage when it first needs it."""
    return re.search(rf"^\s+pool\s+{re.escape(pool)}(?:/|\s*$)", machine.in_pmxcfs("storage.cfg") or "", re.MULTILINE) is not None


def has_unit(machine: Machine, pool: str) -> bool:
    """Its own unit, under the name that Proxmox gives it (systemd.unit(5), `String Escaping`), or under the plain one."""
    escaped = re.sub(r"[^A-Za-z0-9:_.]", lambda found: f"\\x{ord(found[0]):02x}", pool)
    return any(machine.find(f"/etc/systemd/system/*.wants/zfs-import@{glob.escape(each)}.service") for each in (escaped, pool))
