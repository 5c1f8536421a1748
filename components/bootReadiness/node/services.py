"""What systemd knows of the services of this machine, asked once for all checks."""

from __future__ import annotations

import os
import re

from .machine import Machine

OWN = ("/etc/systemd/system", "/usr/local/lib/systemd/system")
PROPERTIES = "Id,Type,ExecStart,SubState,NRestarts,FragmentPath,DropInPaths,TimeoutStartUSec,JobRunningTimeoutUSec,Before,WantedBy,RequiredBy"


def services(machine: Machine) -> list[dict[str, str]] | str:
    """Value by property, of each (of several ExecStart=, all of them); or why systemctl did not answer."""
    # A pattern finds what is loaded, and runs or waits: not what is done, nor what a target wants that this boot has not come to.
    patterns = [f"{folder}/{pattern}" for folder in OWN for pattern in ("*.service", "*.wants/*.service", "*.requires/*.service")]
    own = {os.path.basename(path) for pattern in patterns for path in machine.find(pattern)}
    names = sorted(name for name in own if "@." not in name)  # systemctl stops at a template, which is no unit
    told = machine.run("systemctl", "show", f"--property={PROPERTIES}", "--", "*.service", *names)
    if not told.ok:
        return told.explain()
    shown = [block_of(block) for block in told.output.split("\n\n")]
    return list({each.get("Id", ""): each for each in shown}.values())


def block_of(text: str) -> dict[str, str]:
    values: dict[str, str] = {}
    for name, value in re.findall(r"^(\w+)=(.*)$", text, re.MULTILINE):
        values[name] = f"{values[name]}\n{value}" if name in values else value
    return values
