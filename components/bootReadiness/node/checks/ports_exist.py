"""A port of a bridge or bond is not there: what hangs on it comes up without it, or not at all."""

from look.verdict import Verdict, bad, passed, skipped

from ..cards import alternative_names
from ..interfaces import FILE, VLAN, made, network, ports
from ..machine import Machine

GROUP = "network"
CODES = {"boot-port-missing": "the interfaces file puts a bridge, bond or VLAN on a link that is not there and that it does not make"}


def check(machine: Machine) -> Verdict:
    file = network(machine)
    if file is None:
        return skipped("boot-no-interfaces", f"there is no {FILE}")
    known = {*machine.names("/sys/class/net"), *alternative_names(machine), *made(file)}
    missing = [(each.name, port) for each in file.stanzas for port in ports(each) if port not in known and not VLAN.fullmatch(port)]
    if missing:
        said = ", ".join(f"{port} of {name}" for name, port in dict.fromkeys(missing))
        return bad("boot-port-missing", f"{said} is not there", "look at `ip link`: a name may have changed, or a card may be gone")
    return passed()
