"""One of several links to a node is down: the one that is left may not come up at the next boot."""

from engine import links
from look.verdict import Verdict, bad, passed, skipped

from ..machine import Machine

GROUP = "cluster"
CODES = {"boot-link-down": "corosync says of a link to another node that it is disconnected, and reaches the node by another one"}


def check(machine: Machine) -> Verdict:
    if not machine.exists("/etc/corosync/corosync.conf"):
        return skipped("boot-no-cluster", "this node is in no cluster")
    told = machine.run(*links.TELL_LINKS)
    if not told.ok:
        raise OSError(told.explain())
    down = links.half_down(told.output)
    if down:
        return bad("boot-link-down", f"{', '.join(map(str, down))} is down", "look at the network between them: corosync-cfgtool -n")
    away = sorted({link.node for link in links.links_of(told.output) if not link.is_up}, key=int)
    return passed(f"node {', '.join(away)} is away" if away else "")
