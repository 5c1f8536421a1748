"""Who may have written a file at a given moment: what dpkg logged, and whose SSH sessions were open then. A hint, no
proof."""

from __future__ import annotations

import json
import os
import re
import time

from engine import commands
from look.words import one_line

DPKG_LOG = "/var/log/dpkg.log"
TAIL = 1 << 18  # bytes of dpkg's log: some thousand packages
NEAR = 10  # seconds between dpkg's line and the file's time
DAY = 86400  # seconds that a session is looked for before the moment
SHOWN = 3


def writers(written: dict[str, float]) -> dict[str, str]:
    """{path: words} for {path: seconds since 1970}; a path of which nothing is known is missing."""
    found = {}
    for path, moment in written.items():
        words = packages_at(moment) or sessions_at(moment)
        if words:
            found[path] = one_line(", ".join(words[:SHOWN]))
    return found


def packages_at(moment: float) -> list[str]:
    try:
        with open(DPKG_LOG, "rb") as stream:
            stream.seek(max(0, os.fstat(stream.fileno()).st_size - TAIL))
            lines = stream.read().decode("utf-8", "replace").splitlines()
    except OSError:
        return []
    near = []
    for line in lines:
        match = re.match(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) (?:install|upgrade|configure|remove) ([a-z0-9.+-]+)", line)
        if match and abs(time.mktime(time.strptime(match.group(1), "%Y-%m-%d %H:%M:%S")) - moment) <= NEAR:
            near.append(f"dpkg ({match.group(2)})")
    return list(dict.fromkeys(near))


def sessions_at(moment: float) -> list[str]:
    """`root from 192.0.2.5` of every session that was open then: sshd logs both ends under one process id. Newest
    first."""
    listed = commands.run([
        "journalctl", "--quiet", "--no-pager", "--reverse", "--output=json", "--output-fields=MESSAGE,_PID",
        "--identifier=sshd", "--identifier=sshd-session", "_UID=0",  # anybody may log under its name
        f"--since=@{moment - DAY}", f"--until=@{moment + 1}", "--grep=^Accepted |session closed",
    ], timeout=5)
    closed, found = set(), []
    for line in listed.output.splitlines():
        try:
            entry = json.loads(line)
            at, process, message = int(entry["__REALTIME_TIMESTAMP"]) / 1e6, entry["_PID"], entry["MESSAGE"]
        except (ValueError, KeyError):
            continue  # cut off at the limit of a command's output, or no text
        match = re.match(r"Accepted \S+ for (\S+) from (\S+)", message)
        if match and process not in closed:
            found.append(f"{match.group(1)} from {match.group(2)}")
        elif not match and at < moment:
            closed.add(process)
    return list(dict.fromkeys(found))
