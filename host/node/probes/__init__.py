"""Facts that are no files: each probe takes its arguments and returns one short word or phrase, a verdict or a state.

Never a raw measurement (a temperature, an age): a nightly drift run would never be clean. Never a change.

A probe is a function `(*words) -> str or Verdict` in `node/` of a concern, and a line in its `PROBES`; what several concerns
ask for is here. A module is loaded where a FileSet asks for it, so that a node need not have what it never uses.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable, Sequence
from typing import Any, ParamSpec, TypeVar, cast

import concerns
from look.verdict import Verdict, seen, unknown
from look.words import one_line

P = ParamSpec("P")
T = TypeVar("T")
PROBES = {
    "root-alone": "probes.access.root_alone",
    "last-run": "probes.last_run.last_run",
}
caches: list[functools._lru_cache_wrapper[Any]] = []


def probe(name: str, arguments: Sequence[str]) -> dict[str, str]:
    """{state, code, text}."""
    told = ask(name, arguments)
    verdict = told if isinstance(told, Verdict) else seen(told)
    return {"state": verdict.state, "code": verdict.code, "text": one_line(verdict.text)}


def ask(name: str, arguments: Sequence[str]) -> str | Verdict:
    path = PROBES.get(name) or concerns.brings("PROBES", name)
    if path is None:
        return unknown("no-such-probe", f"unknown probe {name}")
    module, function = path.rsplit(".", 1)
    try:
        told: str | Verdict = getattr(importlib.import_module(module), function)(*arguments)
        return told
    except Exception as error:  # one that cannot tell must not keep the others from being heard
        return unknown("probe-failed", f"unknown: {type(error).__name__}: {error}")


def for_one_look(function: Callable[P, T]) -> Callable[P, T]:
    """Asked by several FileSets, answered once: until `look_anew`."""
    cached = functools.lru_cache(function)
    caches.append(cached)
    return cast(Callable[P, T], cached)  # typeshed keeps no arguments of it


def look_anew() -> None:
    for cached in caches:
        cached.cache_clear()
