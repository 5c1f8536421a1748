"""fstab as the checks read it."""

from __future__ import annotations

import json
import re
from typing import NamedTuple

from engine import commands
from look.facts import unescape

from . import redundancy
from .machine import Machine

ESSENTIAL = ("/", "/usr", "/var", "/boot")
PUSHED = "/var/lib/holdfast/expected/fstab.json"
TAGS = {"UUID": "by-uuid", "LABEL": "by-label", "PARTUUID": "by-partuuid", "PARTLABEL": "by-partlabel"}


class Entry(NamedTuple):
    source: str
    target: str
    fstype: str
    options: list[str]

    @property
    def is_device(self) -> bool:
        return self.source.startswith("/dev/") or self.source.partition("=")[0] in TAGS

    @property
    def is_at_boot(self) -> bool:
        return "noauto" not in self.options

    @property
    def is_optional(self) -> bool:
        return "nofail" in self.options

    @property
    def is_automount(self) -> bool:
        """Mounted when somebody looks: of the boot it is no part."""
        return "x-systemd.automount" in self.options

    @property
    def can_stop_boot(self) -> bool:
        """sysinit.target only wants swap.target, and nothing requires remote-fs.target."""
        return self.fstype != "swap" and "_netdev" not in self.options

    @property
    def label(self) -> str:
        """For people: swap has no place."""
        return self.target if self.target.startswith("/") else self.source


def entry(line: str) -> Entry | None:
    fields = line.split()
    if len(fields) < 3 or not (fields[1].startswith("/") or fields[1] in ("none", "swap")):
        return None
    options = fields[3].split(",") if len(fields) > 3 else ["defaults"]
    return Entry(unescape(fields[0].replace('"', "")), unescape(fields[1]), fields[2], options)


def entries(machine: Machine) -> list[Entry]:
    return [found for found in map(entry, machine.lines("/etc/fstab")) if found]


def commented(machine: Machine) -> list[Entry]:
    lines = (machine.read("/etc/fstab") or "").splitlines()
    return [found for line in lines if line.strip().startswith("#") and (found := entry(line.strip().lstrip("# \t"))) and found.is_device]


def essential(machine: Machine) -> set[str]:
    """Targets without which the node is not to boot: by themselves, by their mark in the file, or by what the stack
    declares."""
    marked = {each.target for each in entries(machine) if "x-holdfast.essential" in each.options}
    pushed = json.loads(machine.read(PUSHED) or "{}").get("commands", [])
    declared = {word for each in pushed if "fstab-generator" in each["argv"] for word in each["argv"][3:]}
    return {*ESSENTIAL, *marked, *declared}


def is_present(machine: Machine, source: str) -> bool:
    """Whether it names a device of this machine; a source that is no device is always there."""
    tag, separator, value = source.partition("=")
    if separator and tag in TAGS and not machine.exists("/dev/disk"):  # no udev, as in a container: blkid reads the superblocks
        return any(value.lower() == known.lower() for known in blkid_values(machine, tag))
    path = device(machine, source)
    return path is not None and (machine.exists(path) if path.startswith("/dev/") else True)


def device(machine: Machine, source: str) -> str | None:
    """Its path, by udev's links where it is a tag; None of a tag that no device has."""
    tag, separator, value = source.partition("=")
    if not separator or tag not in TAGS:
        return source
    wanted = {value, value.lower(), value.upper()} if tag.endswith("UUID") else {value}
    folder = f"/dev/disk/{TAGS[tag]}"
    return next((f"{folder}/{name}" for name in machine.names(folder) if unescape(name) in wanted), None)


def goes_with_root(machine: Machine, each: Entry) -> bool:
    """Without its disk there is no root either, so nothing is gained by doing without it."""
    path = device(machine, each.source)
    return path is not None and redundancy.goes_with_root(machine, path)


def blkid_values(machine: Machine, tag: str) -> list[str]:
    listed = machine.run("blkid", "-c", "/dev/null", "-o", "export")
    if listed.code is None:
        raise Untold(listed)
    return re.findall(rf"^{tag}=(.*)$", listed.output, re.MULTILINE)


class Untold(Exception):
    """A command without whose answer a check cannot tell."""

    def __init__(self, outcome: commands.Outcome) -> None:
        super().__init__(outcome.explain())
