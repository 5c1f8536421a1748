"""The node runs a kernel that is not the newest one: the next boot is the first of that."""

from look.verdict import Verdict, passed, skipped, unknown

from ..kernels import newest
from ..machine import Machine

GROUP = "kernel"
CODES = {"boot-kernel-new": "said, no fault: the newest kernel has never been booted here"}


def check(machine: Machine) -> Verdict:
    if machine.is_container:
        return skipped("boot-host-kernel", "a container boots with the kernel of its host")
    version, running = newest(machine), machine.word("/proc/sys/kernel/osrelease")
    if version is None:
        return unknown("boot-no-kernel", "there is no /boot/vmlinuz-*", "look at what the boot loader starts")
    if version != running:
        return skipped("boot-kernel-new", f"{version} was never booted here yet: {running} runs")
    return passed(running)
