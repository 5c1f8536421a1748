"""Whether cards can be pinned as the stack has it, and the initramfs that has to know of it."""

import os

from ...bootReadiness.node.cards import cards, pinned
from ...bootReadiness.node.machine import Machine
from engine import commands
from look.observe import is_ours
from look.verdict import Verdict, bad, passed

UPDATE = "/usr/sbin/update-initramfs"


def nic_names(_: float, *words: str, root: str = "") -> Verdict:
    """`NAME=MAC` each."""
    machine = Machine(root)
    wanted = {mac: name for name, mac in (word.split("=", 1) for word in words)}
    there = cards(machine)
    absent = [f"{name} ({mac})" for mac, name in wanted.items() if mac not in there.values()]
    if absent:
        known = ", ".join(f"{name} has {mac}" for name, mac in sorted(there.items())) or "there is no card"
        return bad("nic-absent", f"no card here is {', '.join(absent)}: {known}")
    pins = {mac: pin for mac, pin in pinned(machine).items() if not is_ours(machine.path(pin.path))}
    otherwise = [f"{pins[mac].path} names the card {mac} {pins[mac].name}, and not {name}" for mac, name in wanted.items() if mac in pins and pins[mac].name != name]
    if otherwise:
        return bad("nic-named-otherwise", "; ".join(otherwise))
    taken = [f"{name} is the name of the card {mac}" for name, mac in there.items() if name in wanted.values() and wanted.get(mac) != name]
    if taken:
        return bad("nic-name-taken", f"{'; '.join(taken)}: choose a name that no other card has now; udev gives none twice, not even for a moment")
    return passed()


def nic_initramfs(timeout: float, root: str = "") -> Verdict:
    """Of every kernel: whichever boots next carries the same names. Proxmox's own hook brings what proxmox-boot-tool keeps up to date
    with it. A machine without an initramfs (a container) has nothing to do, and one whose cards get other names must not: the real
    root's udev gives a card the name of its .link file whatever the initramfs called it, but without one it keeps the initramfs's name
    (NamePolicy=keep). After a power cut at this point the files are taken back and the initramfs is not."""
    if not os.access(UPDATE, os.X_OK) or os.path.exists("/run/systemd/container") or renames(Machine(root)):
        return passed()
    updated = commands.run([UPDATE, "-u", "-k", "all"], timeout)
    return passed() if updated.ok else bad("nic-initramfs-stale", f"update-initramfs: {updated.explain()}")


def renames(machine: Machine) -> bool:
    """Whether a pin gives a card another name than it has now."""
    pins = pinned(machine)
    return any(mac in pins and pins[mac].name != name for name, mac in cards(machine).items())
