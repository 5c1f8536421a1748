"""The node's own smartd, of a smartd.conf."""

import os
import re

from engine import commands
from look.verdict import Verdict, bad, passed, unknown


def smartd(timeout: float, staged: str) -> Verdict:
    """Every disk of the staged file, once; without mails, state files or hooks. Status 17: this node has no disk to watch.

    With -d removable smartd also passes over a device type that it does not know, and over a disk that is there but not of
    the type that the file says.
    """
    tried = commands.run(["smartd", "-q", "onecheck", "-s", "-", "-A", "-", "-w", "/bin/true", "-c", staged], timeout)
    unsupported = [line for line in tried.output.splitlines() if "unsupported device type" in line]
    if tried.code in (0, 17):
        refused = unsupported + refused_devices(staged, tried.output.splitlines())
        return bad("smartd-refused", "; ".join(refused)) if refused else passed()
    if tried.code is None:
        return unknown("smartd-silent", tried.explain())
    complaints = [line for line in (tried.output + tried.errors).splitlines() if re.search(r"(?i)invalid|error|unable|missing|unknown|syntax", line)]
    return bad("smartd-refused", "; ".join(complaints[-3:]) or tried.explain())


def refused_devices(staged: str, said: list[str]) -> list[str]:
    """smartd's own words about devices that the file names and the node has; an absent one may come back."""
    with open(staged, encoding="utf-8", errors="replace") as stream:
        devices = dict.fromkeys(line.split()[0] for line in stream if line.startswith("/"))
    words: list[str] = []
    for device in filter(os.path.exists, devices):
        name = re.escape(device) + r"(?: \[[^]]*\])?"
        if any(re.match(rf"Device: {name}, not available", line) for line in said):
            words += [line for line in said if re.search(rf"(?i)(?:^Device: |device ){name}\b.*(?:unable|failed|not |lacks)|^Unable.* {name} ", line)]
    return words
