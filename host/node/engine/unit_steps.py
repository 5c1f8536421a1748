"""What systemd starts now and at the next boot."""

from __future__ import annotations

from engine import commands, units
from engine.refusal import Refused
from engine.step import Step, Work
from engine.verdict import Verdict, bad

RELOAD = ["systemctl", "daemon-reload"]
# By what a plan and a journal say of a unit: the systemctl verb for off, and for on.
VERBS = {"enabled": ("disable", "enable"), "active": ("stop", "start")}


class UnitsStep(Step):
    """{key: enabled | active, on, names: the units that are to be `on` and were not}."""

    kind = "units"
    lasting = True

    def __str__(self) -> str:
        return f"systemctl {VERBS[self.record['key']][self.record['on']]} {' '.join(self.record['names'])}"

    def do(self, work: Work) -> None:
        key, on, names = self.record["key"], self.record["on"], self.record["names"]
        phase = "activate" if on else "commit"
        work.tell(phase, str(self))
        verb = VERBS[key][on]
        if verb == "start":  # of one that failed again and again a moment ago, as a package's own start may, systemd refuses another
            commands.run(["systemctl", "reset-failed", "--", *names], units.TIMEOUT)
        done = units.on_disk(verb, names) if key == "enabled" else commands.run(["systemctl", verb, "--", *names], units.TIMEOUT * len(names))
        if not done.ok:
            raise Refused(phase, f"{self}: {done.explain()}; look at journalctl {' '.join(f'-u {name}' for name in names)}", "unit-failed")

    def undo(self, work: Work) -> list[Verdict]:
        if work.is_boot and self.record["key"] == "active":
            return []  # what ran has ended with the node
        return switch(self.record["key"], not self.record["on"], self.record["names"], work)


class SettleStep(Step):
    """{commands: the plan's `activate`, inactive: units that did not run}. It does nothing; its undo lets the node see the old
    files again, which comes when they are back: so it stands before them. Units that the commands have started go again."""

    kind = "settle"

    def undo(self, work: Work) -> list[Verdict]:
        verdicts = []
        if work.begun is None or any(number in work.begun for number in self.record.get("if_begun", work.begun)):
            verdicts = [verdict for command in self.record["commands"] for verdict in run_again(command, work)]
        return [*verdicts, *switch("active", False, self.record["inactive"], work)]


class ReloadStep(Step):
    """systemd reads its unit files: once for all transactions of a batch."""

    kind = "reload"
    phase = "activate"

    def __str__(self) -> str:
        return " ".join(RELOAD)

    def do(self, work: Work) -> None:
        complaint = work.reload(work.tell)
        if complaint:
            raise Refused("activate", f"{self}: {complaint}", "activate-failed")


def run_again(command: dict[str, object], work: Work) -> list[Verdict]:
    from engine import command_steps

    complaint = command_steps.execute(command)
    shown = " ".join(command["argv"])  # type: ignore[arg-type]
    return [bad("activate-failed", f"{shown}: {complaint}", shown)] if complaint else []


def switch(key: str, on: bool, names: list[str], work: Work) -> list[Verdict]:
    """Each by itself, so that one that has gone keeps no other from being switched."""
    verb = VERBS[key][on]
    verdicts = []
    for name in names:
        done = commands.run(["systemctl", verb, "--", name], units.TIMEOUT)
        if done.ok or is_so(key, on, name):
            continue  # its unit file never came, or has gone
        text = f"systemctl {verb} {name}: {done.explain()}"
        work.tell("rollback", text)
        verdicts.append(bad("unit-failed", text, name))
    return verdicts


def is_so(key: str, on: bool, name: str) -> bool:
    said = commands.run(["systemctl", {"enabled": "is-enabled", "active": "is-active"}[key], "--", name], 30)
    return said.code is not None and (said.output.strip() in ("enabled", "static", "alias", "active", "activating")) is on
