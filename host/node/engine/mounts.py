"""Where file systems are mounted. A bind mount on its own file system counts: os.path.ismount does not see it."""

from __future__ import annotations

import os
import re


def points() -> set[str]:
    with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as stream:
        return {"/", *(unescape(line.split(" ")[4]) for line in stream)}


def mount_of(path: str, known: set[str]) -> str:
    """The mount point that `path` is below, or will be."""
    folder = os.path.realpath(os.path.dirname(path))
    while folder not in known:
        folder = os.path.dirname(folder)
    return folder


def unescape(name: str) -> str:
    r"""The kernel writes odd bytes as \040."""
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match.group(1), 8)), name)
