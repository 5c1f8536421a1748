"""A port of a bridge or bond is not there: what hangs on it comes up without it, or not at all."""

from look.verdict import Verdict, bad, passed, skipped

from ..interfaces import FILE, network, ports
from ..machine import Machine

GROUP = "network"
CODES = {"boot-port-missing": "the interfaces file puts a bridge, bond or VLAN on a link that is not there and that it does not make"}


def check(machine: Machine) -> Verdict:
    file = network(machine)
    if file is None:
        return skipped("boot-no-interfaces", f"there is no {FILE}")
    links = set(machine.names("/sys/class/net"))
    other = {alternative for path in machine.find("/sys/class/net/*/altnames") for alternative in machine.lines(path)}
    made = {each.name for each in file.stanzas if each.name not in links and each.options}
    missing = [(each.name, port) for each in file.stanzas for port in ports(each) if port not in links | other | made and "." not in port]
    if missing:
        said = ", ".join(f"{port} of {name}" for name, port in dict.fromkeys(missing))
        return bad("boot-port-missing", f"{said} is not there", "look at `ip link`: a name may have changed, or a card may be gone")
    return passed()
