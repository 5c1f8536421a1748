"""What the files say the network should be, as the node's own ifupdown2 reads them: every sourced file, glob and
pattern included."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from engine import commands

NOTHING = ("none", "")


@dataclass
class Declared:
    """Of the links that a boot brings up. `ports`: {bridge: names}, `members`: {bond: names}."""

    links: list[str] = field(default_factory=list)
    addresses: dict[str, list[str]] = field(default_factory=dict)
    ports: dict[str, list[str]] = field(default_factory=dict)
    members: dict[str, list[str]] = field(default_factory=dict)


def read() -> Declared:
    """Of the live files. Raises ValueError with ifquery's own words where it cannot read them."""
    said = commands.run(["ifquery", "-a", "-o", "json"], 60, limit=1 << 22)
    try:
        listed = json.loads(said.output)
    except ValueError:
        raise ValueError(f"ifquery -a: {said.explain()}") from None
    return of([each for each in listed if isinstance(each, dict)])


def of(listed: list[dict[str, Any]]) -> Declared:
    """`listed`: [{name, addr_method?, config: {option: value or list}}], as ifquery prints it."""
    found = Declared()
    for each in listed:
        name, config = str(each.get("name")), each.get("config") or {}
        if name not in found.links:
            found.links.append(name)
        options = {str(key).replace("_", "-"): value for key, value in config.items()}
        found.addresses.setdefault(name, []).extend(words(options.get("address")))
        ports = [*words(options.get("bridge-ports")), *words(options.get("ovs-ports"))]
        if "bridge-ports" in options or options.get("ovs-type") == "OVSBridge":
            found.ports[name] = [port for port in ports if port not in NOTHING and is_plain(port)]
        members = [*words(options.get("bond-slaves")), *words(options.get("ovs-bonds"))]
        if members:
            found.members[name] = [member for member in members if member not in NOTHING and is_plain(member)]
    return found


def words(value: object) -> list[str]:
    values = value if isinstance(value, list) else [] if value is None else [value]
    return [word for each in values for word in str(each).split()]


def is_plain(name: str) -> bool:
    """A name, no pattern and none of its keywords."""
    return name not in ("glob", "regex", "all") and not any(sign in name for sign in "*?[]()^$|\\")
