"""What a restore would change, file by file, for people to read before anything happens: diffs, with secrets masked."""

import difflib
import fnmatch
import json
import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from shared.collect import ATTEMPTS, PVE, Unfit, copy_pve
from shared.manifest import GUEST_PATH
from shared.processes import run, sleep
from shared.pvetree import GENERATED, OWN_LINKS, lasting, place_of, read_files

# What opens something: shown by neither side, only that it differs.
HIDDEN = re.compile(r"pve/(nodes/[^/]+/)?priv/|etc/corosync/authkey|etc/holdfast/|\.(key|pw|pem|tfa)$|shadow")
SECRET_LINE = re.compile(
    r"(\b(?:\w*(?:pass(?:word|wd|phrase)?|secret|token|api_?key)|key|sshkeys)(?:\s*[:=]\s*|\s+))(\S.*)", re.IGNORECASE
)  # with a blank as storage.cfg has it, with a colon as guests have it
MOST_LINES = 40  # of the diff of one file
# The postmortem's order: what says which storages there are comes before what lies on them, guests come last.
ORDER = ("datacenter.cfg", "storage.cfg", "user.cfg", "jobs.cfg")


class Change(NamedTuple):
    """`path` as the backup has it: pve/storage.cfg, etc/hosts. `before` is None where nothing is there."""

    path: str
    before: bytes | None
    after: bytes


class NoAnswer(Exception):
    """/etc/pve cannot be read: says why."""


def current_pve(work: str) -> dict[str, bytes]:
    """Every file of the running pmxcfs, and none that it makes up or HA writes all the time. Raises NoAnswer."""
    wrong: list[str] = []
    for attempt in range(ATTEMPTS):  # somebody may remove a file while it is copied
        if attempt:
            sleep(1)
        try:
            wrong = copy_pve(work)
        except Unfit as hung:
            raise NoAnswer(f"{hung} (pkill -9 pmxcfs; umount -l {PVE}; pmxcfs -l)") from hung
        if not wrong:
            unwanted = {*GENERATED, *OWN_LINKS}
            return {path: data for path, data in lasting(read_files(work)).items() if path not in unwanted}
    raise NoAnswer(f"not all of {PVE} can be read: {'; '.join(wrong)}")


def has_quorum(members: str) -> bool:
    """Whether what is written now counts for a whole cluster. `members`: of pmxcfs; where it says nothing, corosync is
    asked, which knows without it."""
    try:
        told = json.loads(members)
        cluster = told.get("cluster") or {}
        return bool(cluster.get("quorate") == 1)
    except (ValueError, AttributeError):
        # 1: corosync does not run, 2: no quorum, 127: there is no corosync. Whatever else it says, it may have quorum.
        return run(["corosync-quorumtool", "-s"], 20).code not in (1, 2, 127)


def changes_of(backup: Mapping[str, bytes], present: Mapping[str, bytes], only: Sequence[str]) -> list[Change]:
    """In the order in which they are to be made. Nothing goes that the backup does not have."""
    chosen = (path for path in backup if not only or any(matches_path(path, pattern) for pattern in only))
    changed = [Change(path, present.get(path), backup[path]) for path in chosen if present.get(path) != backup[path]]
    return sorted(changed, key=lambda change: (rank(change.path), change.path))


def matches_path(path: str, pattern: str) -> bool:
    """`/etc/pve/storage.cfg`, `pve/priv/*`, `etc/network/*`, `*/100.conf`."""
    wanted = re.sub(r"^/etc/pve/", "pve/", pattern)
    wanted = wanted.removeprefix("/")
    return fnmatch.fnmatchcase(path, wanted) or path.startswith(wanted.rstrip("/") + "/")


def rank(path: str) -> int:
    name = path.removeprefix("pve/")
    if not path.startswith("pve/"):
        return 0  # /etc first: without it there is no network and no storage
    if name in ORDER:
        return 1 + ORDER.index(name)
    if GUEST_PATH.fullmatch(name):
        return 20
    return 11 if re.match(r"(nodes/[^/]+/)?priv/", name) else 10


def shown(change: Change) -> list[str]:
    what = "new" if change.before is None else "changed"
    head = f"{place_of(change.path)}: {what}"
    if HIDDEN.search(change.path):
        return [f"{head} ({len(change.after)} bytes, not shown: it may be a secret)"]
    before, after = (text_lines(data) for data in (change.before or b"", change.after))
    if before is None or after is None:
        return [f"{head} (no text)"]
    diff = [masked(line) for line in difflib.unified_diff(before, after, "now", "backup", lineterm="", n=2)][2:]
    rest = [f"    … {len(diff) - MOST_LINES} more lines"] if len(diff) > MOST_LINES else []
    return [head, *(f"    {line}" for line in diff[:MOST_LINES]), *rest]


def text_lines(data: bytes) -> list[str] | None:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return None
    # What a terminal would take for an order is shown as what it is.
    return [re.sub(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", lambda found: f"\\x{ord(found[0]):02x}", line) for line in text.split("\n")]


def masked(line: str) -> str:
    return SECRET_LINE.sub(r"\1[masked]", line)
