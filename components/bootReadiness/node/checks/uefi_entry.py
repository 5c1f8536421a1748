"""The firmware has no entry for this system, or tries another one first."""

import re

from look.verdict import Verdict, bad, passed, skipped

from ..machine import Machine

GROUP = "kernel"
CODES = {
    "boot-uefi-entry-missing": "no active UEFI entry of a partition that is there is Proxmox's, Debian's or systemd-boot's, and there is no removable loader",
    "boot-uefi-not-first": "the firmware tries something else before this system",
    "boot-uefi-once": "BootNext starts something else at the next boot, once",
    "boot-no-uefi": "the machine was not started by UEFI",
}
PARTITIONS = "/dev/disk/by-partuuid"
OURS = re.compile(r"proxmox|debian|linux boot manager|\\EFI\\(?:proxmox|debian|systemd|BOOT)\\", re.IGNORECASE)


def check(machine: Machine) -> Verdict:
    if machine.is_container or not machine.exists("/sys/firmware/efi"):
        return skipped("boot-no-uefi", "not started by UEFI")
    told = machine.run("efibootmgr", "-v")
    if not told.ok:
        raise OSError(told.explain())
    listed = dict(re.findall(r"^Boot([0-9A-F]{4})\* (.*)$", told.output, re.MULTILINE))
    entries = {number: entry for number, entry in listed.items() if not is_gone(machine, entry)}
    order = re.search(r"^BootOrder: (\S+)", told.output, re.MULTILINE)
    following = re.search(r"^BootNext: ([0-9A-F]{4})", told.output, re.MULTILINE)
    if following and following.group(1) in listed and following.group(1) not in entries:
        following = None
    if following and not OURS.search(entries.get(following.group(1), "")):
        return bad("boot-uefi-once", f"the next boot starts {entries.get(following.group(1), 'nothing known')[:40]}, once", "efibootmgr --delete-bootnext")
    current = re.search(r"^BootCurrent: ([0-9A-F]{4})", told.output, re.MULTILINE)
    # Inactive ones are not tried, and of those whose disk is gone the firmware goes on to the next. What has started this very boot is ours, whatever it is called.
    tried = [number for number in (order.group(1).split(",") if order else []) if number in entries]
    mine = [number for number in tried if OURS.search(entries[number]) or (current and number == current.group(1))]
    if not mine and not machine.find("/boot/efi/EFI/BOOT/BOOTX64.EFI"):
        return bad("boot-uefi-entry-missing", "no UEFI entry starts this system", "grub-install, or proxmox-boot-tool reinit")
    if mine and tried[0] != mine[0]:
        first = entries[tried[0]].partition("\t")[0]
        return bad("boot-uefi-not-first", f"the firmware tries {first[:40]} before this system", f"efibootmgr --bootorder {','.join([*mine, *(each for each in tried if each not in mine)])}")
    return passed()


def is_gone(machine: Machine, entry: str) -> bool:
    """It starts from a partition that this machine does not have (any more)."""
    partition = re.search(r"\bHD\(\d+,GPT,([0-9a-f-]{36})", entry, re.IGNORECASE)
    if partition is None or not machine.exists(PARTITIONS):
        return False
    return partition[1].lower() not in {name.lower() for name in machine.names(PARTITIONS)}
