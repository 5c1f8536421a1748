"""The firmware has no entry for this system, or tries another one first."""

import re

from look.verdict import Verdict, bad, passed, skipped

from ..machine import Machine

GROUP = "kernel"
CODES = {
    "boot-uefi-entry-missing": "no active UEFI entry is Proxmox's, Debian's or systemd-boot's, and there is no removable loader",
    "boot-uefi-once": "BootNext starts something else at the next boot, once",
    "boot-no-uefi": "the machine was not started by UEFI",
}
OURS = re.compile(r"proxmox|debian|linux boot manager|\\EFI\\(?:proxmox|debian|systemd|BOOT)\\", re.IGNORECASE)


def check(machine: Machine) -> Verdict:
    if machine.is_container or not machine.exists("/sys/firmware/efi"):
        return skipped("boot-no-uefi", "not started by UEFI")
    told = machine.run("efibootmgr", "-v")
    if not told.ok:
        raise OSError(told.explain())
    entries = dict(re.findall(r"^Boot([0-9A-F]{4})\* (.*)$", told.output, re.MULTILINE))
    order = re.search(r"^BootOrder: (\S+)", told.output, re.MULTILINE)
    following = re.search(r"^BootNext: ([0-9A-F]{4})", told.output, re.MULTILINE)
    if following and not OURS.search(entries.get(following.group(1), "")):
        return bad("boot-uefi-once", f"the next boot starts {entries.get(following.group(1), 'nothing known')[:40]}, once", "efibootmgr --delete-bootnext")
    mine = [number for number in (order.group(1).split(",") if order else []) if OURS.search(entries.get(number, ""))]
    if not mine and not machine.find("/boot/efi/EFI/BOOT/BOOTX64.EFI"):
        return bad("boot-uefi-entry-missing", "no UEFI entry starts this system", "grub-install, or proxmox-boot-tool reinit")
    return passed()
