"""What systemd knows of the services of this machine, asked once for all checks."""

from __future__ import annotations

import os
import re

from .machine import Machine

PROPERTIES = "Id,Type,SubState,NRestarts,FragmentPath,DropInPaths,TimeoutStartUSec,JobRunningTimeoutUSec,Before,WantedBy,RequiredBy"


def services(machine: Machine) -> list[dict[str, str]] | str:
    """Value by property, of each; or why systemctl did not answer."""
    # A pattern finds what is loaded: what a target wants that this boot has not come to is not.
    enabled = {os.path.basename(path) for kind in ("wants", "requires") for path in machine.find(f"/etc/systemd/system/*.{kind}/*.service")}
    told = machine.run("systemctl", "show", f"--property={PROPERTIES}", "--", "*.service", *sorted(enabled))
    if not told.ok:
        return told.explain()
    blocks = [dict(re.findall(r"^(\w+)=(.*)$", block, re.MULTILINE)) for block in told.output.split("\n\n")]
    return list({each.get("Id", ""): each for each in blocks}.values())
