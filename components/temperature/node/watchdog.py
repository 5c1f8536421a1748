"""What the watchdog leaves behind: no sensor is touched."""

from look.facts import read_word
from look.verdict import Verdict, unknown


def temperature() -> str | Verdict:
    """What the watchdog's last run made of what it read."""
    level = read_word("/run/holdfast/temperature/level")
    if level is None:
        return unknown("no-reading", "unknown")
    return "no trustworthy sensor" if level == "blind" else level
