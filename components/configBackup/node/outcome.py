"""What has become of the last backup: in the words of the program that made it."""

import os

from engine import commands
from look.verdict import Verdict, skipped, unknown

BACKUP = "/usr/local/lib/holdfast/config-backup"
DRILL = "/usr/local/lib/holdfast/backup-drill"


def backup() -> str | Verdict:
    return ask(BACKUP)


def drill() -> str | Verdict:
    told = ask(DRILL)
    return skipped("no-drill-yet", "no drill has been due yet") if told == "not due yet" else told


def last_backup() -> str | Verdict:
    return ask(BACKUP, "--when")


def last_drills() -> str | Verdict:
    return ask(DRILL, "--when")


def ask(program: str, what: str = "--state") -> str | Verdict:
    if not os.path.exists(program):
        return "not there"
    told = commands.run([program, what], timeout=20)
    return told.output.strip() or unknown("backup-does-not-say", f"unknown: {told.explain()}")
