"""The cluster's votes as corosync counts them, in what `corosync-quorumtool -s` prints. A QDevice that does not vote is not in
the total."""

from __future__ import annotations

import re

ROW = re.compile(r"^\s*(?:0x)?[0-9a-f]+\s+(\d+)\s+(.*)$")  # id, votes, then the QDevice's flags and the name
DEVICE = re.compile(r"(?:^|\s)Qdevice\b")
WORDS = {"expected": "Expected votes", "total": "Total votes", "quorum": "Quorum"}


def numbers_of(said: str) -> dict[str, int]:
    """expected, total and quorum, as far as they are said."""
    found = {name: re.search(rf"^{words}:\s+(\d+)", said, re.MULTILINE) for name, words in WORDS.items()}
    return {name: int(number[1]) for name, number in found.items() if number}


def is_quorate(said: str) -> bool | None:
    """None where it is not said."""
    quorate = re.search(r"^Quorate:\s+(Yes|No)", said, re.MULTILINE)
    return None if quorate is None else quorate[1] == "Yes"


def of_devices(said: str) -> list[int]:
    """What the QDevice gives now; empty where none is in the list."""
    return [votes for votes, rest in rows(said) if DEVICE.search(rest)]


def rows(said: str) -> list[tuple[int, str]]:
    """(votes, the QDevice's flags and the name) of each member."""
    lines = said.partition("Membership information")[2].splitlines()
    return [(int(row[1]), row[2].rstrip()) for line in lines if (row := ROW.match(line))]
