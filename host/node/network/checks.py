"""What works in the network, as verdicts by name. The same questions are asked before a change and after it: one that was not
answered well before counts for nothing after it (no gateway, no ICMP, no cluster is no failure), one that was has to be again.

What the new files declare has to be there too, but for what the old ones declared in vain: a card that is not plugged in.
"""

from __future__ import annotations

import concurrent.futures
import os
import re
import socket
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from engine import commands, links, mounts
from network import declared, probes, snapshot
from network.declared import Declared
from network.snapshot import GUESTS, Snapshot

Works = dict[str, str | None]  # {name of a check: None where it is well, else what is wrong}

AT_ONCE = 16
COROSYNC = "/etc/corosync/corosync.conf"
NEW = ("address ", "link ", "port ", "member ")  # what counts after a change though nobody asked before: the new files declare it
AT_ONCE_THERE = ("own address ", *NEW)  # when the reload has ended
GUEST = "guest's port "
GATEWAY_WAIT = 3  # seconds that a gateway may take to answer for its own address: the kernel asks three times, once a second


class Late(str):
    """What is wrong, and comes with a carrier: a card takes its 10 seconds for that."""


WAITS = Late("IPv6 looks whether another one has it, which it does once there is a carrier")


def judge(change: Mapping[str, Any], now: Snapshot, wanted: Declared) -> Works:
    """`change`: {addresses: the node's own, peers, probes}, as the plan has them. `wanted`: by the files that stand
    there."""
    asked: dict[str, Callable[[], str | None]] = {
        **{f"own address {each}": partial(own_address, each, now) for each in change["addresses"]},
        **{f"address {each} on {name}": partial(has_address, name, each, now) for name, of in wanted.addresses.items() for each in of},
        **{f"link {name}": partial(is_up, name, now) for name in wanted.links},
        **{f"carrier of {name}": partial(has_carrier, name, now) for name in wanted.links},
        **{f"port {port} of {bridge}": partial(is_port, bridge, port, now) for bridge, ports in wanted.ports.items() for port in ports},
        **{f"member {name} of {bond}": partial(is_member, bond, name) for bond, names in wanted.members.items() for name in names},
        **{f"LACP partner of {bond}": partial(has_partner, bond) for bond in wanted.members},
        **{f"{GUEST}{port} of {bridge}": partial(is_port, bridge, port, now) for bridge, port in guests(now)},
        **{f"gateway of {family}": partial(gateway, family) for family in ("IPv4", "IPv6")},
        **{f"peer {each}": partial(probes.reach, each) for each in change["peers"]},
        **{probes.name_of(each): partial(probes.try_one, each) for each in change["probes"]},
        **cluster(),
    }
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        running = {name: pool.submit(guarded, ask) for name, ask in asked.items()}
        return {name: each.result() for name, each in running.items()}


def guarded(ask: Callable[[], str | None]) -> str | None:
    try:
        return ask()
    except (OSError, ValueError) as error:
        return str(error) or type(error).__name__


def look(change: Mapping[str, Any]) -> tuple[Snapshot, Works]:
    now = snapshot.take()
    return now, judge(change, now, declared.read())


def broken(before: Works, after: Works) -> dict[str, str]:
    """{check: what is wrong} of what has to work after a change and does not."""
    found = {name: wrong for name, wrong in after.items() if wrong is not None and (before[name] is None if name in before else name.startswith(NEW))}
    for name, was in before.items():  # no guest's port is asked for where it has left its bridge
        if name.startswith(GUEST) and was is None and name not in after and os.path.exists(f"/sys/class/net/{name[len(GUEST) :].split(' ')[0]}"):
            found[name] = "the link is there, and is no port of that bridge any more"
    return found


def comes_no_more(name: str, wrong: str) -> bool:
    """What is missing when the reload has ended is in no file, or in vain: nobody waits for it."""
    return name.startswith(AT_ONCE_THERE) and not isinstance(wrong, Late)


def own_address(address: str, now: Snapshot) -> str | None:
    holders = [name for name, all_of in now["addresses"].items() if any(same_address(each, address) for each in all_of)]
    if not holders:
        return WAITS if any(is_late(address, name, now) for name in now["links"]) else "it is on no link"
    if not any(now["links"][name]["carrier"] and now["links"][name]["up"] for name in holders):
        return Late(f"{', '.join(holders)} has no carrier")
    return None


def has_address(name: str, address: str, now: Snapshot) -> str | None:
    here = now["addresses"].get(name)
    if here is None:
        return "there is no such link"
    if any(each == address or same_address(each, address) for each in here) or name == "lo":
        return None
    return WAITS if is_late(address, name, now) else f"it has {', '.join(here) or 'none'}"


def is_late(address: str, name: str, now: Snapshot) -> bool:
    return any(same_address(each, address) for each in now["links"].get(name, {}).get("late", []))


def same_address(one: str, other: str) -> bool:
    return packed(one.partition("/")[0]) == packed(other.partition("/")[0])


def packed(address: str) -> bytes | str:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        return socket.inet_pton(family, address)
    except OSError:
        return address


def is_up(name: str, now: Snapshot) -> str | None:
    link = now["links"].get(name)
    if link is None:
        return "it is not there"
    return None if link["up"] else "it is down"


def has_carrier(name: str, now: Snapshot) -> str | None:
    return None if now["links"].get(name, {}).get("carrier") else "it has none"


def is_port(bridge: str, port: str, now: Snapshot) -> str | None:
    if port not in now["links"] and port not in now.get("ovs", {}).get(bridge, []):
        return "there is no such link"
    if port in now.get("ovs", {}).get(bridge, []) or now["links"].get(port, {}).get("master") == bridge:
        return None
    return f"it is a port of {now['links'].get(port, {}).get('master') or 'nothing'}"


def is_member(bond: str, name: str) -> str | None:
    members = slurp(f"/sys/class/net/{bond}/bonding/slaves")
    if members is None:
        shown = commands.run(["ovs-appctl", "bond/show", bond], 10)
        if not shown.ok:
            return "there is no such bond"
        state = re.search(rf"^(?:slave|member) {re.escape(name)}: (\w+)", shown.output, re.MULTILINE)
        if state is None:
            return "it is no member"
        return None if state[1] == "enabled" else Late(f"it is {state[1]}")
    if name not in members.split():
        return "it is no member"
    state_of = slurp(f"/sys/class/net/{name}/bonding_slave/mii_status") or "unknown"
    return None if state_of.strip() == "up" else Late(f"its link is {state_of.strip()}")


def has_partner(bond: str) -> str | None:
    partner = slurp(f"/sys/class/net/{bond}/bonding/ad_partner_mac")
    if partner is None:
        shown = commands.run(["ovs-appctl", "lacp/show", bond], 10)
        return None if shown.ok and re.search(r"attached|current", shown.output) else "no switch speaks LACP on it"
    return None if partner.strip() not in ("", "00:00:00:00:00:00") else "no switch speaks LACP on it"


def guests(now: Snapshot) -> list[tuple[str, str]]:
    on_linux = [(link["master"], name) for name, link in now["links"].items() if link["master"] and link["master"] != "ovs-system" and GUESTS.match(name)]
    return on_linux + [(bridge, port) for bridge, ports in now.get("ovs", {}).items() for port in ports if GUESTS.match(port)]


def gateway(family: str) -> str | None:
    """Whether it answers for its own address, which needs no ICMP: its entry is made anew."""
    option = "-4" if family == "IPv4" else "-6"
    routes = [each for each in snapshot.ip(option, "route", "show", "default") if "gateway" in each]
    if not routes:
        return "there is none"
    address, device = routes[0]["gateway"], routes[0]["dev"]
    commands.run(["ip", option, "neighbor", "del", address, "dev", device], 10)
    deadline = time.monotonic() + GATEWAY_WAIT
    while True:
        poke(address, device)
        entry = snapshot.ip(option, "neighbor", "show", address, "dev", device)
        if any("lladdr" in each and "FAILED" not in each.get("state", []) for each in entry):
            return None
        if time.monotonic() > deadline:
            return f"{address} does not answer on {device}"
        time.sleep(0.1)


def poke(address: str, device: str) -> None:
    """Makes the kernel ask for its link address."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as one:
        one.setblocking(False)
        scope = (0, socket.if_nametoindex(device)) if family == socket.AF_INET6 else ()
        try:
            one.sendto(b"", (address, 9, *scope))
        except OSError:
            pass  # its answer is the neighbour's entry


def cluster() -> dict[str, Callable[[], str | None]]:
    """Where there is one: whether this node has quorum, its links to the others, and pmxcfs."""
    asked: dict[str, Callable[[], str | None]] = {}
    if os.path.exists(COROSYNC):
        asked["quorum"] = quorum
        asked["corosync links"] = corosync_links
    if mounts.has_pmxcfs_folder():
        asked["pmxcfs"] = pmxcfs
    return asked


def quorum() -> str | None:
    said = commands.run(["corosync-quorumtool", "-s"], 10)
    return None if said.ok else "the cluster has none" if said.code == 2 else said.explain()


def corosync_links() -> str | None:
    said = commands.run(links.TELL_LINKS, 10)
    if not said.ok:
        return said.explain()
    return "; ".join(links.links_down(said.output)) or None


def pmxcfs() -> str | None:
    """A hanging one hangs whoever asks: so a command of its own, with an end."""
    said = commands.run(["ls", f"{mounts.PMXCFS_AT}/.members"], 5)
    return None if said.ok else said.explain()


def slurp(path: str) -> str | None:
    try:
        with open(path, encoding="utf-8", errors="replace") as stream:
            return stream.read()
    except OSError:
        return None


__all__ = ["Works", "broken", "judge", "look"]
