"""For a person at the console, and for the revert's timer: what became of the changes of the network, and taking the
last one back."""

from __future__ import annotations

import glob
import os
import time
from collections.abc import Iterator
from typing import Any

from engine import durable, pending, results, safe
from engine.refusal import Refused

SHOWN = 10  # of the last changes


def main(arguments: list[str]) -> int:
    verb, *rest = arguments
    if verb == "change":
        print("\n".join(story()), flush=True)
        return 0
    return revert(*rest[:1])


def revert(identifier: str | None = None) -> int:
    """Of the one that waits, where none is named. Returns 0 where nothing is left to revert."""

    def tell(phase: str, message: str) -> None:
        print(f"revert {phase}: {message}", flush=True)

    safe.make_folder(durable.RUN)
    found = None if identifier else pending.waiting()
    name = identifier or (found.identifier if found else None)
    if name is None:
        print("no change of the network waits for its confirmation", flush=True)
        return 0
    try:
        pending.expire(name, tell)
    except Refused as refused:
        print(f"revert: {refused}", flush=True)
        return 1
    print("\n".join(told_of(name, results.remembered(name))), flush=True)
    return 0


def story() -> Iterator[str]:
    """The newest first."""
    found = pending.waiting()
    if found:
        yield f"WAITING: {found}. To have the old network back at once: python3 /usr/local/lib/holdfast/current/main.py revert"
    kept = sorted(glob.glob(f"{durable.RESULTS}/*.json"), key=os.path.getmtime, reverse=True)
    shown = 0
    for path in kept:
        result = results.load(path)
        if result and "change" in result and shown < SHOWN:
            shown += 1
            yield from told_of(os.path.basename(path)[: -len(".json")], result)
    if not found and not shown:
        yield "no change of the network is remembered here"


def told_of(identifier: str, result: Any) -> Iterator[str]:
    change = result.get("change")
    if not change:
        return
    when = time.strftime("%Y-%m-%d %H:%M:%S %Z", time.localtime(change["at"]))
    yield f"{when}  {change['outcome'].upper()}: {change['client']}'s change of the network (transaction {identifier}): {change['text']}"
    yield from (f"    failed: {each['text']}" for each in change["failed"])
    yield from (f"    {'NOT AS BEFORE' if each['state'] != 'ok' else 'differs'}: {each['text']}" for each in change["differs"])
    if "console" in change:
        yield f"    at the console: {change['console']}"
