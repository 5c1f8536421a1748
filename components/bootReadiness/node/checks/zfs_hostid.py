"""The hostid of the next boot is another than the pools were last used with: ZFS takes them for another machine's, and imports
none."""

import struct

from look.verdict import Verdict, bad, passed, skipped

from ..machine import Machine
from ..zpool_cache import CACHE, pools, root_pools

GROUP = "mounts"
CODES = {"boot-zpool-hostid": "a pool in the cache was last used with another hostid than the next boot has"}


def check(machine: Machine) -> Verdict:
    if machine.is_container or not machine.exists(CACHE):
        return skipped("boot-no-zfs", f"there is no {CACHE}")
    used = {name: int(pool.get("hostid", 0)) for name, pool in pools(machine).items() if isinstance(pool.get("hostid", 0), int)}
    if not used:
        return skipped("boot-no-zfs", f"{CACHE} has no pool")
    coming = coming_hostid(machine)
    root = root_pools(machine)
    # The root's is imported by the initramfs, which may have been without /etc/hostid.
    others = sorted(name for name, each in used.items() if each != coming and (each != 0 or name not in root))
    if others:
        last = used[others[0]]
        remedy = f"zgenhostid -f {last:08x}; update-initramfs -u -k all" if last else f"zpool export {others[0]} && zpool import {others[0]}"
        return bad("boot-zpool-hostid", f"{others[0]} was last used with hostid {last:08x}, and the next boot has {coming:08x}", remedy)
    return passed()


def coming_hostid(machine: Machine) -> int:
    """As lib/libspl/os/linux/gethostid.c has it: the module's parameter, else the file; without both there is none."""
    given = machine.word("/sys/module/spl/parameters/spl_hostid")
    if given.isdigit() and int(given):
        return int(given)
    own = machine.begin("/etc/hostid", 4) if machine.exists("/etc/hostid") else b""
    return int(struct.unpack("<I", own)[0]) if len(own) == 4 else 0
