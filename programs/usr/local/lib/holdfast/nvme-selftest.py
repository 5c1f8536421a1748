#!/usr/bin/python3 -ISXutf8
"""Managed by Holdfast. usage: nvme-selftest short|long

smartd before 7.5 starts no self-tests of NVMe drives. One drive after the other: several at once slow an array down.
"""

import glob
import os
import re
import stat
import sys

from shared.processes import run, send_mail, sleep

KINDS = {"short": ("1", 30), "long": ("2", 360)}  # nvme's code for it, and for how many minutes it is waited for
ABLE = 16  # of the drive's optional commands (OACS): it has self-tests
PATIENCE = 60  # seconds for a command
# Of the NVMe specification's results (Get Log Page 06h) 5 to 7 are failures; 1 to 4, 8 and 9 were aborted, 15 was never
# used.
FAILED, UNUSED = (5, 6, 7), 15


def main(arguments: list[str]) -> int:
    if len(arguments) != 1 or arguments[0] not in KINDS:
        print("usage: nvme-selftest short|long", file=sys.stderr)
        return 2
    for drive in sorted(glob.glob("/dev/nvme[0-9]")) + sorted(glob.glob("/dev/nvme[0-9][0-9]")):
        if stat.S_ISCHR(os.stat(drive).st_mode):
            test(drive, arguments[0])
    return 0


def test(drive: str, kind: str) -> None:
    code, limit = KINDS[kind]
    able = re.search(r"^oacs\s*:\s*(\w+)", run(["nvme", "id-ctrl", drive], PATIENCE).output, re.MULTILINE)
    if not (able and to_number(able.group(1)) & ABLE):
        print(f"{drive} has no self-test", flush=True)
        return
    start = ["nvme", "device-self-test", drive, "--namespace-id=0xffffffff", f"--self-test-code={code}"]
    begun = run(start, PATIENCE, with_errors=True)
    if begun.code != 0:
        print(f"{drive}: the {kind} self-test could not be started: {' '.join(begun.output.split())}", flush=True)
        return
    sleep(5)
    for _ in range(limit):
        if not field(drive, "Current operation", 0):
            break
        sleep(60)
    result = field(drive, "Operation Result", UNUSED)
    print(f"{drive}: {kind} self-test, result {result}", flush=True)
    if result in FAILED:
        send_mail(f"self-test of {drive} failed", log_of(drive), 30)


def log_of(drive: str) -> str:
    return run(["nvme", "self-test-log", drive], PATIENCE).output


def field(drive: str, name: str, default: int) -> int:
    """Of the drive's log, the first and so the latest."""
    found = re.search(rf"^\s*{name}[^:]*:\s*(\w+)", log_of(drive), re.MULTILINE)
    return to_number(found.group(1)) if found else default


def to_number(text: str) -> int:
    """nvme-cli prints `0`, `0x7` or `7`, by version."""
    try:
        return int(text, 0)
    except ValueError:
        return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
