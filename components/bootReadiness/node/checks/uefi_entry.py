"""The firmware has no entry for this system, or tries another one first."""

import re

from look.verdict import Verdict, bad, passed, skipped

from ..machine import Machine

GROUP = "kernel"
CODES = {
    "boot-uefi-entry-missing": "no active UEFI entry is Proxmox's, Debian's or systemd-boot's, and there is no removable loader",
    "boot-uefi-not-first": "the firmware tries something else before this system",
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
    current = re.search(r"^BootCurrent: ([0-9A-F]{4})", told.output, re.MULTILINE)
    # Inactive ones are not tried. What has started this very boot is ours, whatever it is called.
    tried = [number for number in (order.group(1).split(",") if order else []) if number in entries]
    mine = [number for number in tried if OURS.search(entries[number]) or (current and number == current.group(1))]
    if not mine and not machine.find("/boot/efi/EFI/BOOT/BOOTX64.EFI"):
        return bad("boot-uefi-entry-missing", "no UEFI entry starts this system", "grub-install, or proxmox-boot-tool reinit")
    if mine and tried[0] != mine[0]:
        first = entries[tried[0]].partition("\t")[0]
        return bad("boot-uefi-not-first", f"the firmware tries {first[:40]} before this system", f"efibootmgr --bootorder {','.join([*mine, *(each for each in tried if each not in mine)])}")
    return passed()
