"""Checks that need more than one native command. Called as data: argv ["holdfast", NAME, …].

A check is a function `(timeout in seconds, *words) -> Verdict` in `node/` of a concern, and a line in its `CHECKS`. Its module
is loaded where a plan asks for it, so that a node need not have what it never uses.
"""

import importlib
from collections.abc import Callable, Sequence

import concerns
from look.verdict import Verdict, unknown


def check(name: str, arguments: Sequence[str], timeout: float) -> Verdict:
    path = concerns.brings("CHECKS", name)
    if path is None:
        return unknown("no-such-check", f"the node's program has no check `{name}`")
    module, function = path.rsplit(".", 1)
    found: Callable[..., Verdict] = getattr(importlib.import_module(module), function)
    return found(timeout, *arguments)
