"""The kernels that are installed, and which of them the boot loader starts next."""

from __future__ import annotations

from look.versions import order

from .machine import Machine

# Proxmox's hooks make the boot loader's default of the first of them that there is, by its first line.
PINS = ("/etc/kernel/next-boot-pin", "/etc/kernel/proxmox-boot-pin")


def installed(machine: Machine) -> list[str]:
    """Versions, the oldest first."""
    paths = machine.find("/boot/vmlinuz-*")
    return sorted((path.partition("vmlinuz-")[2] for path in paths), key=order)


def newest(machine: Machine) -> str | None:
    return next(reversed(installed(machine)), None)


def pins(machine: Machine) -> dict[str, str]:
    """{file: version}, empty where it pins none; what counts for the next boot alone comes first."""
    return {path: machine.word(path).partition("\n")[0].strip() for path in PINS}


def coming(machine: Machine) -> str | None:
    """What the next boot starts: the pinned one, else the newest. Of a pin that is not installed the loader's menu has no
    entry, and it starts the newest."""
    pin = next((version for version in pins(machine).values() if version), None)
    return pin if pin in installed(machine) else newest(machine)
