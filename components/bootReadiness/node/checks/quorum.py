"""The cluster has lost its quorum, or loses it while this node reboots."""

import re

from look.verdict import Verdict, bad, passed, skipped
from power import quorum

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
    votes = quorum.parse(told.output)
    if votes is None:
        raise OSError("corosync-quorumtool did not say how the votes stand")
    if not votes["quorate"]:
        return bad("boot-no-quorum", "the cluster is not quorate", "look at pvecm status on the other nodes before anything else")
    conf = machine.read("/etc/corosync/corosync.conf") or ""
    # One that no node is connected to is not even in the list.
    if votes["device"] == "silent" or (votes["device"] == "none" and re.search(r"^\s*device\s*\{", conf, re.MULTILINE)):
        return bad("boot-qdevice-dead", "the QDevice gives no vote", "look at corosync-qdevice-tool -s, and at its host")
    declared = sum(int(found) for found in re.findall(r"^\s*quorum_votes:\s*(\d+)", conf, re.MULTILINE))
    device = quorum.device_votes(told.output)
    if declared and votes["expected"] != declared + device:
        return bad("boot-expected-votes", f"{votes['expected']} votes are expected, the nodes have {declared + device}", "pvecm expected only lasts until the next membership: look at corosync.conf")
    # A cluster that nobody has joined yet has nobody to leave alone.
    is_alone = declared == votes["own"]
    if not is_alone and votes["total"] - votes["own"] < votes["quorum"]:
        return bad("boot-quorum-with-us", "without this node the cluster is not quorate", "bring the other nodes back first, or add a QDevice")
    return passed()
