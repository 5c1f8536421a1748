"""What lies in /etc/pve. It may hang, and whoever opens a file there then hangs with it: only a program of its own, with a time
limit, ever looks."""

from __future__ import annotations

from engine import commands, mounts

MOUNT = mounts.PMXCFS_AT
LIMIT = 4 << 20  # bytes; pmxcfs keeps no file over 1 MiB
TIMEOUT = 5  # seconds


def read(name: str, root: str = "") -> commands.Outcome | None:
    """`cat` of a file there; None where there is no such file, or no Proxmox VE. `root`: of another tree."""
    if not mounts.has_pmxcfs_folder(root):
        return None
    found = commands.run(["cat", "--", f"{root}{MOUNT}/{name}"], TIMEOUT, limit=LIMIT)
    return None if found.code == 1 and "No such file or directory" in found.errors else found
