"""Proxmox VE's storages, from /etc/pve/storage.cfg."""

from __future__ import annotations

import re

from .machine import Machine


def blocks(text: str, kind: str) -> list[tuple[str, str]]:
    """(name, settings) of each storage of that kind: `dir`, `zfspool`."""
    return re.findall(rf"^{kind}:\s*(\S+)\n((?:[ \t]+.*\n?)*)", text, re.MULTILINE)


def setting(block: str, name: str) -> str | None:
    found = re.search(rf"^\s+{name}(?:\s+(.+?))?\s*$", block, re.MULTILINE)
    return found and (found.group(1) or "")


def is_here(machine: Machine, block: str) -> bool:
    nodes = setting(block, "nodes")
    return setting(block, "disable") is None and (nodes is None or machine.name in re.split(r"[,;\s]+", nodes))
