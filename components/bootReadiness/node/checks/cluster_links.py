"""A link of the cluster is down: the one that is left may not come up at the next boot."""

import re

from look.verdict import Verdict, bad, passed, skipped

from ..machine import Machine

GROUP = "cluster"
CODES = {"boot-link-down": "corosync says of a link to another node that it is disconnected"}


def check(machine: Machine) -> Verdict:
    if not machine.exists("/etc/corosync/corosync.conf"):
        return skipped("boot-no-cluster", "this node is in no cluster")
    told = machine.run("corosync-cfgtool", "-s")
    if not told.ok:
        raise OSError(told.explain())
    down = []
    link = ""
    for line in told.output.splitlines():
        found = re.match(r"LINK ID (\d+)", line)
        link = found.group(1) if found else link
        node = re.search(r"nodeid:\s*(\d+):?\s+disconnected", line)
        if node:
            down.append(f"link {link} to node {node.group(1)}")
    if down:
        return bad("boot-link-down", f"{', '.join(down)} is down", "look at the network between them: corosync-cfgtool -n")
    return passed()
