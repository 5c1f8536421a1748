"""systemd itself would make an optional mount of fstab a condition of the boot."""

from look.verdict import Verdict, bad, passed, unknown

from ....fstab.node import generator
from .. import fstab
from ..machine import Machine

GROUP = "mounts"
CODES = {
    "boot-generator-requires": "systemd's fstab generator puts a mount that is not essential under local-fs.target.requires",
    "boot-generator-silent": "systemd's fstab generator could not be run dry",
}


def check(machine: Machine) -> Verdict:
    ran = machine.run(*generator.dry_run("/etc/fstab"))
    if not ran.ok:
        return unknown("boot-generator-silent", ran.explain(), "run it by hand: systemd-fstab-generator DIR DIR DIR")
    devices = {each.target.rstrip("/") or "/": each for each in fstab.entries(machine) if each.is_device}
    required = generator.required(ran.output) & set(devices)
    blocking = sorted(place for place in required - fstab.essential(machine) if not fstab.goes_with_root(machine, devices[place]))
    if blocking:
        return bad("boot-generator-requires", f"{', '.join(blocking)} would stop the boot without its disk", "add nofail, or declare it essential")
    return passed()
