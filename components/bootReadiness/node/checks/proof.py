"""Nobody has seen the node boot with the files that it would boot with next."""

from __future__ import annotations

import datetime
import time

from look.verdict import Verdict, passed, skipped
from probes.last_run import seconds_since_boot

from ..machine import Machine

GROUP = "proof"
CODES = {"boot-not-proven": "said, no fault: files that the next boot reads have changed since the last one"}
FILES = (
    "/etc/fstab", "/etc/crypttab", "/etc/hosts", "/etc/hostname", "/etc/hostid", "/etc/nsswitch.conf", "/etc/default/grub",
    "/etc/default/grub.d/*", "/etc/kernel/*", "/etc/modules", "/etc/modprobe.d/*", "/etc/modules-load.d/*", "/etc/initramfs-tools/*",
    "/etc/network/interfaces", "/etc/network/interfaces.new", "/etc/network/interfaces.d/*", "/etc/systemd/network/*", "/etc/udev/rules.d/*",
    "/etc/systemd/system/*", "/etc/zfs/zpool.cache", "/etc/corosync/corosync.conf", "/boot/vmlinuz-*", "/boot/initrd.img-*", "/boot/grub/grub.cfg",
)  # fmt: skip


def check(machine: Machine) -> Verdict:
    booted = time.time() - seconds_since_boot()
    changed = changes_since(machine, booted)
    if changed:
        when, path = min(changed)
        others = len(changed) - 1
        more = f" and {others} more" if others else ""
        return skipped("boot-not-proven", f"not proven since {date(when)}: {path}{more} changed after the boot of {date(booted)}")
    kernel = machine.word("/proc/sys/kernel/osrelease") or "an unknown kernel"
    return passed(f"proven by the boot of {date(booted)} with {kernel}")


def changes_since(machine: Machine, booted: float) -> list[tuple[float, str]]:
    """(when, path), for half a minute after the start of init excepted: early units write there."""
    paths = [path for pattern in FILES for path in machine.find(pattern)]
    times = [(machine.changed(path), path) for path in paths]
    return [(when, path) for when, path in times if when > booted + 30]


def date(seconds: float) -> str:
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC).strftime("%Y-%m-%d")
