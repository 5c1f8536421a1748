"""A step of a transaction: an action together with its undo, as data that the journal keeps.

A kind of step is a class here or in a module that steps.py names; its `kind` is its name in the journal, so it never changes
its meaning. `do` may count on the steps before it, `undo` on those after it having been undone. An undo judges by what stands
there: it may come when its step was done, half done or (after a power cut) not begun, and it may come twice.

A step that waits (commit-confirm of a network change, change_steps.py) is the last one: its `do` notes a line `confirming
DEADLINE` in the journal's progress, the transaction goes to State.CONFIRMING and its runner gives the lock back with the journal
open. recovery.py leaves such a journal alone until its deadline; who confirms takes the lock and closes it, a timer that takes
the lock undoes it, and so does a boot, all by this same record. Meanwhile nothing else is begun (pending.py).
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import Any, ClassVar

from engine import mounts
from engine.journal import Journal, Record
from engine.refusal import Refused
from engine.verdict import UNDO_FAILED, Verdict, bad

Tell = Callable[[str, str], object]  # (phase, message)


class State(enum.Enum):
    """Of a transaction. The journal is a draft from STAGED on, sealed from COMMITTED on."""

    PLANNED = "planned"
    STAGED = "staged"
    COMMITTED = "committed"
    CONFIRMING = "confirming"
    DECIDED = "decided"
    STUCK = "stuck"  # decided, and not undone: its journal is open, and whoever takes the lock next tries again


class Work:
    """What steps share while one transaction is done or undone."""

    def __init__(self, journal: Journal, tell: Tell) -> None:
        self.journal, self.tell = journal, tell
        self.identifier = journal.identifier
        self.plan: dict[str, Any] = {}
        self.reload: Callable[[Tell], str | None] = lambda _: None  # systemd reads its unit files: a complaint, or None
        self.begun: set[int] | None = None  # numbers of steps; None where any of them may have begun
        self.kept: set[int] = set()  # steps whose file somebody edited at the last moment: the edit stays
        self.is_boot = False
        self.deadline: float | None = None  # monotonic: when what is not confirmed is undone
        self.network: dict[str, Any] = {}  # of the change under way: the record of its step `network`
        self.points_seen: set[str] | None = None

    def is_mounted(self, point: str) -> bool:
        if self.points_seen is None:
            self.points_seen = mounts.points()
        return point in self.points_seen

    def may_have_begun(self, number: int) -> bool:
        return self.begun is None or number in self.begun


class Step:
    kind: ClassVar[str] = ""
    phase: ClassVar[str] = "commit"
    lasting: ClassVar[bool] = False  # its effect outlives a reboot, so that the recovery at boot undoes it
    KINDS: ClassVar[dict[str, type[Step]]] = {}

    def __init__(self, record: Record) -> None:
        self.record = record
        self.number = 0  # its place in the journal

    def __init_subclass__(cls) -> None:
        Step.KINDS[cls.kind] = cls

    def __str__(self) -> str:
        return self.kind

    def do(self, work: Work) -> None:
        """Raises Refused, or an OSError."""

    def undo(self, work: Work) -> list[Verdict]:
        return []

    def unstage(self, work: Work) -> bool:
        """What was made ready for it goes. Returns whether there is nothing left that a later try has to come back
        for."""
        return True


def perform(step: Step, work: Work) -> None:
    """The only way in which a step is done."""
    reach(f"{step}")
    refuse_if_ending(step.phase)
    work.journal.note(str(step.number))
    if work.begun is not None:
        work.begun.add(step.number)
    step.do(work)
    reach(f"{step}, done")


def take_back(step: Step, work: Work) -> list[Verdict]:
    """The only way in which a step is undone."""
    reach(f"undo of {step}")
    try:
        return step.undo(work)
    except Exception as error:  # whatever is wrong with one, the others are undone
        return [bad(UNDO_FAILED, f"{step}: {error}; the next transaction or boot tries again", str(step))]


def reach(moment: str) -> None:
    """Nothing: the tests fail or kill the program at each moment that comes by here, so a new step needs no test of its
    own."""


is_ending = False


def end_soon(*_: object) -> None:
    """A signal's handler: what runs (apt, a unit's start) is finished, then the transaction is undone."""
    global is_ending
    is_ending = True


def refuse_if_ending(phase: str) -> None:
    if is_ending:
        raise Refused(phase, "told to end (systemctl stop, or the node goes down): what had begun was finished and undone", "ended-early")
