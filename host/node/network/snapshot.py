"""The running network in one value: links, addresses, routes and Open vSwitch's ports. A revert is compared with the one that
was taken before the change, and what the old files do not bring back is put back from it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from engine import commands, verdict
from engine.verdict import Verdict

Snapshot = dict[str, Any]  # {links: {name: {up, carrier, master?, late: [CIDR that waits for a carrier]}}, addresses: {link: [CIDR]}, routes: [words of ip], ovs?: {bridge: [port]}}

GUESTS = re.compile(r"(?:tap|veth|fwpr|fwln|fwbr)\d")  # what Proxmox makes while a guest runs: in no file
DAEMONS = ("ra", "dhcp", "bird", "zebra", "babel", "bgp", "ospf", "isis")  # who brings routes besides the files
PASSING = ("dynamic", "temporary")  # of an address: the kernel's or a lease's, not the files'


def take() -> Snapshot:
    """Raises ValueError where `ip` says what is no JSON."""
    links, addresses = {}, {}
    for each in ip("address", "show"):
        flags = each.get("flags", [])
        lasting = [one for one in each.get("addr_info", []) if is_lasting(one)]
        late = sorted(cidr(one) for one in lasting if one.get("tentative"))
        links[each["ifname"]] = {"up": "UP" in flags, "carrier": "LOWER_UP" in flags, "master": each.get("master"), "late": late}
        addresses[each["ifname"]] = sorted(cidr(one) for one in lasting if not one.get("tentative"))
    routes = sorted({words for family in ("-4", "-6") for each in ip(family, "route", "show") for words in as_words(family, each)})
    found: Snapshot = {"links": links, "addresses": addresses, "routes": routes}
    bridges = ovs_bridges()
    if bridges is not None:
        found["ovs"] = bridges
    return found


def ip(*words: str) -> list[dict[str, Any]]:
    said = commands.run(["ip", "-json", *words], 10, limit=1 << 22)
    if not said.ok:
        raise ValueError(f"ip {' '.join(words)}: {said.explain()}")
    return [each for each in json.loads(said.output or "[]") if each]


def is_lasting(address: dict[str, Any]) -> bool:
    return address.get("scope") != "link" and not any(address.get(key) for key in PASSING)


def cidr(address: dict[str, Any]) -> str:
    return f"{address['local']}/{address['prefixlen']}"


def as_words(family: str, route: dict[str, Any]) -> Iterator[str]:
    """As `ip route add` takes them. Those that the files may have brought: others come and go with their addresses, or with a
    router's word."""
    is_own = route.get("protocol") == "kernel" and "gateway" not in route
    if is_own or route.get("protocol") in DAEMONS or "dst" not in route:
        return
    kind = [route["type"]] if "type" in route else []
    keys = (("gateway", "via"), ("dev", "dev"), ("metric", "metric"))
    onlink = ["onlink"] if "onlink" in route.get("flags", []) else []
    yield " ".join([family, *kind, route["dst"], *(f"{word} {route[key]}" for key, word in keys if key in route), *onlink])


def ovs_bridges() -> dict[str, list[str]] | None:
    """{bridge: ports}; None where there is no Open vSwitch, or it does not answer."""
    listed = commands.run(["ovs-vsctl", "--timeout=5", "list-br"], 10)
    if not listed.ok:
        return None
    return {name: sorted(commands.run(["ovs-vsctl", "--timeout=5", "list-ports", name], 10).output.split()) for name in listed.output.split()}


def differences(before: Snapshot, now: Snapshot) -> list[Verdict]:
    """What is not as it was, in words. Links that guests have brought or taken meanwhile are nobody's change."""
    found = []
    for name, link in before["links"].items():
        there = now["links"].get(name)
        if there is None:
            if not GUESTS.match(name):
                found.append(differs(f"link {name} is gone", name))
            continue
        if link["up"] and not there["up"]:
            found.append(differs(f"link {name} was up and is down", name))
        if link["master"] != there["master"]:
            found.append(differs(f"{name} was a port of {link['master'] or 'nothing'} and is one of {there['master'] or 'nothing'}", name))
        gone = [each for each in before["addresses"][name] if each not in now["addresses"][name]]
        come = [each for each in now["addresses"][name] if each not in before["addresses"][name]]
        found += [differs(f"{name} has lost {each}", name) for each in gone] + [differs(f"{name} has {each}, which it had not", name) for each in come]
    found += [differs(f"link {name} is new", name) for name in now["links"] if name not in before["links"] and not GUESTS.match(name)]
    found += [differs(f"the route {each} is gone", each) for each in before["routes"] if each not in now["routes"]]
    found += [differs(f"the route {each} is new", each) for each in now["routes"] if each not in before["routes"]]
    for bridge, ports in before.get("ovs", {}).items():
        missing = [port for port in ports if port not in now.get("ovs", {}).get(bridge, [])]
        found += [differs(f"{port} is no port of {bridge} any more", port) for port in missing if port in now["links"] or not GUESTS.match(port)]
    return found


def differs(text: str, subject: str) -> Verdict:
    return verdict.ok("differs", text, subject)


def put_back(before: Snapshot, now: Snapshot) -> list[str]:
    """What the old files did not bring back or take away, by hand: ports, addresses, routes. Returns the commands that failed,
    each with why."""
    failed = []
    for words in [*surplus(before, now), *missing(before, now)]:
        done = commands.run(words, 10)
        if not done.ok:
            failed.append(f"{' '.join(words)}: {done.explain()}")
    return failed


def surplus(before: Snapshot, now: Snapshot) -> Iterator[list[str]]:
    """But for what the node would be left without: a route or an address whose former link is gone, so that it cannot be put back
    there, stays where it is."""
    for route in now["routes"]:
        if route not in before["routes"] and not any(aim_of(each) == aim_of(route) and link_of(each) not in {None, *now["links"]} for each in before["routes"]):
            family, *words = route.removesuffix(" onlink").split(" ")
            yield ["ip", family, "route", "del", *words]
    homeless = {each for name, addresses in before["addresses"].items() if name not in now["links"] for each in addresses}
    for name, addresses in before["addresses"].items():
        yield from (["ip", "address", "del", each, "dev", name] for each in now["addresses"].get(name, []) if each not in addresses and each not in homeless)


def aim_of(route: str) -> tuple[str, str]:
    """Family and destination of a route in words."""
    family, *words = route.split(" ")
    return family, next(word for word in words if word == "default" or word[0].isdigit() or ":" in word)


def link_of(route: str) -> str | None:
    words = route.split(" ")
    return words[words.index("dev") + 1] if "dev" in words else None


def missing(before: Snapshot, now: Snapshot) -> Iterator[list[str]]:
    """The commands, in the order in which one may count on another."""
    for bridge, ports in before.get("ovs", {}).items():
        if bridge in now.get("ovs", {}):
            yield from (["ovs-vsctl", "--timeout=5", "--may-exist", "add-port", bridge, port] for port in ports if port not in now["ovs"][bridge] and port in now["links"])
    for name, link in before["links"].items():
        there = now["links"].get(name)
        if there is None:
            continue
        if link["master"] and link["master"] != there["master"] and link["master"] in now["links"] and link["master"] not in before.get("ovs", {}):
            yield ["ip", "link", "set", "dev", name, "master", link["master"]]
        if link["up"] and not there["up"]:
            yield ["ip", "link", "set", "dev", name, "up"]
    for name, addresses in before["addresses"].items():
        if name in now["links"]:
            yield from (["ip", "address", "add", each, "dev", name] for each in addresses if each not in now["addresses"][name])
    for route in before["routes"]:
        if route not in now["routes"]:
            family, *words = route.split(" ")
            yield ["ip", family, "route", "replace", *words]
