"""How one gets in."""

import os


def root_keys():
    """Where root's authorized_keys is kept: on Proxmox it is a link into pmxcfs, which is gone when pmxcfs is."""
    path = "/root/.ssh/authorized_keys"
    return "in pmxcfs" if os.path.realpath(path).startswith("/etc/pve/") else "on disk"
