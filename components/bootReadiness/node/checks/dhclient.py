"""An interface gets its address by DHCP, and the client that ifupdown2 starts for that is not installed."""

from look.verdict import Verdict, bad, passed, skipped

from ..interfaces import network
from ..machine import Machine

GROUP = "network"
CODES = {
    "boot-dhclient-missing": "an interface is brought up by DHCP, and there is no dhclient",
    "boot-no-dhcp": "no interface is brought up by DHCP",
}


def check(machine: Machine) -> Verdict:
    file = network(machine)
    asking = sorted({each.name for each in file.stanzas if each.method == "dhcp" and each.name in file.started}) if file else []
    if not asking:
        return skipped("boot-no-dhcp", "no interface is brought up by DHCP")
    if not (machine.has("dhclient") or (not machine.exists("/usr/share/ifupdown2") and (machine.has("dhcpcd") or machine.has("udhcpc")))):
        return bad("boot-dhclient-missing", f"{', '.join(asking)} gets no address: dhclient is not installed", "apt install isc-dhcp-client, or give it a static address")
    return passed()
