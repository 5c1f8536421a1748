"""Undoing: the journal's steps backwards, whoever does it and however far they had come."""

from __future__ import annotations

import contextlib

from engine import steps
from engine.journal import Record
from engine.step import Work, take_back
from engine.verdict import Verdict, is_problem

UNDONE = "undone"  # in the progress: all of it, though the journal is open yet; what is edited from now on is nobody's to undo


def undo(record: Record, work: Work) -> list[Verdict]:
    """`work.begun` is None where any step may have begun. At boot only what outlives a reboot is undone: nothing else
    is left."""
    lines, is_whole = work.journal.progress()
    if UNDONE in lines and is_whole and not work.is_boot:
        return []
    verdicts: list[Verdict] = []
    for step in reversed(steps.load(record)):
        if not work.may_have_begun(step.number):
            with contextlib.suppress(OSError):  # else when the journal is tidied away
                step.unstage(work)
        elif step.lasting or not work.is_boot:
            verdicts += take_back(step, work)
    if not any(is_problem(each) for each in verdicts):
        with contextlib.suppress(OSError):  # undoing goes on where nothing can be written any more
            work.journal.note(UNDONE)
    return verdicts


def resume(work: Work) -> None:
    """What the journal's progress says, for whoever has not done the steps himself. At a boot what is missing there says nothing:
    it was not synced."""
    lines, is_whole = work.journal.progress()
    words = [line.split(" ") for line in lines]
    work.kept = {int(each[0]) for each in words if each[1:] == ["kept"]}
    work.begun = {int(each[0]) for each in words if each[0].isdigit()} if is_whole and not work.is_boot else None
