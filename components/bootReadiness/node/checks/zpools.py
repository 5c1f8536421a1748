"""A ZFS pool is not whole, or would not be imported at the next boot."""

import glob
import re
import struct

from look.verdict import Verdict, bad, passed, skipped

from ..machine import Machine

GROUP = "mounts"
CODES = {
    "boot-zpool-degraded": "a pool is not ONLINE",
    "boot-zpool-altroot": "a pool is imported below another root, so its datasets are mounted elsewhere after a boot",
    "boot-zpool-not-cached": "a pool is in no cache file, and no service looks for pools at boot",
    "boot-no-zfs": "there is no ZFS pool",
}
CACHE = "/etc/zfs/zpool.cache"
MOST = 16 << 20  # bytes


def check(machine: Machine) -> Verdict:
    if machine.is_container or not machine.has("zpool"):
        return skipped("boot-no-zfs", "no ZFS here")
    told = machine.run("zpool", "list", "-H", "-o", "name,health,altroot")
    if not told.ok:
        raise OSError(told.explain())
    pools = [line.split("\t") for line in told.output.splitlines() if line.count("\t") == 2]
    if not pools:
        return skipped("boot-no-zfs", "no ZFS pool here")
    for name, health, altroot in pools:
        if health != "ONLINE":
            return bad("boot-zpool-degraded", f"{name} is {health}", f"zpool status {name}")
        if altroot != "-":
            return bad("boot-zpool-altroot", f"{name} is imported below {altroot}", f"zpool export {name} && zpool import {name}")
    cached = machine.begin(CACHE, MOST) if machine.exists(CACHE) else b""
    scans = machine.find("/etc/systemd/system/*.target.wants/zfs-import-scan.service")
    root = {line.split()[0].partition("/")[0] for line in (machine.read("/proc/mounts") or "").splitlines() if line.split()[1:3] == ["/", "zfs"]}
    lost = [name for name, _, _ in pools if not is_in(cached, name) and name not in root and not scans and not has_unit(machine, name)]
    if lost:
        return bad("boot-zpool-not-cached", f"{', '.join(lost)} would not be imported at boot", f"zpool set cachefile={CACHE} {lost[0]}")
    return passed()


def has_unit(machine: Machine, pool: str) -> bool:
    """Its own unit, under the name that Proxmox gives it (systemd.unit(5), `String Escaping`), or under the plain one."""
    escaped = re.sub(r"[^A-Za-z0-9:_.]", lambda found: f"\\x{ord(found[0]):02x}", pool)
    return any(machine.find(f"/etc/systemd/system/*.wants/zfs-import@{glob.escape(each)}.service") for each in (escaped, pool))


def is_in(cache: bytes, name: str) -> bool:
    """The cache is an nvlist in XDR (spa_config.c): before a name stands its length, so that `tank` is not found in `tank2`."""
    text = name.encode()
    return struct.pack(">I", len(text)) + text + b"\0" * (-len(text) % 4) in cache
