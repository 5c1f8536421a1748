"""systemd refuses an enabled unit of this machine, or drops one to break an ordering cycle: it is not started at the
next boot."""

import os

from look.verdict import Verdict, bad, passed, unknown

from ..machine import Machine

GROUP = "units"
CODES = {
    "boot-unit-refused": "systemd-analyze verify refuses an enabled unit below /etc/systemd/system",
    "boot-unit-cycle": "units wait for each other in a circle, so that systemd leaves one of them out",
    "boot-analyze-silent": "systemd-analyze did not run to its end",
}
FATAL = ("bad-setting", "has no ExecStart", "Unit configuration has fatal error", "is not executable", "Failed to load", "lacks both ExecStart")


def check(machine: Machine) -> Verdict:
    wanted = {os.path.basename(path) for path in machine.find("/etc/systemd/system/*.target.wants/*")}
    own = sorted(path for path in machine.find("/etc/systemd/system/*.*") if os.path.basename(path) in wanted and machine.target(path) is None)
    told = machine.run("systemd-analyze", "verify", "--man=no", "--recursive-errors=no", "default.target", *(machine.path(path) for path in own))
    if told.code is None:
        return unknown("boot-analyze-silent", told.explain())
    said = (told.errors + told.output).splitlines()
    cycles = [line for line in said if "ordering cycle" in line and "Found" in line]
    if cycles:
        return bad("boot-unit-cycle", cycles[0], "look at: systemd-analyze verify default.target, and at the units' After= and Before=")
    refused = [line for line in said if any(word in line for word in FATAL)]
    if refused:
        return bad("boot-unit-refused", refused[0], "correct the unit, then: systemd-analyze verify UNIT")
    return passed()
