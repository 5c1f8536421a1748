"""The kernels that this node can boot, and Proxmox's pins.

`proxmox-boot-tool kernel pin` only writes its file where the node has ESPs of Proxmox's own and nobody sits at a terminal: what
the boot loader reads is brought up to date by `refresh`. A pin for the next boot becomes the boot loader's default until
`proxmox-boot-cleanup.service` of the booted system takes it back.
"""

from __future__ import annotations

import os
from typing import Any

from engine.commands import run
from look.versions import order

BOOT = "/boot"
TOOL = "proxmox-boot-tool"
PIN = "/etc/kernel/proxmox-boot-pin"
ESPS = "/etc/kernel/proxmox-boot-uuids"
LIMIT = 600  # seconds: update-grub probes every disk


class Failed(Exception):
    """A pin that is not as it was asked for."""


def look() -> dict[str, Any]:
    """{running, newest: with image and initrd, or null; pinned: for good, or null; tool: whether Proxmox's is there}"""
    return {
        "running": os.uname().release,
        "newest": newest(),
        "pinned": pinned(),
        "tool": run([TOOL, "help"], timeout=20).problem is None,
    }


def newest() -> str | None:
    names = os.listdir(BOOT) if os.path.isdir(BOOT) else []
    whole = [name[len("vmlinuz-") :] for name in names if name.startswith("vmlinuz-") and f"initrd.img-{name[len('vmlinuz-') :]}" in names]
    return max(whole, key=order, default=None)


def pinned() -> str | None:
    try:
        with open(PIN, encoding="utf-8") as stream:
            return stream.readline().strip()[:200] or None
    except FileNotFoundError:
        return None


def pin_for_next_boot(version: str) -> None:
    """The kernel that runs becomes the one that stays: without that the newest would be the default anyway."""
    boot_tool("pin", os.uname().release)
    boot_tool("pin", version, "--next-boot")
    refresh()


def pin_for_good(version: str) -> None:
    boot_tool("pin", version)
    refresh()


def take_back(before: str | None) -> None:
    """As it was before `pin_for_next_boot`."""
    if before is None:
        boot_tool("unpin")
    else:
        boot_tool("unpin", "--next-boot")
        boot_tool("pin", before)
    refresh()


def boot_tool(*words: str) -> None:
    outcome = run([TOOL, "kernel", *words], timeout=LIMIT)
    if not outcome.ok:
        raise Failed(f"{TOOL} kernel {' '.join(words)}: {outcome.explain()}")


def refresh() -> None:
    if not os.path.exists(ESPS):
        return  # GRUB alone: the pin has run update-grub
    outcome = run([TOOL, "refresh"], timeout=LIMIT)
    if not outcome.ok:
        raise Failed(f"{TOOL} refresh: {outcome.explain()}")
