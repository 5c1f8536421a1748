"""The plan's own commands, and the second look."""

from __future__ import annotations

from typing import Any

from engine import commands
from engine.refusal import Refused
from engine.step import Step, Work


class ActivateStep(Step):
    """{argv, timeout?}. What it sets going, SettleStep sets going again with the old files."""

    kind = "activate"
    phase = "activate"

    def __str__(self) -> str:
        return " ".join(self.record["argv"])

    def do(self, work: Work) -> None:
        work.tell(self.phase, str(self))
        complaint = execute(self.record)
        if complaint:
            raise Refused(self.phase, f"{self}: {complaint}", f"{self.phase}-failed")


class VerifyStep(ActivateStep):
    kind = "verify"
    phase = "verify"


class UnchangedStep(Step):
    """{}: the files are as they were written."""

    kind = "unchanged"
    phase = "verify"

    def do(self, work: Work) -> None:
        from engine import files

        files.refuse_rewritten(work)


def execute(command: dict[str, Any]) -> str | None:
    """{argv, timeout? (seconds)}. Returns None or a complaint."""
    argv, timeout = command["argv"], command.get("timeout", 30)
    if argv[0] == "holdfast":
        import checks  # only where a plan asks for one

        return checks.check(argv[1], argv[2:], timeout).complaint
    outcome = commands.run(argv, timeout)
    return None if outcome.ok else outcome.explain()
