"""What became of a change that had to be confirmed, for its client, for the node's record and for a person at its
console."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Literal, NotRequired, TypedDict

from engine import verdict
from engine.change_steps import CONSOLE, RECORD
from engine.journal import Record
from engine.verdict import Undone, Verdict


class Change(TypedDict):
    """`too late`: it was confirmed when it had been reverted. `stuck`: the revert failed."""

    outcome: Literal["confirmed", "reverted", "too late", "stuck"]
    code: str  # why: a code of refusal.py, or `confirmed`
    text: str
    client: str
    at: int  # seconds since 1970
    failed: list[Verdict]  # what made the node revert
    differs: list[Verdict]  # what is still not as it was, though all works that did
    console: NotRequired[str]  # where it is stuck


def request_of(record: Record) -> Record | None:
    """The `arm` step of a journal's record: {client, token, window, …}; None where nothing has to be confirmed."""
    return next((step for step in record["steps"] if step["kind"] == "arm"), None)


def confirmed(request: Record) -> Change:
    text = "the new network was confirmed over a new connection"
    return {"outcome": "confirmed", "code": "confirmed", "text": text, "client": request["client"], "at": int(time.time()), "failed": [], "differs": []}


def undone(request: Record, code: str, why: str, result: Undone, failed: Iterable[Verdict] = ()) -> Change:
    problems = [each for each in result["verdicts"] if verdict.is_problem(each)]
    differing = [each for each in result["verdicts"] if each["code"] == "differs"]
    told: Change = {
        "outcome": "stuck" if problems else "reverted",
        "code": code,
        "text": why,
        "client": request["client"],
        "at": int(time.time()),
        "failed": list(failed),
        "differs": [*problems, *differing],
    }
    if problems:
        told["console"] = f"{CONSOLE}; {RECORD}"
    return told
