"""The node runs another kernel than the next boot starts."""

from look.verdict import Verdict, passed, skipped, unknown
from look.versions import order

from ..kernels import coming, newest
from ..machine import Machine

GROUP = "kernel"
CODES = {
    "boot-kernel-new": "said, no fault: the newest kernel has never been booted here",
    "boot-kernel-other": "said, no fault: the next boot starts another kernel than the one that runs: a pinned one, or an older one",
}


def check(machine: Machine) -> Verdict:
    if machine.is_container:
        return skipped("boot-host-kernel", "a container boots with the kernel of its host")
    version, running = coming(machine), machine.word("/proc/sys/kernel/osrelease")
    if version is None:
        return unknown("boot-no-kernel", "there is no /boot/vmlinuz-*", "look at what the boot loader starts")
    if version != running and (version != newest(machine) or order(version) < order(running)):
        return skipped("boot-kernel-other", f"the next boot starts {version}: {running} runs")
    if version != running:
        return skipped("boot-kernel-new", f"{version} was never booted here yet: {running} runs")
    return passed(running)
