"""What `corosync-cfgtool -s` says of the links to the cluster's other nodes. (`-n` names the nodes, and a lost link there
is a word of its line in some versions only.)"""

from __future__ import annotations

import re
from typing import NamedTuple

TELL_LINKS = ("corosync-cfgtool", "-s")


class Link(NamedTuple):
    number: str
    node: str
    is_up: bool

    def __str__(self) -> str:
        return f"link {self.number} to node {self.node}"


def links_of(said: str) -> list[Link]:
    """To the other nodes; one that is down is `disconnected`, or what a version calls it."""
    found = []
    number = ""
    for line in said.splitlines():
        head = re.match(r"LINK ID (\d+)", line)
        number = head[1] if head else number
        node = re.search(r"nodeid:\s*(\d+):?\s+(\S.*)$", line)
        if node and node[2].strip() != "localhost":
            found.append(Link(number, node[1], node[2].strip() == "connected"))
    return found


def links_down(said: str) -> list[str]:
    """`link 1 to node 2` for each that is not connected."""
    return [str(link) for link in links_of(said) if not link.is_up]


def half_down(said: str) -> list[Link]:
    """Those that are not connected, to nodes that another link reaches. One that no link reaches is off, or cut off: that is for
    votes and pings to tell."""
    found = links_of(said)
    reached = {link.node for link in found if link.is_up}
    return [link for link in found if not link.is_up and link.node in reached]
