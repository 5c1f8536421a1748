#!/usr/bin/python3 -ISXutf8
"""Managed by Holdfast. How full the BMC's event log (SEL) is: most BMCs drop new events when it is full."""

import os
import re
import sys

from shared.files import read_text, try_to_store
from shared.metrics import remove_metrics, single, write_metrics
from shared.processes import run, send_mail

LIMIT = 80  # percent
ENTRY = 16  # bytes
MUCH = 65_535  # bytes of free space: that, or more
METRICS_FILE = "holdfast_sel.prom"
KEEP = os.environ.get("HOLDFAST_STATE", "/var/lib/holdfast")


def main() -> int:
    said = run(["ipmitool", "sel", "info"], 60)
    if said.code != 0:
        return unknown("ipmitool sel info failed", "unknown", 1)
    info = said.output
    entries, free = number(info, "Entries"), number(info, "Free Space")
    used = fill_level(number(info, "Percent Used"), entries, free)
    overflow = len(re.findall(r"^Overflow *: *true", info, re.MULTILINE))
    if overflow:
        now, what = "overflowed", "has overflowed, events are lost"
    elif used is not None and used >= LIMIT:
        now, what = "nearly full", f"is {used} percent full"
    elif used is not None or (free or 0) >= MUCH:
        now, what = "has room", ""
    else:  # such a BMC never does: no drift, since no `up` could mend it
        word = "not checked: the BMC does not say"
        return unknown("the BMC does not say how full its event log is", word, 0)
    before = read_text(f"{KEEP}/sel.told").strip()  # a run that could not tell is no reason to mail again
    note(now, "sel")
    note(now, "sel.told")
    if what:
        print(f"BMC event log {what}; save it and clear it: ipmitool sel save FILE && ipmitool sel clear", flush=True)
        if before != now:
            send_mail(f"BMC event log {what}", info, 90)
    write_metrics(METRICS_FILE, metrics_of(used, entries, overflow))
    return 0


def unknown(message: str, word: str, status: int) -> int:
    """What was known no longer holds, neither for the stack's outputs nor for whoever scrapes."""
    print(message, flush=True)
    note(word, "sel")
    remove_metrics(METRICS_FILE)
    return status


def number(info: str, field: str) -> int | None:
    """The number that a field begins with, or nothing: "unknown" is none."""
    found = re.search(rf"^{field} *: *([0-9]+)", info, re.MULTILINE)
    return int(found.group(1)) if found else None


def fill_level(told: int | None, entries: int | None, free: int | None) -> int | None:
    """Percent. ipmitool does not say it of an empty log, nor of one beyond 64 KiB."""
    if told is not None or entries is None or free is None or free >= MUCH or entries + free == 0:
        return told
    return entries * ENTRY * 100 // (entries * ENTRY + free)


def note(word: str, name: str) -> None:
    if not try_to_store(f"{KEEP}/{name}", f"{word}\n"):
        print(f"{KEEP}/{name} cannot be written: what is mailed now may be mailed again", flush=True)


def metrics_of(used: int | None, entries: int | None, overflow: int) -> str:
    ratio = "How full the BMC event log is, 0 to 1; absent where the BMC does not say."
    lost = "Whether the BMC event log has overflowed and lost events."
    return "".join(
        [
            single("holdfast_ipmi_sel_used_ratio", ratio, f"{used / 100:.6g}") if used is not None else "",
            single("holdfast_ipmi_sel_entries", "Events in the BMC event log.", entries) if entries is not None else "",
            single("holdfast_ipmi_sel_overflow", lost, overflow),
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
