"""What names give: the node's own, and whatever the resolver is asked for."""

import os

from engine import commands
from probes import for_one_look


def resolver(name: str, family: str | None = None) -> str:
    """What pmxcfs would take: the first address of the name that is neither 127.* nor ::1."""
    addresses = resolve_once(name)
    if family:
        addresses = [address for address in addresses if (":" in address) == (family == "6")]
    usable = [address for address in addresses if not is_loopback(address)]
    if usable:
        return usable[0]
    return f"loopback {addresses[0]}" if addresses else "unresolved"


@for_one_look
def resolve_once(name: str) -> list[str]:
    return resolve(name)


def resolve(name: str) -> list[str]:
    """Addresses in the resolver's own order, through NSS as every program on the node sees it."""
    listed = commands.run(["getent", "--no-addrconfig", "ahosts", "--", name], timeout=10)
    seen: list[str] = []
    for line in listed.output.splitlines():
        address = line.split()[0]
        if address not in seen:
            seen.append(address)
    return seen


def is_loopback(address: str) -> bool:
    return address.startswith("127.") or address == "::1"


def hostname() -> str:
    return os.uname().nodename
