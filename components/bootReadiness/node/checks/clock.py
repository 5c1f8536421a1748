"""The clock is not in step: corosync, certificates and backups judge by it."""

from look.verdict import Verdict, bad, passed, skipped

from ..machine import Machine

GROUP = "room"
CODES = {
    "boot-clock-adrift": "no time service keeps the clock, or it has not been set since the boot",
    "boot-host-clock": "a container has the clock of its host",
}


def check(machine: Machine) -> Verdict:
    if machine.is_container:
        return skipped("boot-host-clock", "a container has the clock of its host")
    told = machine.run("timedatectl", "show", "--property=NTPSynchronized", "--value")
    if not told.ok:
        raise OSError(told.explain())
    if told.output.strip() != "yes":
        return bad("boot-clock-adrift", "no time service has set the clock", "look at: timedatectl, chronyc tracking")
    return passed()
