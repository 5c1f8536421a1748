"""The last boot is not over: something waits, and would wait at the next one too."""

from look.verdict import Verdict, bad, passed, skipped, unknown
from probes.last_run import seconds_since_boot

from ..machine import Machine

GROUP = "units"
CODES = {
    "boot-never-ends": "ten minutes after the start of the machine jobs of its boot still wait",
    "boot-young": "the machine has only just started",
}
ENOUGH = 600  # seconds


def check(machine: Machine) -> Verdict:
    if seconds_since_boot() < ENOUGH:
        return skipped("boot-young", "the machine has only just started")
    state = machine.run("systemctl", "is-system-running")
    if state.code is None:
        return unknown("boot-systemctl-silent", state.explain())
    word = state.output.strip()
    if word not in ("starting", "initializing"):
        return passed(word) if word in ("running", "degraded") else unknown("boot-systemctl-silent", f"systemctl says: {word or state.explain()}")
    jobs = machine.run("systemctl", "list-jobs", "--no-legend", "--plain")
    names = sorted({line.split()[1] for line in jobs.output.splitlines() if len(line.split()) > 1})
    return bad("boot-never-ends", f"the boot still waits for {', '.join(names[:5]) or 'something'}", "systemctl list-jobs; what has no TimeoutStartSec= waits for ever")
