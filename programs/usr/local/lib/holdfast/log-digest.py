#!/usr/bin/python3 -ISXutf8
"""Managed by Holdfast. Yesterday's errors from the journal by mail, and what the watch on the hardware said; nothing if
there is nothing.

  log-digest            mails it
  log-digest --print    prints it instead
"""

import os
import re
import sys

from shared.journal import TRUSTED, Entry, Journal, Kinds, identified, kinds_of
from shared.processes import send_mail

# Holdfast's own lines have no priority, and smartd says at level info that a disk is gone.
OURS = (
    r"temperature (warning|critical|below|back|sensor missing)|has not ended|not watched|cannot be (stored|written)"
    r"|(schedule|cancel) (a|the) shutdown|^disk .* fails|self-test, result [^0]|BMC event log|undeliverable"
    r"|could not be (sent|started)|ipmitool .* failed|journalctl ended"
)
GONE = r"Device: .*(, removed .* device: | device still removed: |, reconnected .* device)"
ERROR = 3  # its priority: what is worse is never left out
ERRORS, OTHERS = 200, 50  # kinds that are shown: of root's programs and the kernel, and of everybody else's
HARDWARE = ("ipmievd", "smartd")


class Digest:
    """What is not root's or the kernel's stands apart and last: nobody's flood leaves out, or poses as, what the
    hardware said."""

    def __init__(self, journal: Journal) -> None:
        root = "_UID=0"
        self.journal = journal
        said = journal.read("warning", *identified(*HARDWARE), root)
        gone = (entry for entry in journal.read("notice..info", *identified("smartd"), root) if matches(GONE, entry))
        ours = (entry for entry in journal.read(None, *identified("holdfast"), root) if matches(OURS, entry))
        self.hardware = [*kinds_of(said), *kinds_of(gone), *kinds_of(ours)]
        grave, errors = Kinds(), Kinds()
        for entry in journal.read("err", *TRUSTED):
            if entry.source not in HARDWARE:
                (grave if entry.priority < ERROR else errors).add(entry.line)
        self.errors = [*grave.lines(), *errors.lines(ERRORS)]
        self.others = kinds_of((entry for entry in journal.read("err") if entry.user not in (0, None)), OTHERS)
        self.broken = " ".join(sorted(set(journal.failures)))

    @property
    def kinds(self) -> int:
        return len(self.hardware) + len(self.errors) + len(self.others)

    def text(self) -> str:
        parts = [f"The journal could not be read, so this is not all: {self.broken}"] if self.broken else []
        sections = {
            "Hardware": self.hardware,
            "Errors": self.errors,
            "Errors of programs that are not root's": self.others,
        }
        for title, lines in sections.items():
            if lines:
                parts += [title, "\n".join(lines)]
        window = f"--since={self.journal.since} --until={self.journal.until}"
        return "\n\n".join([*parts, f"More: journalctl {window} --priority=err\n"])


def matches(pattern: str, entry: Entry) -> bool:
    return re.search(pattern, entry.message) is not None


def main(arguments: list[str]) -> int:
    journal = Journal(os.environ.get("HOLDFAST_SINCE", "yesterday"), os.environ.get("HOLDFAST_UNTIL", "today"))
    digest = Digest(journal)
    if not digest.kinds and not digest.broken:
        print("log digest: no errors")
        return 0
    if arguments == ["--print"]:
        print(digest.text(), end="")
    else:
        unread = "the journal could not be read, " if digest.broken else ""
        subject = f"log digest: {unread}{digest.kinds} kinds of errors and events"
        if not send_mail(subject, digest.text(), 90):
            return 1
    if digest.broken:
        print(f"log digest: {digest.broken}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
