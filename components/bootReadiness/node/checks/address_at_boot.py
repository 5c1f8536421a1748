"""No interface that comes up at boot brings the declared address."""

import ipaddress

from look.verdict import Verdict, bad, passed, skipped, unknown

from ..interfaces import FILE, network
from ..machine import Machine

GROUP = "name"
CODES = {
    "boot-address-nowhere": "no stanza of the interfaces file gives the node its declared address",
    "boot-address-not-auto": "the interface with the declared address is not brought up at boot",
    "boot-no-ifupdown": "the node has no /etc/network/interfaces, so who brings its address up was not looked at",
    "boot-nothing-declared": "the stack declares no address of this machine",
}


def check(machine: Machine) -> Verdict:
    if not machine.addresses:
        return skipped("boot-nothing-declared", "no address is declared")
    file = network(machine)
    if file is None:
        return unknown("boot-no-ifupdown", f"there is no {FILE}", "look at who configures the network here")
    for address in machine.addresses:
        holders = [each.name for each in file.stanzas if any(is_same(value, address) for value in each.values("address"))]
        asking = [each.name for each in file.stanzas if each.method in ("dhcp", "auto") and each.name in file.started]
        if not holders and not asking:
            return bad("boot-address-nowhere", f"no interface gets {address} at boot", f"give it to one in {FILE}")
        if holders and not set(holders) & file.started:
            return bad("boot-address-not-auto", f"{holders[0]} has {address} and is not brought up at boot", f"add `auto {holders[0]}` to {FILE}")
    return passed()


def is_same(value: str, address: str) -> bool:
    try:
        return ipaddress.ip_interface(value.split(maxsplit=1)[0]).ip == ipaddress.ip_address(address)
    except (ValueError, IndexError):
        return False
