"""A kernel is pinned that is no longer installed."""

from look.verdict import Verdict, bad, passed, skipped

from ..kernels import installed, pins
from ..machine import Machine

GROUP = "kernel"
CODES = {
    "boot-pin-gone": "the pinned kernel is not installed",
    "boot-pin-once": "said, no fault: a kernel is pinned for the next boot alone",
    "boot-no-pin": "no kernel is pinned",
}


def check(machine: Machine) -> Verdict:
    pinned = pins(machine)
    for path, pin in pinned.items():
        if pin and pin not in installed(machine):
            return bad("boot-pin-gone", f"{path} pins {pin}, which is not installed", "proxmox-boot-tool kernel unpin")
    once, always = pinned.values()
    if once:
        return skipped("boot-pin-once", f"the next boot alone starts {once}")
    return passed(always) if always else skipped("boot-no-pin", "no kernel is pinned")
