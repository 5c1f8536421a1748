#!/usr/bin/python3 -ISXutf8
"""Managed by Holdfast. Would this node survive a reboot now? Asks the node's checks, and tells Prometheus, the journal and
whoever logs in. Exit status 0 where they were asked, whatever they say: a node that is not ready is no failed unit.

  boot-readiness             asks, and tells
  boot-readiness interfaces  prints what is wrong with the interfaces file and what it sources; 1 where they would be refused
"""

import json
import os
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any

from shared.files import forget, read_text, store
from shared.interfaces_files import errors_of, judge, read_interfaces
from shared.metrics import gauge, single, write_metrics
from shared.processes import run, say

CHECK = os.environ.get("HOLDFAST_CHECK", "/usr/local/lib/holdfast/current/main.py")
STATE = os.environ.get("HOLDFAST_STATE", "/var/lib/holdfast")
MOTD = os.environ.get("HOLDFAST_MOTD", "/run/motd.d/holdfast")
AGAIN = 10  # looks in one run at most: the nightly one comes in any case
LONGEST = 240  # seconds of one look
ENOUGH = 600  # seconds after which no further look is begun; the unit's own limit is longer than this and one look
METRICS_FILE = "holdfast_boot.prom"
STATES = ("ok", "bad", "unknown", "skipped")


def main(arguments: list[str]) -> int:
    if arguments == ["interfaces"]:
        faults = judge(read_interfaces())
        print("\n".join(fault.text for fault in faults))
        return 1 if errors_of(faults) else 0
    return look_until_quiet()


def look_until_quiet() -> int:
    end = time.monotonic() + ENOUGH
    for _ in range(AGAIN):
        begun = results_changed()
        status = look()
        # The path unit hears nothing while this runs: a transaction that ended meanwhile is looked at by us.
        if results_changed() == begun or time.monotonic() > end:
            break
    return status


def results_changed() -> int:
    try:
        return os.stat(f"{STATE}/results").st_mtime_ns
    except FileNotFoundError:
        return 0


def look() -> int:
    asked = run(["/usr/bin/python3", "-I", "-S", "-X", "utf8", CHECK, "check", "boot-readiness"], LONGEST)
    answer = parsed(asked.output)
    if answer is None:
        # Nothing old may stand for what is now: the metrics' time stays behind, and the alert says so.
        say(f"whether this node would survive a reboot cannot be told: {CHECK} check: exit status {asked.code}")
        return 1
    before = parsed(read_text(f"{STATE}/boot-readiness.json")) or {}
    store(f"{STATE}/boot-readiness.json", json.dumps(answer, ensure_ascii=False) + "\n")
    write_metrics(METRICS_FILE, metrics_of(answer))
    tell_who_logs_in(answer)
    for line in news(answer["verdicts"], before.get("verdicts", [])):
        say(line)
    return 0


def parsed(text: str) -> dict[str, Any] | None:
    try:
        answer = json.loads(text)
        return answer if isinstance(answer, dict) and isinstance(answer.get("verdicts"), list) else None
    except ValueError:
        return None


def metrics_of(answer: Mapping[str, Any]) -> str:
    """`holdfast_boot_ready` is absent where it could not tell."""
    verdicts = answer["verdicts"]
    ready = {"ok": 1, "bad": 0}.get(answer["state"])
    samples = [
        ({"check": each["check"], "state": state}, int(each["state"] == state)) for each in verdicts for state in STATES
    ]
    booted = booted_at()
    return "".join(
        [
            gauge("holdfast_boot_check", "Of each check of the next boot: 1 for the state that it is in.", samples),
            single("holdfast_boot_ready", "Whether the node would survive a reboot now; absent where that cannot be told.", ready)
            if ready is not None
            else "",
            single("holdfast_boot_looked_timestamp_seconds", "When that was last looked at.", answer["at"]),
            single("holdfast_boot_proven_timestamp_seconds", "The last boot, where the node still has the files that it booted with; absent where they have changed.", booted)
            if is_proven(verdicts) and booted is not None
            else "",
        ]
    )


def is_proven(verdicts: Sequence[Mapping[str, str]]) -> bool:
    return any(each["check"] == "proof" and each["state"] == "ok" for each in verdicts)


def booted_at() -> int | None:
    for line in read_text("/proc/stat").splitlines():
        if line.startswith("btime "):
            return int(line.split()[1])
    return None


def tell_who_logs_in(answer: Mapping[str, Any]) -> None:
    """pam_motd shows what lies in /run/motd.d; nothing where all is well."""
    told = [each for each in answer["verdicts"] if each["state"] in ("bad", "unknown")]
    if not told:
        forget(MOTD)
        return
    head = "This node would NOT survive a reboot:" if answer["state"] == "bad" else "Whether this node would survive a reboot could not be told:"
    lines = [f"  {each['check']}: {each['text']}" + (f" ({each['remedy']})" if each["remedy"] else "") for each in told]
    try:
        store(MOTD, "\n".join([head, *lines, ""]), 0o644, 0o755)
    except OSError as error:
        say(f"{MOTD} cannot be written: {error.strerror}")


def news(now: Sequence[Mapping[str, str]], before: Sequence[Mapping[str, str]]) -> list[str]:
    """What has changed since the last look, so that the journal is not filled every night."""
    known = {each["check"]: each["state"] for each in before}
    changed = [each for each in now if each["state"] != known.get(each["check"], "ok") and each["state"] != "skipped"]
    return [f"next boot: {each['check']}: {each['state']}: {each['text']}" for each in changed]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
