"""What `corosync-cfgtool -s` says of the links to the cluster's other nodes. (`-n` names the nodes, and a lost link there
is a word of its line in some versions only.)"""

from __future__ import annotations

import re

COMMAND = ("corosync-cfgtool", "-s")


def links_down(said: str) -> list[str]:
    """`link 1 to node 2` for each that is not connected: `disconnected`, or what a version calls it."""
    down = []
    link = ""
    for line in said.splitlines():
        head = re.match(r"LINK ID (\d+)", line)
        link = head[1] if head else link
        node = re.search(r"nodeid:\s*(\d+):?\s+(\S.*)$", line)
        if node and node[2].strip() not in ("connected", "localhost"):
            down.append(f"link {link} to node {node[1]}")
    return down
