"""A kernel is pinned that is no longer installed."""

from look.verdict import Verdict, bad, passed, skipped

from ..kernels import installed
from ..machine import Machine

GROUP = "kernel"
CODES = {
    "boot-pin-gone": "the pinned kernel is not installed",
    "boot-pin-once": "said, no fault: a kernel is pinned for the next boot alone",
    "boot-no-pin": "no kernel is pinned",
}


def check(machine: Machine) -> Verdict:
    pins = {path: machine.word(path) for path in ("/etc/kernel/next-boot-pin", "/etc/kernel/proxmox-boot-pin")}
    for path, pin in pins.items():
        if pin and pin not in installed(machine):
            return bad("boot-pin-gone", f"{path} pins {pin}, which is not installed", "proxmox-boot-tool kernel unpin")
    once, always = pins.values()
    if once:
        return skipped("boot-pin-once", f"the next boot alone starts {once}")
    return passed(always) if always else skipped("boot-no-pin", "no kernel is pinned")
