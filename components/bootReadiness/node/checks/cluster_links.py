"""One of several links to a node is down: the one that is left may not come up at the next boot."""

from look import corosync
from look.verdict import Verdict, bad, passed, skipped

from ..machine import Machine

GROUP = "cluster"
CODES = {"boot-link-down": "corosync says of a link to another node that it is disconnected, and reaches the node by another one"}


def check(machine: Machine) -> Verdict:
    if not machine.exists("/etc/corosync/corosync.conf"):
        return skipped("boot-no-cluster", "this node is in no cluster")
    told = machine.run(*corosync.COMMAND)
    if not told.ok:
        raise OSError(told.explain())
    links = corosync.links(told.output)
    reached = {link.node for link in links if link.is_up}
    # A node that no link reaches is off, or cut off: whether the cluster can do without it is what its quorum says.
    down = [str(link) for link in links if not link.is_up and link.node in reached]
    if down:
        return bad("boot-link-down", f"{', '.join(down)} is down", "look at the network between them: corosync-cfgtool -n")
    away = sorted({link.node for link in links} - reached, key=int)
    return passed(f"node {', '.join(away)} is away" if away else "")
