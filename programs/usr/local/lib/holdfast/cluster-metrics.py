#!/usr/bin/python3 -ISXutf8
"""Managed by Holdfast. Quorum, the QDevice, corosync's links and pmxcfs, for whoever scrapes node-exporter."""

import os
import sys

from engine.links import TELL_LINKS, half_down
from engine.votes import is_quorate, numbers_of, of_devices
from shared.metrics import remove_metrics, single, write_metrics
from shared.processes import run

METRICS_FILE = "holdfast_cluster.prom"
CONFIGURATION = os.environ.get("HOLDFAST_COROSYNC", "/etc/corosync/corosync.conf")
PMXCFS = os.environ.get("HOLDFAST_PMXCFS", "/etc/pve/.version")  # pmxcfs makes it while somebody reads
ANSWER = 10  # seconds


def main() -> int:
    found = [pmxcfs(), *(cluster() if os.path.exists(CONFIGURATION) else [])]
    text = "".join(found)
    if text:
        write_metrics(METRICS_FILE, text)
    else:
        remove_metrics(METRICS_FILE)
    return 0


def pmxcfs() -> str:
    """Asked by another program: what asks one that hangs, hangs with it. Nothing where there is no pmxcfs at all."""
    if not os.path.isdir(os.path.dirname(os.path.dirname(PMXCFS))) or not is_installed():
        return ""
    answers = run(["cat", "--", PMXCFS], ANSWER).code == 0
    return single("holdfast_pmxcfs_answers", "Whether /etc/pve is there and can be read.", int(answers))


def is_installed() -> bool:
    return any(os.path.exists(os.path.join(folder, "pmxcfs")) for folder in os.environ["PATH"].split(":"))


def cluster() -> list[str]:
    """Exit status 0: quorate, 2: not; anything else: corosync does not answer, and votes nowhere."""
    said = run(["corosync-quorumtool", "-s"], ANSWER)
    speaks = said.code in (0, 2) and "Votequorum information" in said.output
    answers = single("holdfast_cluster_corosync_answers", "Whether corosync says how the votes stand.", int(speaks))
    if not speaks:
        return [answers, single("holdfast_cluster_quorate", QUORATE, 0)]
    return [answers, *votes(said.output), *links(run(TELL_LINKS, ANSWER).output)]


QUORATE = "Whether this node is in a part of the cluster that has quorum."


def votes(said: str) -> list[str]:
    numbers, devices = numbers_of(said), of_devices(said)
    texts = [single("holdfast_cluster_quorate", QUORATE, int(bool(is_quorate(said))))]
    if "total" in numbers and "quorum" in numbers:
        spare = "How many votes may be lost before the cluster stops; below 0: it has stopped."
        texts.append(single("holdfast_cluster_votes_spare", spare, numbers["total"] - numbers["quorum"]))
    if "total" in numbers and "expected" in numbers:
        missing = "Votes that are expected and not there."
        texts.append(single("holdfast_cluster_votes_missing", missing, max(0, numbers["expected"] - numbers["total"])))
    if devices:
        texts.append(single("holdfast_cluster_qdevice_votes", "Votes that the QDevice gives now.", sum(devices)))
    return texts


def links(said: str) -> list[str]:
    """Nothing where there is nobody to be linked to."""
    if "nodeid:" not in said:
        return []
    return [single("holdfast_cluster_links_down", "Links that are not connected, to nodes that another link reaches.", len(half_down(said)))]


if __name__ == "__main__":
    sys.exit(main())
