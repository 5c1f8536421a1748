"""Whether what runs by a timer has run."""

import os
import time


def last_run(path: str, seconds: str, grace: str | None = None) -> str:
    """Whether a program that touches `path` at each run has run within `seconds`.

    For `grace` seconds after a boot (by default the same time) /run is empty by right, and timers are catching up.
    """
    limit, young = float(seconds), float(grace or seconds)
    uptime = seconds_since_boot()
    try:
        age = time.time() - os.stat(path).st_mtime
    except FileNotFoundError:
        return "on time" if uptime < young else "never"
    is_of_this_boot = path.startswith("/run/")
    return "on time" if age < limit or (uptime < young and not is_of_this_boot) else "overdue"


def seconds_since_boot() -> float:
    """By the start of init: /proc/uptime is the workstation's in a container."""
    with open("/proc/1/stat", encoding="ascii", errors="replace") as stream:
        started = int(stream.read().rpartition(")")[2].split()[19]) / os.sysconf("SC_CLK_TCK")
    return time.clock_gettime(time.CLOCK_BOOTTIME) - started
