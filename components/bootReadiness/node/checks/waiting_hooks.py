"""A hook of the network waits for a service that itself waits for the network: the boot hangs for ever."""

import re

from look.verdict import Verdict, bad, passed, skipped

from ..interfaces import FILE, network
from ..machine import Machine

GROUP = "network"
CODES = {"boot-hook-waits": "a hook starts a unit ordered after the network, and waits for it"}
HOOKS = ("up", "post-up", "pre-up", "down", "post-down", "pre-down")
START = re.compile(r"\bsystemctl\b(?P<options>[^;&|]*?)\b(?:re)?(?:start|load-or-restart)\b(?P<units>[^;&|]*)")


def check(machine: Machine) -> Verdict:
    file = network(machine)
    if file is None:
        return skipped("boot-no-interfaces", f"there is no {FILE}")
    for path, number, text in file.lines:
        hook, _, command = text.partition(" ")
        found = START.search(command) if hook in HOOKS else None
        if not found or "--no-block" in found.group(0) or "--job-mode" in found.group(0) or command.rstrip().endswith("&"):
            continue
        for unit in found.group("units").split():
            name = unit if "." in unit else f"{unit}.service"
            if name == "networking.service" or is_after_network(machine, name):
                return bad("boot-hook-waits", f"{path}:{number}: `{command[:60]}` waits for {name}, which waits for the network", "add --no-block")
    return passed()


def is_after_network(machine: Machine, unit: str) -> bool:
    shown = machine.run("systemctl", "show", "--property=After", "--value", "--", unit)
    if not shown.ok:
        raise OSError(shown.explain())
    return bool({"networking.service", "network.target", "network-online.target"} & set(shown.output.split()))
