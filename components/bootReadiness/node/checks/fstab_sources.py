"""A disk that fstab requires is not there: the boot ends in emergency mode after 90 s."""

from look.verdict import Verdict, bad, passed

from .. import fstab
from ..machine import Machine

GROUP = "mounts"
CODES = {"boot-source-missing": "an entry of fstab without nofail names a device that is not there"}


def check(machine: Machine) -> Verdict:
    needed = [each for each in fstab.entries(machine) if each.is_device and each.is_at_boot and not each.is_optional and not each.is_automount]
    missing = [each for each in needed if not fstab.is_present(machine, each.source)]
    if missing:
        said = ", ".join(f"{each.source} for {each.target}" for each in missing)
        return bad("boot-source-missing", f"{said} is not there", "plug it in, add nofail, or take the entry out of fstab")
    return passed()
