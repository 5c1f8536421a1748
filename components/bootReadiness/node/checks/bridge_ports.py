"""A bridge runs without the ports that its file gives it: its address is one that the kernel made up, and nothing
reaches it."""

from look.verdict import Verdict, bad, passed, skipped

from ..interfaces import FILE, network
from ..machine import Machine

GROUP = "network"
CODES = {"boot-bridge-without-port": "a Linux bridge has none of the ports that the interfaces file gives it"}


def check(machine: Machine) -> Verdict:
    file = network(machine)
    if file is None:
        return skipped("boot-no-interfaces", f"there is no {FILE}")
    bridges = [each for each in file.stanzas if set(" ".join(each.values("bridge-ports")).split()) - {"none"} and machine.exists(f"/sys/class/net/{each.name}/bridge")]
    alone = sorted({each.name for each in bridges if not machine.names(f"/sys/class/net/{each.name}/brif")})
    if alone:
        return bad("boot-bridge-without-port", f"{', '.join(alone)} has no port", "look at `ip link` and at the bridge's stanza")
    return passed()
