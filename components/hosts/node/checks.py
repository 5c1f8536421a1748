"""The node's own name."""

import glob
import ipaddress
import json
from collections.abc import Iterable

from engine import commands
from look.verdict import Verdict, bad, passed, unknown

from .names import is_loopback, resolve


def resolver(timeout: float, name: str, address: str) -> Verdict:
    """The node's name must give its LAN address and no loopback one: pmxcfs resolves it at boot (pve-cluster)."""
    addresses = resolve(name)
    loopback = [found for found in addresses if is_loopback(found)]
    if loopback:
        return bad(
            "name-loopback",
            f"{name} still resolves to {', '.join(loopback)}",
            "look for it in /etc/hosts, or in libnss-myhostname and DNS",
        )
    if address not in addresses:
        return bad("name-elsewhere", f"{name} resolves to {', '.join(addresses) or 'nothing'}, not to {address}")
    return passed()


INTERFACES = ("/etc/network/interfaces", "/etc/network/interfaces.d/*")


def own_address(timeout: float, name: str, address: str) -> Verdict:
    """Some interface holds the address that the hosts file is about to give the name, or gets it at the next boot.

    A wrong digit in the stack would else be written into the hosts file of the whole fleet, and every look would find it sound.
    """
    shown = commands.run(["ip", "-j", "address", "show"], timeout, limit=1 << 20)
    if not shown.ok:
        return unknown("addresses-untold", f"which addresses the node has cannot be told: {shown.explain()}")
    held = [each["local"] for link in json.loads(shown.output) for each in link.get("addr_info", []) if each.get("scope") == "global"]
    if same(address, held) or same(address, declared_addresses()):
        return passed()
    return bad(
        "address-not-held",
        f"no interface of this node holds {address}, which the stack gives {name} (it has {', '.join(held) or 'none'}), and none gets it at the next boot",
        "correct the node's `address` in the stack, or give the node that address first (interfaces), then run `up` again",
    )


def same(address: str, others: Iterable[str]) -> bool:
    wanted = parse(address)
    return wanted is not None and any(parse(other) == wanted for other in others)


def parse(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text.partition("/")[0])
    except ValueError:
        return None


def declared_addresses() -> list[str]:
    """Of the interfaces files: a renumbered node has its new address from the next boot on."""
    words: list[str] = []
    for path in (found for pattern in INTERFACES for found in glob.glob(pattern)):
        try:
            with open(path, encoding="utf-8", errors="replace") as stream:
                words += [line.split()[1] for line in stream if line.split()[:1] == ["address"] and len(line.split()) > 1]
        except OSError:
            continue
    return words
