"""The kernels that are installed."""

from __future__ import annotations

import re

from .machine import Machine


def installed(machine: Machine) -> list[str]:
    """Versions, the oldest first, as Debian and Proxmox number them."""
    paths = machine.find("/boot/vmlinuz-*")
    return sorted((path.partition("vmlinuz-")[2] for path in paths), key=order)


def newest(machine: Machine) -> str | None:
    return next(reversed(installed(machine)), None)


def order(version: str) -> list[tuple[int, int, str]]:
    """6.8.12-10-pve comes after 6.8.12-9-pve."""
    return [(1, int(part), "") if part.isdigit() else (0, 0, part) for part in re.findall(r"\d+|[a-z]+", version)]
