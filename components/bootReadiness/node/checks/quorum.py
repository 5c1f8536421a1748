"""The cluster has lost its quorum, or loses it while this node reboots."""

import re

from look.verdict import Verdict, bad, passed, skipped

from ..machine import Machine

GROUP = "cluster"
CODES = {
    "boot-no-quorum": "the cluster is not quorate",
    "boot-expected-votes": "votes are expected of other machines than the list of nodes has",
    "boot-quorum-with-us": "without this node's vote the cluster is not quorate any more",
    "boot-qdevice-dead": "the QDevice is configured and gives no vote",
}


def check(machine: Machine) -> Verdict:
    if not machine.exists("/etc/corosync/corosync.conf"):
        return skipped("boot-no-cluster", "this node is in no cluster")
    told = machine.run("corosync-quorumtool", "-s")
    if told.code not in (0, 2):
        raise OSError(told.explain())
    text = told.output

    def number(name: str) -> int:
        found = re.search(rf"^{name}:\s*(\d+)", text, re.MULTILINE)
        if found is None:
            raise OSError(f"corosync-quorumtool says nothing of: {name}")
        return int(found.group(1))

    if not re.search(r"^Quorate:\s*Yes", text, re.MULTILINE):
        return bad("boot-no-quorum", "the cluster is not quorate", "look at pvecm status on the other nodes before anything else")
    votes = members(text)
    if any(is_local and {"NR", "NA", "NV"} & set(flags.split(",")) for _, flags, _, is_local in votes):
        return bad("boot-qdevice-dead", "the QDevice gives no vote", "look at corosync-qdevice-tool -s, and at its host")
    conf = machine.read("/etc/corosync/corosync.conf") or ""
    declared = sum(int(found) for found in re.findall(r"^\s*quorum_votes:\s*(\d+)", conf, re.MULTILINE))
    device = sum(count for count, _, name, _ in votes if name == "Qdevice")
    if declared and number("Expected votes") != declared + device:
        return bad("boot-expected-votes", f"{number('Expected votes')} votes are expected, the nodes have {declared + device}", "pvecm expected only lasts until the next membership: look at corosync.conf")
    own = sum(count for count, _, _, is_local in votes if is_local)
    if number("Total votes") - own < number("Quorum"):
        return bad("boot-quorum-with-us", "without this node the cluster is not quorate", "bring the other nodes back first, or add a QDevice")
    return passed()


def members(text: str) -> list[tuple[int, str, str, bool]]:
    """(votes, flags of the QDevice, name, whether it is this node) of each line of the list."""
    found = []
    for line in text.partition("Membership information")[2].splitlines():
        row = re.match(r"\s*(0x[0-9a-f]+|\d+)\s+(\d+)\s+(?:([A-Z,]+)\s+)?(\S+)(\s+\(local\))?(?:\s+\(votes \d+\))?\s*$", line)
        if row:
            found.append((int(row.group(2)), row.group(3) or "", row.group(4), bool(row.group(5))))
    return found
