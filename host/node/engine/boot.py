"""The boot units' program: a power cut's open journals are undone before anything reads the files.

install.py puts it into one file, /etc/holdfast/recover.py, with the modules that it needs: /usr/local and /var may not be mounted
yet. What it prints goes to the node's log.
"""

from __future__ import annotations

from engine import commands, results
from engine.recovery import Found, conclude, undo_all

# All that this needs, in recover.py's order.
MODULES = [
    "__init__", "boot", "change", "change_steps", "command_steps", "commands", "dpkg", "durable", "file_step", "hold", "journal", "lock", "mounts",
    "packages", "recovery", "refusal", "results", "safe", "step", "steps", "undo", "unit_steps", "units", "verdict",
]  # fmt: skip
TOLD = "told"  # in the journal of an installation that stays open: the results of what it was for were kept at an earlier boot


def main() -> int:
    found = undo_all(say, is_boot=True)
    for each in found:
        keep_results(each)
    # The boot's own jobs were queued while the transactions' units were enabled.
    mistaken = [name for each in found for step in each.record["steps"] if is_enabling(step) for name in step["names"]]
    if mistaken:
        commands.run(["systemctl", "--no-block", "stop", "--", *mistaken], timeout=60)
    if any(not each.is_draft for each in found):
        # The generators ran before this unit: without a reload systemd would go on with the mounts of the undone fstab.
        reloaded = commands.run(["systemctl", "daemon-reload"], timeout=60)
        if not reloaded.ok:
            say(f"recover: systemctl daemon-reload: {reloaded.explain()}")
            return 1  # their journals stay open: the later unit tries again
    for each in found:
        conclude(each, say)
    return 1 if any(each.fault for each in found) else 0


def keep_results(found: Found) -> None:
    if "for" in found.record and not found.is_draft:
        if TOLD in found.journal.progress()[0]:
            return
        found.journal.note(TOLD)
    for identifier in found.identifiers:
        results.keep_downfall(identifier, found.undone, found.record)


def is_enabling(step: dict[str, object]) -> bool:
    return step["kind"] == "units" and step["key"] == "enabled" and step["on"] is True


def say(message: str) -> None:
    print(message, flush=True)
