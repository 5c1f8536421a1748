"""A hook of the network waits for a service that itself waits for the network: the boot hangs for ever."""

import re

from look.verdict import Verdict, bad, passed, skipped

from ..interfaces import FILE, network
from ..machine import Machine

GROUP = "network"
CODES = {"boot-hook-waits": "a hook starts a unit ordered after the network, and waits for it"}
HOOKS = ("up", "post-up", "pre-up", "down", "post-down", "pre-down")
START = re.compile(r"\bsystemctl\b(?P<options>[^;&|]*?)\b(?:re)?(?:start|load-or-restart)\b(?P<units>[^;&|]*)")
NETWORK = {"networking.service", "network.target", "network-online.target"}
DEEP = 5  # units after each other
MOST = 200  # units of one question


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
    """Through the units that it is ordered after, too, as far as a boot starts them: systemd waits for the jobs of these."""
    seen, asked = {unit}, [unit]
    for _ in range(DEEP):
        shown = machine.run("systemctl", "show", "--property=Id,After,ActiveState,UnitFileState", "--", *asked)
        if not shown.ok:
            raise OSError(shown.explain())
        blocks = [dict(re.findall(r"^(\w+)=(.*)$", block, re.MULTILINE)) for block in shown.output.split("\n\n")]
        after: set[str] = set()
        for each in blocks:
            # What no boot starts is waited for by nobody; the unit of the hook is started by the hook.
            if each.get("Id") == unit or each.get("ActiveState") != "inactive" or each.get("UnitFileState") == "enabled":
                after |= set(each.get("After", "").split())
        if after & NETWORK:
            return True
        asked = sorted(name for name in after - seen if name.endswith((".service", ".target", ".mount", ".socket")))[:MOST]
        seen |= set(asked)
        if not asked:
            break
    return False
