"""The last boot is not over: something waits, and would wait at the next one too."""

import re

from look.verdict import Verdict, bad, passed, skipped, unknown
from probes.last_run import seconds_since_boot

from ..machine import Machine

GROUP = "units"
CODES = {
    "boot-never-ends": "ten minutes after the start of the machine jobs of its boot still wait",
    "boot-young": "the machine has only just started",
}
ENOUGH = 600  # seconds
# Without a time limit by Proxmox's own will: it starts the guests one after the other, with the delays that they are given.
GUESTS = "pve-guests.service"


def check(machine: Machine) -> Verdict:
    if seconds_since_boot() < ENOUGH:
        return skipped("boot-young", "the machine has only just started")
    state = machine.run("systemctl", "is-system-running")
    if state.code is None:
        return unknown("boot-systemctl-silent", state.explain())
    word = state.output.strip()
    if word not in ("starting", "initializing"):
        return passed(word) if word in ("running", "degraded") else unknown("boot-systemctl-silent", f"systemctl says: {word or state.explain()}")
    listed = machine.run("systemctl", "list-jobs", "--no-legend", "--plain")
    if not listed.ok:
        return unknown("boot-systemctl-silent", listed.explain())
    jobs = [line.split() for line in listed.output.splitlines() if len(line.split()) == 4]
    if not jobs:
        return passed("the boot has just ended")
    # The others wait for these, and for nothing else where there are none.
    running = {name for _, name, _, state in jobs if state == "running"}
    names = sorted(running or {name for _, name, _, _ in jobs})
    if GUESTS in running:
        names = sorted(running - {GUESTS} - apart(machine, names))
        if not names:
            return passed("guests are still being started")
    return bad("boot-never-ends", f"the boot still waits for {', '.join(names[:5])}", "systemctl list-jobs; what has no TimeoutStartSec= waits for ever")


def apart(machine: Machine, names: list[str]) -> set[str]:
    """Of them what a timer or a path has started and no boot wants, as the service of this very look."""
    if len(names) < 2:
        return set()
    shown = machine.run("systemctl", "show", "--property=Id,TriggeredBy,WantedBy,RequiredBy", "--", *names)
    blocks = [dict(re.findall(r"^(\w+)=(.*)$", block, re.MULTILINE)) for block in shown.output.split("\n\n")] if shown.ok else []
    return {each.get("Id", "") for each in blocks if each.get("TriggeredBy") and not each.get("WantedBy") and not each.get("RequiredBy")}
