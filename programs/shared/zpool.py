"""Whether a ZFS pool does without one of its members: the tree of `zpool status`, as JSON (OpenZFS 2.3) or, before, as
text."""

import json
import re
from collections.abc import Iterator
from typing import Any

from shared.processes import run

SILENT = "it belongs to a ZFS pool, whose state is not known: zpool does not answer"
HIDDEN = "it belongs to a ZFS pool that does not show it"
# What stands beside a pool's own devices, by its key in the JSON, and as the text's headline. `special` and `dedup` are
# as good as the pool itself.
CLASSES = {"vdevs": "", "special": "special", "dedup": "dedup", "logs": "logs", "l2cache": "cache", "spares": "spares"}


class Vdev:
    """A device or a group. `state` is empty for what is only a headline."""

    def __init__(self, name: str, state: str, parent: "Vdev | None" = None) -> None:
        self.name, self.state, self.parent = name, state, parent
        self.children: list[Vdev] = []
        if parent:
            parent.children.append(self)

    def holds(self, lost: "Vdev", failing: set[str]) -> bool:
        """Whether it is whole without `lost`, and without what fails as well."""
        if self is lost:
            return False
        if not self.children:
            return self.state == "ONLINE" and self.name.removeprefix("/dev/") not in failing
        good = sum(child.holds(lost, failing) for child in self.children)
        if re.match(r"(mirror|spare|replacing)([:-]|$)", self.name):
            return good > 0
        raid = re.match(r"(?:raidz|draid)([123]?)(?:[:-]|$)", self.name)
        return raid is not None and len(self.children) - good <= int(raid.group(1) or 1)

    @property
    def is_known(self) -> bool:
        return re.match(r"(mirror|spare|replacing|raidz[123]?|draid[123]?)([:-]|$)", self.name) is not None


def why_pool_holds(device: str, failing: set[str], patience: float) -> str | None:
    """Why the pool can lose /dev/DEVICE, or why that is not known; None where it cannot."""
    path = f"/dev/{device}"
    said = run(["zpool", "status", "-jLP"], patience)
    if said.code == 124:
        return SILENT
    member = find(path, parse_json(said.output)) if said.code == 0 else None
    if member is None:
        said = run(["zpool", "status", "-LP"], patience)
        if said.code == 124:
            return SILENT
        member = find(path, parse_text(said.output))
    return HIDDEN if member is None else why_redundant(member, failing)


def why_redundant(member: Vdev, failing: set[str]) -> str | None:
    """Redundant is what still holds, from the disk upwards, without the disk."""
    group = member.parent
    while group and group.parent:
        if group.holds(member, failing):
            return f"its pool is still redundant ({group.name})"
        if not group.is_known:
            return f"it belongs to {group.name} of a ZFS pool, of which nothing is known"
        group = group.parent
    if group and not group.state:
        if group.name in ("cache", "spares"):
            return "its pool does without it"
        if group.name == "logs":
            return "it is a log device of a pool, which can do without it"
    return None


def find(path: str, vdevs: Iterator[tuple[Vdev, str]]) -> Vdev | None:
    """The first one: a spare in use stands a second time among the spares."""
    every = list(vdevs)  # the tree has to be whole before it is judged
    return next((vdev for vdev, at in every if path in (vdev.name, at)), None)


def parse_json(text: str) -> Iterator[tuple[Vdev, str]]:
    """Each vdev with its path, those of a pool before those beside it. Nothing where it is no such JSON."""
    try:
        pools = dict(json.loads(text)["pools"])
    except (ValueError, KeyError, TypeError):
        return
    for pool in pools.values():
        for key, headline in CLASSES.items():
            group = pool.get(key) if isinstance(pool, dict) else None
            if isinstance(group, dict):
                yield from below(group, Vdev(headline, "") if headline else None)


def below(group: dict[str, Any], parent: Vdev | None) -> Iterator[tuple[Vdev, str]]:
    for key, entry in group.items():
        if not isinstance(entry, dict):
            continue
        vdev = Vdev(str(entry.get("name", key)), str(entry.get("state", "")), parent)
        yield vdev, str(entry.get("path", ""))
        if isinstance(entry.get("vdevs"), dict):
            yield from below(entry["vdevs"], vdev)


def parse_text(text: str) -> Iterator[tuple[Vdev, str]]:
    """The table is a tree by indentation."""
    stack: list[tuple[int, Vdev]] = []
    inside = False
    for line in text.splitlines():
        words = line.split()
        if not words or words[0] == "errors:":
            inside = False
        if inside:
            depth = len(line) - len(line.lstrip())
            while stack and stack[-1][0] >= depth:
                stack.pop()
            vdev = Vdev(words[0], words[1] if len(words) > 1 else "", stack[-1][1] if stack else None)
            stack.append((depth, vdev))
            yield vdev, ""
        if words[:2] == ["NAME", "STATE"]:
            inside, stack = True, []
