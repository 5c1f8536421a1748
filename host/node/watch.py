"""Verdicts about the programs that watch the hardware, from what they leave behind: no disk, sensor or BMC is touched."""

import os
import time


def temperature():
    """What the watchdog's last run made of what it read."""
    level = read_word("/run/holdfast/temperature/level")
    return {None: "unknown", "blind": "no trustworthy sensor"}.get(level, level)


def last_run(path, seconds):
    """Whether a program that touches `path` at each run has run within `seconds`; both /run and the timers are young after a boot."""
    limit = float(seconds)
    with open("/proc/uptime", encoding="ascii") as stream:
        uptime = float(stream.read().split()[0])
    try:
        age = time.time() - os.stat(path).st_mtime
    except FileNotFoundError:
        return "on time" if uptime < limit else "never"
    return "on time" if age < limit or uptime < limit else "overdue"


def read_word(path):
    try:
        with open(path, encoding="utf-8") as stream:
            return stream.read().strip()
    except OSError:
        return None
