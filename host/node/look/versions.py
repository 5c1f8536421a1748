"""Versions of kernels, as Debian and Proxmox number them."""

from __future__ import annotations

import re


def order(version: str) -> list[tuple[int, int, str]]:
    """A key to sort by: 6.8.12-10-pve comes after 6.8.12-9-pve."""
    return [(1, int(part), "") if part.isdigit() else (0, 0, part) for part in re.findall(r"\d+|[a-z]+", version)]
