"""What the transaction tells, as data: {state, code, text, subject?}. `text` is for people, no code ever matches it; codes never
change their meaning once given, and docs/when-things-go-wrong.md lists them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Literal, NotRequired, TypedDict

State = Literal["ok", "bad", "unknown", "skipped"]


class Verdict(TypedDict):
    state: State
    code: str
    text: str
    subject: NotRequired[str]  # a path or a unit


class Undone(TypedDict):
    """`nothing`: nothing had been changed. `complete`: the node is as it was. `incomplete`: not all could be put
    back."""

    state: Literal["nothing", "complete", "incomplete"]
    verdicts: list[Verdict]


class Result(TypedDict):
    """Of a transaction. `stuck`: it failed, and what it had changed could not all be undone."""

    id: NotRequired[str]
    outcome: Literal["applied", "failed", "stuck", "unknown", "unchanged"]
    phase: NotRequired[str]  # where it failed
    code: NotRequired[str]
    message: NotRequired[str]
    undone: NotRequired[Undone]
    change: NotRequired[Any]  # change.Change, of what had to be confirmed


def ok(code: str, text: str, subject: str) -> Verdict:
    return {"state": "ok", "code": code, "text": text, "subject": subject}


def bad(code: str, text: str, subject: str) -> Verdict:
    return {"state": "bad", "code": code, "text": text, "subject": subject}


def waits(text: str, subject: str) -> Verdict:
    """It cannot be told or undone yet: the journal stays open, and whoever comes next tries again."""
    return {"state": "unknown", "code": "waits", "text": text, "subject": subject}


NOTHING: Undone = {"state": "nothing", "verdicts": []}
UNDO_FAILED = "undo-failed"  # the step's undo broke down: the journal stays open, and nothing is done beside it


def undone_by(verdicts: Sequence[Verdict]) -> Undone:
    return {"state": "incomplete" if any(is_problem(each) for each in verdicts) else "complete", "verdicts": list(verdicts)}


def is_problem(verdict: Verdict) -> bool:
    return verdict["state"] != "ok"


def stays_open(verdicts: Iterable[Verdict]) -> bool:
    return any(each["code"] in ("waits", UNDO_FAILED) for each in verdicts)


def failed(phase: str, code: str, message: str, undone: Undone) -> Result:
    return {"outcome": "stuck" if undone["state"] == "incomplete" else "failed", "phase": phase, "code": code, "message": message, "undone": undone}


def sentence(undone: Undone) -> str:
    """For the node's log."""
    if undone["state"] == "incomplete":
        return "NOT complete: " + "; ".join(each["text"] for each in undone["verdicts"] if is_problem(each))
    return "the node is as it was" if undone["state"] == "complete" else "nothing was changed"


def from_earlier(result: dict[str, Any]) -> Result:
    """A result kept by an earlier version's program, which told of its rollback in a sentence."""
    said = result.pop("rollback", None)
    if said == "nothing was changed":
        result["undone"] = NOTHING
    elif said == "the node is as it was":
        result["undone"] = undone_by([])
    elif said is not None:
        text = str(said).removeprefix("NOT complete: ")
        return {**result, **failed(result.get("phase", "rollback"), "earlier-version", result.get("message", ""), undone_by([bad("earlier-version", text, "")]))}  # type: ignore[typeddict-item]
    if said is not None:
        result.setdefault("code", "earlier-version")
    return result  # type: ignore[return-value]
