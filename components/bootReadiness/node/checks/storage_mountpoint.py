"""A directory storage on a mount that may be missing does not say so: Proxmox would fill the empty folder on the root
disk."""

from look.verdict import Verdict, bad, passed, skipped, unknown

from .. import fstab
from ..machine import Machine, NoPmxcfs
from ..storages import blocks, is_here, setting

GROUP = "mounts"
CODES = {
    "boot-storage-without-mountpoint": "a directory storage lies on an optional mount and has no is_mountpoint",
    "boot-no-storage": "there is no storage.cfg",
}
FILE = "/etc/pve/storage.cfg"


def check(machine: Machine) -> Verdict:
    try:
        text = machine.in_pmxcfs("storage.cfg")
    except NoPmxcfs as error:
        return unknown("boot-pmxcfs-down", str(error), "systemctl status pve-cluster")
    if text is None:
        return skipped("boot-no-storage", f"there is no {FILE}")
    optional = [each.target.rstrip("/") for each in fstab.entries(machine) if each.target.startswith("/") and each.is_optional]
    open_ones = [name for name, block in blocks(text, "dir") if is_on(optional, block) and not is_guarded(block) and is_here(machine, block)]
    if open_ones:
        return bad("boot-storage-without-mountpoint", f"storage {', '.join(open_ones)} would be filled on the root disk", f"pvesm set {open_ones[0]} --is_mountpoint yes")
    return passed()


def is_on(targets: list[str], block: str) -> bool:
    path = (setting(block, "path") or "").rstrip("/")
    return any(path == target or path.startswith(f"{target}/") for target in targets)


def is_guarded(block: str) -> bool:
    return (setting(block, "is_mountpoint") or "no") not in ("no", "0")
