"""ifreload, and what is wrong afterwards."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from typing import Any

from network import checks, ifupdown, snapshot
from network.checks import Works
from network.snapshot import Snapshot

RELOAD = ["ifreload", "-a"]
LONGEST = 120  # seconds: Open vSwitch and a spanning tree may take their time
SETTLE = 45  # seconds that a card's carrier, LACP, a switch's spanning tree (30) and corosync may take until all works again
PUT_BACK = 15  # seconds of that after each of a revert's three tries: what is late comes between them, too
ADDRESSED = 4  # seconds after which an address, a link or a port that is not there does not come by itself: IPv6 looks for duplicates first
AGAIN = 3  # seconds before a reload that failed is tried again


def complaint_of(timeout: float, is_revert: bool = False) -> str | None:
    """Reloads. None where all went well. A revert brings back what the node ran with, sound or not: the guard of the interfaces
    file lets it pass."""
    done = ifupdown.run(RELOAD, timeout, {"HOLDFAST_REVERT": "1"} if is_revert else None)
    if done.ok:
        return None
    told = ifupdown.complaints(done)
    if done.code is not None and ifupdown.said(done) and not told:
        return None
    return "; ".join(told)[:2000] or done.explain()


def is_possible() -> bool:
    return os.path.exists("/usr/share/ifupdown2")


def wrong(change: Mapping[str, Any], before: Works, until: float) -> tuple[dict[str, str], Snapshot]:
    """What does not work that has to, asked again until all does, or the time (monotonic) has come."""
    begun = time.monotonic()
    while True:
        now, after = checks.look(change)
        found = checks.broken(before, after)
        is_settled = any(checks.comes_no_more(name, what) for name, what in found.items()) and time.monotonic() > begun + ADDRESSED
        if not found or is_settled or time.monotonic() > until:
            return found, now
        time.sleep(0.5)


def revert(change: Mapping[str, Any], before: Snapshot, works: Works, tell: Callable[[str], object]) -> tuple[dict[str, str], Snapshot]:
    """The old files stand again: reloads, up to twice, then puts back by hand what that did not bring. Returns what is
    still wrong, and what is."""
    found: dict[str, str] = {}
    now = before
    for attempt in ("first", "second", "by hand"):
        if attempt == "by hand":
            tell("putting back by hand what the old files did not bring")
            for failure in snapshot.put_back(before, snapshot.take()):
                tell(failure)
        else:
            tell(" ".join(RELOAD))
            said = complaint_of(LONGEST, is_revert=True)
            if said:
                tell(f"{' '.join(RELOAD)}: {said}")
        found, now = wrong(change, works, time.monotonic() + PUT_BACK)
        if not found and (attempt == "by hand" or not said):
            return found, now
        tell("; ".join(f"{name}: {what}" for name, what in found.items()) or "all works, and the reload has complained")
        time.sleep(AGAIN if attempt == "first" else 0)
    return found, now
