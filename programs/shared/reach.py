"""Whether the node is where others look for it, and if not, whether its own files can be the reason."""

import ipaddress
import json
import os
import re
import shutil
import time

from shared.interfaces_parse import parse_interfaces
from shared.processes import run

PATIENCE = 10  # seconds for a card that is brought up to find its link


def fault_of(address: str, name: str) -> str | None:
    """What keeps the node from being reached or pmxcfs from starting; None where nothing does."""
    return link_fault(address) or name_fault(name)


def link_fault(address: str) -> str | None:
    holders = links_with(address)
    if not holders:
        return f"{address} is on no link"
    if any(is_on_wire(link) for link in holders):
        return None
    return f"{address} is on {', '.join(holders)}, which has no carrier"


def links_with(address: str) -> list[str]:
    try:
        told = json.loads(run(["ip", "-json", "address", "show"], 10).output)
        wanted = ipaddress.ip_address(address)
        return [
            str(link["ifname"])
            for link in told
            if any(ipaddress.ip_address(each.get("local", "::")) == wanted for each in link.get("addr_info", []))
        ]
    except (ValueError, KeyError, TypeError, AttributeError):
        return []


def is_on_wire(link: str, depth: int = 0) -> bool:
    """A bridge without ports, or with guests alone, claims a carrier: what counts is a card below it."""
    if not has_carrier(link) or depth > 8:
        return False
    below = ovs_ports(link) if is_of_ovs(link) else [name[6:] for name in listed(link) if name.startswith("lower_")]
    if below or "bridge" in listed(link):
        return any(is_on_wire(each, depth + 1) for each in below if not is_guests(each))
    return True


def listed(link: str) -> list[str]:
    try:
        return os.listdir(f"/sys/class/net/{link}")
    except OSError:
        return []


def is_guests(link: str) -> bool:
    return "tun_flags" in listed(link) or re.match(r"(?:tap|fw(?:br|pr|ln)|veth)\d+", link) is not None


def is_of_ovs(link: str) -> bool:
    """A bridge of Open vSwitch, or a port that it made: what is below is known to nobody else."""
    return bool(shutil.which("ovs-vsctl")) and not is_card(link) and bridge_of_ovs(link) != ""


def bridge_of_ovs(link: str) -> str:
    told = run(["ovs-vsctl", "--timeout=5", "iface-to-br", link], 10)
    return told.output.strip() if told.code == 0 else ""


def ovs_ports(link: str) -> list[str]:
    """The cards among the bridge's interfaces; those of a bond are listed one by one."""
    told = run(["ovs-vsctl", "--timeout=5", "list-ifaces", bridge_of_ovs(link)], 10)
    return [name for name in told.output.split() if is_card(name)]


def has_carrier(link: str) -> bool:
    try:
        with open(f"/sys/class/net/{link}/carrier", encoding="ascii") as stream:
            return stream.read().strip() == "1"
    except OSError:
        return False  # not there, or not up


def name_fault(name: str) -> str | None:
    """pmxcfs takes the first address that is no loopback one, and does not start without."""
    addresses = {line.split()[0] for line in run(["getent", "--no-addrconfig", "ahosts", name], 20).output.splitlines() if line.strip()}
    if any(is_outward(address) for address in addresses):
        return None
    return f"{name} resolves to {', '.join(sorted(addresses)) or 'nothing'}, with which pmxcfs does not start"


def is_outward(address: str) -> bool:
    try:
        return not ipaddress.ip_address(address.partition("%")[0]).is_loopback
    except ValueError:
        return False


def names_in_hosts(data: bytes) -> set[str]:
    """Those that a hosts file gives an address that is no loopback one."""
    lines = (line.partition("#")[0].split() for line in data.decode("utf-8", "replace").splitlines())
    return {name for address, *names in filter(None, lines) if is_outward(address) for name in names}


def cards_under(address: str, files: dict[str, bytes]) -> set[str]:
    """The network cards of this node that a set of interfaces files puts below the address; ports of ports, too."""
    uses: dict[str, set[str]] = {}
    holders: set[str] = set()
    for data in files.values():
        for item in parse_interfaces(data.decode("utf-8", "replace")):
            if item.kind != "iface" or not item.rest:
                continue
            name = item.rest[0].text.split(":")[0]
            for option in item.body:
                words = [token.text for token in option.values]
                if option.name == "address" and words and words[0].split("/")[0] == address:
                    holders.add(name)
                if option.name == "ovs-bridge":
                    for bridge in words:
                        uses.setdefault(bridge, set()).add(name)
                        uses.setdefault(name, set()).add(bridge)  # an internal port reaches the wire through it
                elif re.search(r"-(?:ports|slaves|bonds|raw-device)\Z|^slaves\Z", option.name):
                    uses.setdefault(name, set()).update(words)
    reached: set[str] = set()
    waiting = list(holders)
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting += [*uses.get(name, ()), *([name.rpartition(".")[0]] if "." in name else [])]
    return {name for name in reached if is_card(name)}


def is_card(name: str) -> bool:
    inside = listed(name)
    if name in ("", "lo") or not inside or {"bridge", "bonding", "tun_flags"} & set(inside):
        return False
    # What Open vSwitch or the kernel makes has no device, nor another end as the lab's cards have.
    if "device" not in inside and os.path.exists(f"/sys/class/net/{name}/iflink"):
        return number_of(name, "iflink") != number_of(name, "ifindex") and not any(each.startswith("lower_") for each in inside)
    return True


def number_of(name: str, file: str) -> str:
    try:
        with open(f"/sys/class/net/{name}/{file}", encoding="ascii") as stream:
            return stream.read().strip()
    except OSError:
        return ""


def any_finds_link(cards: set[str]) -> bool:
    """One that is down is brought up for the question, and down again where no cable answers."""
    down = [card for card in sorted(cards) if not has_carrier(card)]
    if len(down) < len(cards):
        return True
    for card in down:
        run(["ip", "link", "set", card, "up"], 10)
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if any(has_carrier(card) for card in down):
            return True
        time.sleep(0.5)
    return False
