"""The initramfs lacks a module without which the root file system cannot be mounted: the boot ends in its shell."""

import re
import time

from look.verdict import Verdict, bad, passed, skipped, unknown
from probes.last_run import seconds_since_boot

from ..disks import modules_of_root
from ..kernels import coming
from ..machine import Machine

GROUP = "kernel"
CODES = {
    "boot-module-not-in-initramfs": "the kernel of the next boot has a module that root needs, and its initramfs has it not",
    "boot-module-gone": "the kernel of the next boot has not the module that root needs now: a disk's driver is not in it",
    "boot-initramfs-unlisted": "lsinitramfs did not say what the initramfs holds",
}


def check(machine: Machine) -> Verdict:
    if machine.is_container:
        return skipped("boot-host-kernel", "a container boots with the kernel of its host")
    version = coming(machine)
    image = f"/boot/initrd.img-{version}"
    if version is None or not machine.exists(image):
        return unknown("boot-no-kernel", "there is no kernel with an initramfs", "see the check kernel-image")
    # What this very boot came up with has them all, and need not be unpacked.
    if version == machine.word("/proc/sys/kernel/osrelease") and machine.changed(image) < time.time() - seconds_since_boot():
        return passed("proven by this boot")
    wanted = modules_of_root(machine) - modules_in(machine.read(f"/lib/modules/{version}/modules.builtin"))
    gone = sorted(wanted - modules_in(machine.read(f"/lib/modules/{version}/modules.dep")))
    if gone:
        return bad("boot-module-gone", f"{version} has no module {', '.join(gone)}, which root needs", "apt install --reinstall the kernel's package, or pin another kernel")
    listed = machine.run("lsinitramfs", machine.path(image))
    if not listed.ok or not listed.output.strip():
        return unknown("boot-initramfs-unlisted", f"lsinitramfs: {listed.explain()}", f"look by hand: lsinitramfs {image}")
    missing = sorted(wanted - modules_in(listed.output))
    if missing:
        return bad("boot-module-not-in-initramfs", f"{image} has no {', '.join(missing)}, which root needs", f"MODULES=most in /etc/initramfs-tools/initramfs.conf, then update-initramfs -u -k {version}")
    return passed()


def modules_in(text: str | None) -> set[str]:
    """Of a list of paths; `-` and `_` are the same in a module's name."""
    return {name.replace("-", "_") for name in re.findall(r"([\w-]+)\.ko(?:\.(?:xz|zst|gz))?(?::.*)?$", text or "", re.MULTILINE)}
