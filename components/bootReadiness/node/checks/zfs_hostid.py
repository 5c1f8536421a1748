"""The hostid of the next boot is another than the pools were last used with: ZFS takes them for another machine's, and imports
none."""

import struct

from look.verdict import Verdict, bad, passed, skipped

from ..machine import Machine

GROUP = "mounts"
CODES = {"boot-zpool-hostid": "a pool in the cache was last used with another hostid than the next boot has"}
CACHE = "/etc/zfs/zpool.cache"
MOST = 16 << 20  # bytes
# In the cache, an nvlist in XDR: the name with its length and padding, type 8 (uint64), one of them.
KEY = struct.pack(">I", 6) + b"hostid\0\0" + struct.pack(">II", 8, 1)


def check(machine: Machine) -> Verdict:
    if machine.is_container or not machine.exists(CACHE):
        return skipped("boot-no-zfs", f"there is no {CACHE}")
    used = hostids(machine.begin(CACHE, MOST))
    own = machine.begin("/etc/hostid", 4) if machine.exists("/etc/hostid") else b""
    # Without the file the kernel's module has none, and asks nobody's.
    coming = struct.unpack("<I", own)[0] if len(own) == 4 else 0
    others = sorted({each for each in used if each not in (0, coming)})
    if others:
        return bad("boot-zpool-hostid", f"a pool was last used with hostid {others[0]:08x}, and the next boot has {coming:08x}", f"zgenhostid -f {others[0]:08x}; update-initramfs -u -k all")
    return passed() if used else skipped("boot-no-zfs", "no pool in the cache has a hostid")


def hostids(cache: bytes) -> list[int]:
    parts = cache.split(KEY)[1:]
    return [int(struct.unpack(">Q", part[:8])[0]) for part in parts if len(part) >= 8]
