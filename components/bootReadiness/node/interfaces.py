"""The interfaces file and what it sources, as the checks read it: no grammar, just stanzas."""

from __future__ import annotations

import os
import re
from typing import NamedTuple

from .machine import Machine

FILE = "/etc/network/interfaces"
# What only a bond, bridge, VLAN or tunnel carries: such a stanza makes its link.
MAKING = {
    "bond-slaves", "bond-ports", "slaves", "bond-mode", "bridge-ports", "bridge-vlan-aware", "bridge-stp", "vlan-raw-device", "vlan-id",
    "vxlan-id", "vrf-table", "tunnel-mode", "xfrm-id", "link-type", "batman-ifaces", "batman-ports",
}  # fmt: skip
PLAIN = ("manual", "static", "dhcp", "auto", "loopback")  # methods for a link that is there
# ip-link, ip-tuntap, tunctl, openvpn, brctl, iw, vconfig and ovs-vsctl.
CREATION = re.compile(r"\b(?:link add|tuntap add|tunctl|mktun|addbr|interface add|vconfig add|add-port|add-br|add-bond)\b")
VLAN = re.compile(r".+\.\d{1,4}|vmbr\d+v\d+")
PORTS = ("bridge-ports", "bond-slaves", "slaves", "ovs-ports", "ovs-bonds", "vlan-raw-device")


class Stanza(NamedTuple):
    name: str
    family: str
    method: str
    options: list[tuple[str, str]]

    def values(self, name: str) -> list[str]:
        return [value for key, value in self.options if key == name]


class Network(NamedTuple):
    stanzas: list[Stanza]
    started: set[str]  # names that come up at boot: auto, allow-hotplug, allow-ovs, allow-BRIDGE
    lines: list[tuple[str, int, str]]  # file, number, text without comment


def network(machine: Machine) -> Network | None:
    """None where the machine has no such file."""
    if machine.read(FILE) is None:
        return None
    lines = lines_of(machine, FILE, 0)
    started = {word for _, _, text in lines for words in [text.split()] if words[0] == "auto" or words[0].startswith("allow-") for word in words[1:]}
    return Network(stanzas_of(lines), started, lines)


def stanzas(machine: Machine, path: str) -> list[Stanza]:
    """Of a file that is staged."""
    return stanzas_of(lines_of(machine, path, 0))


def stanzas_of(lines: list[tuple[str, int, str]]) -> list[Stanza]:
    stanzas: list[Stanza] = []
    for _, _, text in lines:
        words = text.split()
        if words[0] == "iface" and len(words) >= 2:
            family, method = words[2:4] if len(words) >= 4 else ("inet", words[-1] if len(words) > 2 else "static")
            stanzas.append(Stanza(words[1], family, method, []))
        elif stanzas and words[0] != "auto" and not words[0].startswith("allow-"):
            stanzas[-1].options.append((words[0].replace("_", "-"), " ".join(words[1:])))
    return stanzas


def lines_of(machine: Machine, path: str, depth: int) -> list[tuple[str, int, str]]:
    """With what it sources, at most four deep."""
    found: list[tuple[str, int, str]] = []
    text = (machine.read(path) or "").replace("\\\n", " ")
    for number, line in enumerate(text.splitlines(), 1):
        plain = line.strip()
        if not plain or plain.startswith("#"):
            continue
        words = plain.split()
        if words[0] in ("source", "source-directory") and depth < 4:
            for pattern in words[1:]:
                whole = os.path.join(os.path.dirname(path), pattern)  # an absolute one stays as it is
                for sourced in machine.find(whole + "/*" if words[0] == "source-directory" else whole):
                    found += lines_of(machine, sourced, depth + 1)
            continue
        found.append((path, number, plain))
    return found


def made(file: Network) -> set[str]:
    """Links that the file itself brings into being: by an option, by Open vSwitch, in a command, as the other end of a pair."""
    names = {each.name for each in file.stanzas if is_made(each)}
    for each in file.stanzas:
        names |= {*each.values("veth-peer-name"), *each.values("ovs-patch-peer")}
        commands = [value for name in ("pre-up", "up", "post-up") for value in each.values(name) if CREATION.search(value)]
        names |= {word for command in commands for word in re.split(r"[\s;&|\"'/]+", command)}
    return names


def is_made(stanza: Stanza) -> bool:
    return (
        stanza.method not in PLAIN
        or any(name in MAKING for name, _ in stanza.options)
        or any(value != "OVSPort" for value in stanza.values("ovs-type"))
    )


def ports(stanza: Stanza) -> list[str]:
    """Names of links that the stanza is put on; no globs, no expressions."""
    words = [word for name in PORTS for value in stanza.values(name) for word in value.split()]
    plain = []
    for word in words:
        if word in ("regex", "glob"):
            break  # what comes then is no name
        if word != "none" and not set(word) & set("*?[(^$"):
            plain.append(word)
    return plain
