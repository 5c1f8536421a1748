"""What a probe says where it has no value to show: data, whose code never changes its meaning.

The codes and what they mean stand in model/contract/verdict.ts, and a test holds both lists together.
"""

from typing import NamedTuple


class Verdict(NamedTuple):
    """`state`: ok (there is a value, in `text`), bad, unknown (it could not be told), skipped (there is nothing to tell here)."""

    state: str
    code: str
    text: str


def seen(text: str) -> Verdict:
    return Verdict("ok", "seen", text)


def unknown(code: str, text: str) -> Verdict:
    return Verdict("unknown", code, text)


def skipped(code: str, text: str) -> Verdict:
    return Verdict("skipped", code, text)
