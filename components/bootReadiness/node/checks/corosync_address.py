"""A link address of this node in corosync.conf is one that it does not have: it is alone after the next boot."""

import ipaddress
import json
import re

from look.verdict import Verdict, bad, passed, skipped

from ..machine import Machine

GROUP = "name"
CODES = {
    "boot-corosync-address": "corosync.conf gives this node a link address that no interface holds",
    "boot-corosync-stranger": "corosync.conf has no entry for this node",
    "boot-no-cluster": "this node is in no cluster",
}
FILE = "/etc/corosync/corosync.conf"


def check(machine: Machine) -> Verdict:
    text = machine.read(FILE)
    if text is None:
        return skipped("boot-no-cluster", "this node is in no cluster")
    own = next((block for block in re.findall(r"\bnode\s*\{([^}]*)\}", text) if re.search(rf"^\s*name:\s*{re.escape(machine.name)}\s*$", block, re.MULTILINE)), None)
    if own is None:
        return bad("boot-corosync-stranger", f"{FILE} does not name {machine.name}", "look at pvecm status, and at the other nodes' file")
    held = addresses(machine)
    for address in re.findall(r"^\s*ring\d_addr:\s*(\S+)", own, re.MULTILINE):
        wanted = resolved(machine, address)
        if wanted not in held:
            return bad("boot-corosync-address", f"the cluster knows this node at {address}, which no interface holds", "give an interface that address, or correct corosync.conf by Proxmox's procedure")
    return passed()


def resolved(machine: Machine, address: str) -> str:
    try:
        return str(ipaddress.ip_address(address))
    except ValueError:
        return next(iter(machine.in_hosts(address)), address)


def addresses(machine: Machine) -> list[str]:
    shown = machine.run("ip", "-j", "address", "show")
    if not shown.ok:
        raise OSError(shown.explain())
    return [str(ipaddress.ip_address(each["local"])) for link in json.loads(shown.output) for each in link.get("addr_info", [])]
