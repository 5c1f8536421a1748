"""The machine as the checks see it: files below a prefix, and commands. Reads only; in tests the prefix is a folder of
fixtures."""

from __future__ import annotations

import functools
import glob
import json
import os
from typing import Any

from engine import commands, mounts
from look import pmxcfs

EXPECTED = "/etc/holdfast/boot-readiness.json"
LIMIT = 4 << 20  # bytes of one file or one command's output


class NoPmxcfs(Exception):
    """Nobody can say what lies in /etc/pve: pmxcfs is down, or hangs."""


class Machine:
    def __init__(self, root: str = "") -> None:
        self.root = root
        self.asked: dict[tuple[str, ...], commands.Outcome] = {}
        self.pmxcfs_is_down: NoPmxcfs | None = None
        self.kept: dict[str, str | None] = {}  # of /etc/pve

    @functools.cached_property
    def expected(self) -> dict[str, Any]:
        """What the stack declares: {name, addresses: "192.0.2.11 2001:db8::11"}."""
        return dict(json.loads(self.read(EXPECTED) or "{}"))

    @property
    def name(self) -> str:
        return str(self.expected.get("name") or os.uname().nodename.partition(".")[0])

    @property
    def addresses(self) -> list[str]:
        return str(self.expected.get("addresses", "")).split()

    @functools.cached_property
    def is_container(self) -> bool:
        """It boots with the kernel, the disks and the clock of its host."""
        return self.exists("/run/systemd/container")

    def path(self, path: str) -> str:
        return self.root + path

    def read(self, path: str) -> str | None:
        """None where there is no such file. Raises OSError where there is one and it cannot be read."""
        try:
            with open(self.path(path), encoding="utf-8", errors="replace") as stream:
                return stream.read(LIMIT)
        except (FileNotFoundError, NotADirectoryError):
            return None

    def in_pmxcfs(self, name: str) -> str | None:
        """A file of /etc/pve; None where there is none, or no Proxmox VE. Raises NoPmxcfs: without it the folder is empty, and
        says nothing of what a boot will find there."""
        if not self.has_proxmox:
            return None
        if self.pmxcfs_is_down:  # each question to one that hangs takes its whole time
            raise self.pmxcfs_is_down
        if name not in self.kept:
            self.kept[name] = self.ask_pmxcfs(name)
        return self.kept[name]

    def ask_pmxcfs(self, name: str) -> str | None:
        if not mounts.shows_pmxcfs(mounts.parse_mountinfo(self.read(mounts.MOUNTINFO) or "")):
            self.pmxcfs_is_down = NoPmxcfs("pmxcfs is not mounted, so what lies in /etc/pve cannot be told")
            raise self.pmxcfs_is_down
        found = pmxcfs.read(name, self.root)
        if found is not None and not found.ok:
            self.pmxcfs_is_down = NoPmxcfs(f"pmxcfs does not answer for {name}: {found.explain()}")
            raise self.pmxcfs_is_down
        return found.output if found else None

    @property
    def has_proxmox(self) -> bool:
        return any(self.exists(f"{place}/pve-cluster.service") for place in ("/usr/lib/systemd/system", "/lib/systemd/system", "/etc/systemd/system"))

    def word(self, path: str) -> str:
        """Of a file below /proc or /sys, which refuse to be read into a buffer of megabytes; empty where there is
        none."""
        try:
            with open(self.path(path), "rb") as stream:
                return os.read(stream.fileno(), 4096).decode("utf-8", "replace").strip()
        except (FileNotFoundError, NotADirectoryError):
            return ""

    def begin(self, path: str, size: int) -> bytes:
        with open(self.path(path), "rb") as stream:
            return stream.read(size)

    def lines(self, path: str) -> list[str]:
        """Without comments and empty ones."""
        found = [line.strip() for line in (self.read(path) or "").splitlines()]
        return [line for line in found if line and not line.startswith("#")]

    def exists(self, path: str) -> bool:
        return os.path.exists(self.path(path))

    def real(self, path: str) -> str:
        """Where its links lead."""
        return os.path.realpath(self.path(path))[len(os.path.realpath(self.root or "/").rstrip("/")) :]

    def lies(self, path: str) -> bool:
        """A link counts, wherever it leads."""
        return os.path.lexists(self.path(path))

    def target(self, path: str) -> str | None:
        """Of a link."""
        try:
            return os.readlink(self.path(path))
        except OSError:
            return None

    def find(self, pattern: str) -> list[str]:
        """Paths, sorted."""
        return sorted(path[len(self.root) :] for path in glob.glob(self.path(pattern)))

    def names(self, folder: str) -> list[str]:
        try:
            return sorted(os.listdir(self.path(folder)))
        except (FileNotFoundError, NotADirectoryError):
            return []

    def changed(self, path: str) -> float:
        """When its content or attributes last changed, which no `touch` hides; seconds since 1970."""
        return os.lstat(self.path(path)).st_ctime

    def written(self, path: str) -> float:
        return os.stat(self.path(path)).st_mtime

    def size(self, path: str) -> int:
        return os.stat(self.path(path)).st_size

    def has(self, program: str) -> bool:
        folders = commands.ENVIRONMENT["PATH"].split(":")
        return any(os.access(self.path(f"{folder}/{program}"), os.X_OK) for folder in folders)

    def in_hosts(self, name: str) -> list[str]:
        """Addresses of the name in /etc/hosts, as pmxcfs and corosync get them: by that file alone, and whatever the network has,
        since at that moment of a boot there may be none yet. Raises OSError where it cannot be asked."""
        listed = self.run("getent", "-s", "files", "--no-addrconfig", "ahosts", "--", name)
        if listed.code is None:
            raise OSError(listed.explain())
        return list(dict.fromkeys(line.split()[0] for line in listed.output.splitlines() if line.strip()))

    def run(self, *argv: str) -> commands.Outcome:
        """Each once in an audit, however many checks ask."""
        if argv not in self.asked:
            self.asked[argv] = commands.run(argv, 15, limit=LIMIT)
        return self.asked[argv]
