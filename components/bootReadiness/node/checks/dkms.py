"""A module that DKMS builds is not built for the kernel of the next boot: the disk or card that needs it is gone after the next
boot."""

import re

from look.verdict import Verdict, bad, passed, skipped

from ..kernels import coming
from ..machine import Machine

GROUP = "kernel"
CODES = {
    "boot-dkms-not-built": "a module of DKMS is installed for another kernel and not for the one that the next boot starts",
    "boot-no-dkms": "DKMS builds nothing here",
}


def check(machine: Machine) -> Verdict:
    if machine.is_container or not machine.has("dkms"):
        return skipped("boot-no-dkms", "no DKMS here")
    told = machine.run("dkms", "status")
    if not told.ok:
        raise OSError(told.explain())
    lines = [re.match(r"([^,/]+)[/,]\s*[^,]+(?:,\s*([^,:]+))?.*?:\s*(\w+)", line) for line in told.output.splitlines()]
    built = {(each.group(1), each.group(2)) for each in lines if each and each.group(3) == "installed"}
    modules = {each.group(1) for each in lines if each}
    version = coming(machine)
    missing = sorted(module for module in modules if (module, version) not in built)
    if missing:
        return bad("boot-dkms-not-built", f"{', '.join(missing)} is not built for {version}", f"dkms autoinstall -k {version}; are its headers installed?")
    return passed() if modules else skipped("boot-no-dkms", "DKMS has no modules")
