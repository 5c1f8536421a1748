"""What a probe or check tells, as data: a code never changes its meaning once given.

The codes and what they mean stand in model/contract/verdict.ts, and a test holds both lists together.
"""

from __future__ import annotations

from typing import NamedTuple


class Verdict(NamedTuple):
    """`state`: ok, bad, unknown (it could not be told: never taken for ok), skipped (there is nothing to tell here).

    `text` is for people, one line; `remedy` what they can do about it, where that is no part of the text.
    """

    state: str
    code: str
    text: str
    remedy: str = ""

    @property
    def complaint(self) -> str | None:
        """Of one that stops a transaction: what cannot be told is no reason to go on."""
        if self.state in ("ok", "skipped"):
            return None
        return f"{self.text}; {self.remedy}" if self.remedy else self.text


def seen(text: str) -> Verdict:
    return Verdict("ok", "seen", text)


def passed(text: str = "") -> Verdict:
    return Verdict("ok", "passed", text)


def bad(code: str, text: str, remedy: str = "") -> Verdict:
    return Verdict("bad", code, text, remedy)


def unknown(code: str, text: str, remedy: str = "") -> Verdict:
    return Verdict("unknown", code, text, remedy)


def skipped(code: str, text: str) -> Verdict:
    return Verdict("skipped", code, text)
