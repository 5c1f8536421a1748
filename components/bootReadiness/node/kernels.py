"""The kernels that are installed."""

from __future__ import annotations

from look.versions import order

from .machine import Machine


def installed(machine: Machine) -> list[str]:
    """Versions, the oldest first."""
    paths = machine.find("/boot/vmlinuz-*")
    return sorted((path.partition("vmlinuz-")[2] for path in paths), key=order)


def newest(machine: Machine) -> str | None:
    return next(reversed(installed(machine)), None)
