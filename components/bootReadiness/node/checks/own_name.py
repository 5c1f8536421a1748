"""The node's own name gives a loopback address, or not the declared one: pmxcfs does not start, and with it nothing of
Proxmox."""

from look.verdict import Verdict, bad, passed

from ..machine import Machine

GROUP = "name"
CODES = {
    "boot-name-loopback": "the node's own name resolves to a loopback address",
    "boot-name-not-in-hosts": "/etc/hosts does not know the node's own name: the boot would have to wait for DNS",
    "boot-name-elsewhere": "the node's own name resolves to another address than the declared one",
}


def check(machine: Machine) -> Verdict:
    found = machine.in_hosts(machine.name)
    loopback = [address for address in found if address.startswith("127.") or address == "::1"]
    if loopback:
        return bad("boot-name-loopback", f"{machine.name} resolves to {', '.join(loopback)}", "take it out of that line of /etc/hosts")
    if not found:
        return bad("boot-name-not-in-hosts", f"/etc/hosts has no line for {machine.name}", "add one with the node's LAN address")
    missing = [address for address in machine.addresses if address not in found]
    if missing:
        return bad("boot-name-elsewhere", f"{machine.name} resolves to {', '.join(found)}, not to {', '.join(missing)}", "correct /etc/hosts, or the address in the stack")
    return passed(f"{machine.name} is {found[0]}")
