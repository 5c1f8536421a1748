"""Whether the BMC's events are written down, from what the programs leave behind: no BMC is touched."""

import glob

from engine import commands
from look.facts import read_word
from look.verdict import Verdict, skipped, unknown

SILENT_BMC = "not checked: the BMC does not say"  # the whole note that sel-fill leaves of such a BMC


def ipmievd() -> str | Verdict:
    if not has_bmc():
        return no_bmc()
    state = commands.run(["systemctl", "is-active", "ipmievd.service"]).output.strip()
    return "in syslog" if state == "active" else f"ipmievd is {state}"


def sel() -> str | Verdict:
    """From the hourly run's note, which is a word of `sel-fill`'s."""
    if not has_bmc():
        return no_bmc()
    note = read_word("/var/lib/holdfast/sel")
    if note == SILENT_BMC:
        return skipped("bmc-silent", "the BMC does not say")
    return note if note and note != "unknown" else unknown("no-reading", "unknown")


def no_bmc() -> Verdict:
    return skipped("no-bmc", "this node has no BMC, ipmievd is inactive")


def has_bmc() -> bool:
    return bool(glob.glob("/dev/ipmi[0-9]*"))
