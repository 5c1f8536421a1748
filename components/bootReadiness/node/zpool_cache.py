"""OpenZFS's cache file, /etc/zfs/zpool.cache: an nvlist, pools by name (module/nvpair/nvpair.c).

Today's OpenZFS packs it as its machine has it in memory (`nvs_native`), an older one in XDR (`nvs_xdr`), as the disks' labels are.
"""

from __future__ import annotations

import struct
from typing import Any

from .machine import Machine

CACHE = "/etc/zfs/zpool.cache"
MOST = 16 << 20  # bytes
UINT64, STRING, NVLIST, NVLIST_ARRAY = 8, 9, 19, 20
DEEPEST = 32  # lists in each other: a pool, its tree, a mirror, a replacement, a disk

Pool = dict[str, Any]  # its configuration: numbers, strings and lists by name


class DamagedError(OSError):
    """It is no such list: what a boot makes of it cannot be told."""


def pools(machine: Machine) -> dict[str, Pool]:
    """{name: configuration}; none where there is no cache, or an empty one. Raises DamagedError."""
    data = machine.begin(CACHE, MOST) if machine.exists(CACHE) else b""
    return unpack(data) if data else {}


def root_pools(machine: Machine) -> set[str]:
    """Names: the initramfs imports what / lies on, whatever the cache has."""
    mounted = [line.split() for line in (machine.read("/proc/mounts") or "").splitlines()]
    return {words[0].partition("/")[0] for words in mounted if words[1:3] == ["/", "zfs"]}


def unpack(data: bytes) -> dict[str, Pool]:
    try:
        encodings: dict[int, type[Native] | type[Xdr]] = {0: Native, 1: Xdr}
        reader = encodings[data[0]](data)
        return {name: pool for name, pool in reader.pairs().items() if isinstance(pool, dict)}
    except (KeyError, IndexError, ValueError, struct.error) as error:
        raise DamagedError(f"{CACHE} is damaged: {error}") from error


def paths(vdev: Pool) -> list[str]:
    """At which its disks are looked for; a spare of dRAID has a name that is none."""
    found = [vdev["path"]] if str(vdev.get("path", "")).startswith("/") else []
    below = vdev["children"] if isinstance(vdev.get("children"), list) else []
    if isinstance(vdev.get("vdev_tree"), dict):
        below = [*below, vdev["vdev_tree"]]
    return found + [path for each in below for path in paths(each)]


class Native:
    """A pair: size (4), size of the name with its zero (2), 2 unused, count (4), type (4), then name and value, each padded to eight
    bytes. The lists of one follow it; each ends with a size of zero."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.order = {0: ">", 1: "<"}[data[1]]
        self.at = 12  # head, version, flags

    def pairs(self, depth: int = 0) -> Pool:
        check_depth(depth)
        found: Pool = {}
        while True:
            start = self.at
            (size,) = self.numbers("i", start)
            if size == 0:
                self.at += 4
                return found
            letters, _, count, kind = self.numbers("hhii", start + 4)
            value = start + 16 + letters + -letters % 8
            if size < 16 or not start < value <= start + size <= len(self.data):
                raise ValueError("a pair is longer or shorter than it says")
            name = self.data[start + 16 : start + 16 + letters - 1].decode()
            self.at = start + size
            if kind == UINT64:
                (found[name],) = self.numbers("Q", value)
            elif kind == STRING:
                found[name] = self.data[value : self.at].partition(b"\0")[0].decode()
            elif kind == NVLIST:
                found[name] = self.pairs(depth + 1)
            elif kind == NVLIST_ARRAY:
                found[name] = [self.pairs(depth + 1) for _ in range(count)]

    def numbers(self, shape: str, at: int) -> tuple[int, ...]:
        return struct.unpack_from(self.order + shape, self.data, at)


class Xdr:
    """A pair: size (4), size in memory (4), name, type (4), count (4), value. Strings stand behind their length, padded to four
    bytes; lists begin with version and flags, and end with two sizes of zero."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 4

    def pairs(self, depth: int = 0) -> Pool:
        check_depth(depth)
        self.at += 8
        found: Pool = {}
        while True:
            start = self.at
            size, decoded = self.number(), self.number()
            if size == decoded == 0:
                return found
            if size < 20:
                raise ValueError("a pair is shorter than it says")
            name, kind, count = self.string(), self.number(), self.number()
            if kind == NVLIST:
                found[name] = self.pairs(depth + 1)
            elif kind == NVLIST_ARRAY:
                found[name] = [self.pairs(depth + 1) for _ in range(count)]
            else:
                if kind == UINT64:
                    found[name] = self.number() << 32 | self.number()
                elif kind == STRING:
                    found[name] = self.string()
                self.at = start + size

    def number(self) -> int:
        self.at += 4
        return int(struct.unpack_from(">I", self.data, self.at - 4)[0])

    def string(self) -> str:
        length = self.number()
        text = self.data[self.at : self.at + length]
        if len(text) < length:
            raise ValueError("it is cut off")
        self.at += length + -length % 4
        return text.decode()


def check_depth(depth: int) -> None:
    if depth > DEEPEST:
        raise ValueError("its lists are too deep")
