"""How one gets in."""

import os

from engine import safe


def root_keys() -> str:
    """Where root's authorized_keys is kept: on Proxmox it is a link into pmxcfs, which is gone when pmxcfs is."""
    path = "/root/.ssh/authorized_keys"
    # The link alone: to follow it into a pmxcfs that hangs would hang the look.
    return "in pmxcfs" if os.path.islink(path) and os.readlink(path).startswith("/etc/pve/") else "on disk"


def root_alone(folder: str) -> str:
    """Whether root's programs may write there: nobody else could have them write elsewhere."""
    if not os.path.isdir(folder):
        return "absent"
    return safe.why_unsafe(f"{folder}/any") or "root's alone"
