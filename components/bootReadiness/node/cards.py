"""Network cards: their own MAC addresses, what pins their names, and what udev would call them at the next boot."""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple

from .machine import Machine

# Of files of one name the first place counts (systemd.link(5)).
PLACES = ("/etc/systemd/network", "/run/systemd/network", "/usr/local/lib/systemd/network", "/usr/lib/systemd/network")
DEFAULT = "99-default.link"
POLICIES = {"database": "ID_NET_NAME_FROM_DATABASE", "onboard": "ID_NET_NAME_ONBOARD", "slot": "ID_NET_NAME_SLOT", "path": "ID_NET_NAME_PATH", "mac": "ID_NET_NAME_MAC"}
LONGEST = 15  # IFNAMSIZ - 1: a longer one becomes an alternative name alone
PREDICTABLE = "2"  # name_assign_type: the kernel itself answers for the name
# Kinds of links that software makes; a container's cards are veth.
MADE = {"bridge", "bond", "vlan", "dummy", "tun", "vrf", "vxlan", "macvlan", "openvswitch", "ifb", "ipip", "sit", "gre", "wireguard"}


class Pin(NamedTuple):
    name: str
    path: str


class Untold(Exception):
    """udev does not say what it would call a card."""


def told_by_ip(machine: Machine) -> list[dict[str, Any]]:
    asked = machine.run("ip", "-details", "-json", "link", "show")
    try:
        return list(json.loads(asked.output or "[]")) if asked.ok else []
    except ValueError:
        return []


def alternative_names(machine: Machine) -> set[str]:
    """Of all links; /sys does not know them."""
    return {str(name) for each in told_by_ip(machine) for name in each.get("altnames", [])}


def links(machine: Machine) -> list[dict[str, str]]:
    """[{name, mac, kind}]: a bond gives its members its own address, and the card's is told beside it."""
    listed = told_by_ip(machine)
    return [{"name": str(each.get("ifname")), "mac": str(each.get("permaddr") or each.get("address") or "").lower(), "kind": str(each.get("linkinfo", {}).get("info_kind", ""))} for each in listed]


def own_address(machine: Machine, name: str) -> str:
    """In small letters."""
    told = {link["name"]: link["mac"] for link in links(machine)}
    return told.get(name) or machine.word(f"/sys/class/net/{name}/address").lower()


def is_card(machine: Machine, name: str, kind: str = "") -> bool:
    return machine.exists(f"/sys/class/net/{name}/device") or (machine.is_container and kind not in MADE and name != "lo")


def cards(machine: Machine) -> dict[str, str]:
    """{name: MAC address} of all that there are."""
    kinds = {link["name"]: link["kind"] for link in links(machine)}
    return {name: own_address(machine, name) for name in machine.names("/sys/class/net") if is_card(machine, name, kinds.get(name, ""))}


def link_files(machine: Machine) -> list[str]:
    """In the order in which udev tries them."""
    files: dict[str, str] = {}
    for place in PLACES:
        for path in machine.find(f"{place}/*.link"):
            files.setdefault(path.rpartition("/")[2], path)
    return [path for _, path in sorted(files.items())]


def pinned(machine: Machine) -> dict[str, Pin]:
    """{MAC: pin}: of the files that match the first counts, and a rule of udev's before all of them."""
    pins: dict[str, Pin] = {}
    for path in machine.find("/etc/udev/rules.d/*.rules"):
        for line in machine.lines(path):
            mac = re.search(r'ATTRS?\{address\}=="([0-9A-Fa-f:]+)"', line)
            name = re.search(r'\bNAME:?="([^"$%]+)"', line)
            if mac and name:
                pins.setdefault(mac.group(1).lower(), Pin(name.group(1), path))
    for path in link_files(machine):
        text = "\n".join(machine.lines(path))
        given = re.search(r"^Name\s*=\s*(\S+)$", text, re.MULTILINE)
        macs = re.findall(r"^(?:Permanent)?MACAddress\s*=(.+)$", text, re.MULTILINE)
        for address in " ".join(macs).lower().split():
            if given:
                pins.setdefault(address.replace("-", ":"), Pin(given.group(1), path))
    return pins


def named_by_udev(machine: Machine, name: str) -> str | None:
    """What the next boot would call a card that nothing pins, by what udev itself says of it now: a newer systemd, another naming
    scheme on the kernel's command line or another policy shows there before the boot does. None: the kernel's own count, eth0, or
    there is no udev. Raises Untold."""
    if not machine.exists("/run/udev/control") or "net.ifnames=0" in machine.word("/proc/cmdline").split():
        return None
    if named_by_another_file(machine, name) or machine.word(f"/sys/class/net/{name}/name_assign_type") == PREDICTABLE:
        return name
    asked = machine.run("udevadm", "test-builtin", "net_id", f"/sys/class/net/{name}")
    if not asked.ok:
        raise Untold(f"udevadm test-builtin net_id {name}: {asked.explain()}")
    said = dict(re.findall(r"^(ID_NET_NAME_\w+)=(\S+)$", asked.output, re.MULTILINE))
    policy = ["mac"] if "/usb" in machine.real(f"/sys/class/net/{name}") else naming_policy(machine)
    names = (said.get(POLICIES.get(each, ""), "") for each in policy)
    return next((each for each in names if each and len(each) <= LONGEST), None)


def naming_policy(machine: Machine) -> list[str]:
    """Of 99-default.link, or of what stands in its place."""
    for path in link_files(machine):
        if path.endswith(f"/{DEFAULT}"):
            found = re.findall(r"^NamePolicy\s*=(.*)$", "\n".join(machine.lines(path)), re.MULTILINE)
            return " ".join(found).split()
    return []


def named_by_another_file(machine: Machine, name: str) -> bool:
    """A .link file that goes by something else than a MAC address (a driver, a slot) named it at this boot, and is there yet."""
    record = machine.read(f"/run/udev/data/n{machine.word(f'/sys/class/net/{name}/ifindex')}") or ""
    used = re.search(r"^E:ID_NET_LINK_FILE=(\S+)$", record, re.MULTILINE)
    if not used or used.group(1).endswith((f"/{DEFAULT}", "/73-usb-net-by-mac.link")) or not machine.exists(used.group(1)):
        return False
    text = "\n".join(machine.lines(used.group(1)))
    return re.search(r"^Name\s*=", text, re.MULTILINE) is not None and "MACAddress" not in text
