"""The hostid of the next boot is another than the pools were last used with: ZFS takes them for another machine's, and imports
none."""

import struct

from look.verdict import Verdict, bad, passed, skipped

from ..machine import Machine
from ..zpool_cache import CACHE, pools

GROUP = "mounts"
CODES = {"boot-zpool-hostid": "a pool in the cache was last used with another hostid than the next boot has"}


def check(machine: Machine) -> Verdict:
    if machine.is_container or not machine.exists(CACHE):
        return skipped("boot-no-zfs", f"there is no {CACHE}")
    used = [pool["hostid"] for pool in pools(machine).values() if isinstance(pool.get("hostid"), int)]
    own = machine.begin("/etc/hostid", 4) if machine.exists("/etc/hostid") else b""
    # Without the file the kernel's module has none, and asks nobody's.
    coming = struct.unpack("<I", own)[0] if len(own) == 4 else 0
    others = sorted({each for each in used if each not in (0, coming)})
    if others:
        return bad("boot-zpool-hostid", f"a pool was last used with hostid {others[0]:08x}, and the next boot has {coming:08x}", f"zgenhostid -f {others[0]:08x}; update-initramfs -u -k all")
    return passed() if used else skipped("boot-no-zfs", "no pool in the cache has a hostid")
