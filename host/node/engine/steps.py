"""All kinds of steps, and what is done with many of them."""

from __future__ import annotations

from engine import change_steps, command_steps, file_step, hold, unit_steps
from engine.journal import Journal, Record
from engine.step import Step, Work

__all__ = ["change_steps", "command_steps", "file_step", "hold", "load", "tidy", "unit_steps"]


def load(record: Record) -> list[Step]:
    """From the journal's record, in order. Raises KeyError for a kind that this version does not know."""
    return number([Step.KINDS[each["kind"]](each) for each in record["steps"]])


def number(steps: list[Step]) -> list[Step]:
    for place, step in enumerate(steps):
        step.number = place
    return steps


def tidy(record: Record) -> bool:
    """Takes away what was made ready for the steps of a draft, or is left of those of a spent journal."""
    work = Work(Journal(record["id"]), lambda *_: None)
    return all(step.unstage(work) for step in reversed(load(record)))
