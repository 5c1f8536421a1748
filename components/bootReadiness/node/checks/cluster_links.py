"""A link of the cluster is down: the one that is left may not come up at the next boot."""

from look import corosync
from look.verdict import Verdict, bad, passed, skipped

from ..machine import Machine

GROUP = "cluster"
CODES = {"boot-link-down": "corosync says of a link to another node that it is disconnected"}


def check(machine: Machine) -> Verdict:
    if not machine.exists("/etc/corosync/corosync.conf"):
        return skipped("boot-no-cluster", "this node is in no cluster")
    told = machine.run(*corosync.COMMAND)
    if not told.ok:
        raise OSError(told.explain())
    down = corosync.links_down(told.output)
    if down:
        return bad("boot-link-down", f"{', '.join(down)} is down", "look at the network between them: corosync-cfgtool -n")
    return passed()
