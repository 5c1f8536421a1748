"""What is masked while packages are installed, and a run of dpkg that was cut."""

from __future__ import annotations

import time

from engine import commands, dpkg, units
from engine.step import Step, Work
from engine.verdict import UNDO_FAILED, Verdict, bad, waits

SCOPE = "holdfast-apt.scope"
LONGEST = 1000  # seconds that an installation may take: see packages.py
# A scope of its own: apt outlives the runner. What stops it (a reboot) waits until it is done; SIGCONT ends nothing.
IN_SCOPE = [
    "systemd-run", "--scope", "--quiet", "--collect", f"--unit={SCOPE}", "--property=KillSignal=SIGCONT",
    f"--property=TimeoutStopSec={LONGEST + 100}", "--",
]  # fmt: skip
HALF = ("unpacked", "half-configured", "half-installed")  # dpkg's words for what a cut run leaves


class HoldStep(Step):
    """{units, packages}. Debian starts a service as soon as it is installed, that is before its files are in place: an exporter
    would be open to everyone. So it is masked meanwhile, across a boot too, and disabled afterwards: the transaction switches
    it on, or fails and leaves it off. After a power cut the mask stays until dpkg has finished what it began, since whoever
    has it finish that would start the service."""

    kind = "hold"
    phase = "stage"
    lasting = True

    def do(self, work: Work) -> None:
        if self.record["units"]:
            commands.run(["systemctl", "mask", "--", *self.record["units"]])

    def undo(self, work: Work) -> list[Verdict]:
        names = ", ".join(self.record["packages"])
        if work.is_boot:
            return [waits(f"{names}: masked until the next push has dpkg finish its work", names)]
        wait_for_apt()
        configured = commands.run([*IN_SCOPE, "dpkg", "--configure", "-a"], LONGEST)
        half = half_installed(self.record["packages"])
        if half:
            text = f"dpkg was cut off while it installed {', '.join(half)}, and `dpkg --configure -a` does not finish that: {configured.explain()}; mend it on the node, then try again"
            return [bad(UNDO_FAILED, text, names)]
        self.release()
        return []

    def release(self) -> None:
        """Each by itself: some of them come with the transaction's files, and are not there yet."""
        if self.record["units"]:
            commands.run(["systemctl", "unmask", "--", *self.record["units"]])
        for unit in self.record["units"]:
            units.on_disk("disable", [unit])


def half_installed(names: list[str]) -> list[str]:
    return [package for package, state in dpkg.states(names) if state in HALF]


def wait_for_apt() -> None:
    """Of a runner that was killed: what it began goes on."""
    deadline = time.monotonic() + LONGEST
    while commands.run(["systemctl", "is-active", "--quiet", SCOPE]).ok and time.monotonic() < deadline:
        time.sleep(0.2)
