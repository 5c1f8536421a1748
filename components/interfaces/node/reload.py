"""What a reload of the network would cost that no revert gives back: asked before anything is written."""

from __future__ import annotations

import fnmatch
import re

from ...bootReadiness.node.checks import ha_state
from ...bootReadiness.node.interfaces import FILE, Stanza, stanzas
from ...bootReadiness.node.machine import Machine, NoPmxcfs
from look.verdict import Verdict, bad, passed, skipped

PENDING = "/etc/network/interfaces.new"
ADDON = "/usr/share/ifupdown2/addons/openvswitch.py"
GUEST = re.compile(r"^(?:tap|veth|fwln|fwpr|fwbr)\d")
AT_REST = ("stopped", "disabled", "ignored")  # of HA's states: the node is not fenced for such a guest


def reload(_: float, staged: str, root: str = "") -> Verdict:
    machine = Machine(root)
    for told in (pending(machine), high_availability(machine), other_kind(machine, staged), guests(machine, staged)):
        if told.state == "bad":
            return told
    return passed()


def reload_now() -> str | Verdict:
    """Of the file that stands there: what a push will be refused for is said with each look before it."""
    told = reload(0, FILE)
    return skipped("reload-refused", f"refused now: {told.text}") if told.state == "bad" else "possible"


def pending(machine: Machine) -> Verdict:
    if not machine.lies(PENDING):
        return passed()
    return bad("reload-interfaces-pending", f"{PENDING} waits: the next boot or Apply would put it over what is confirmed now", "take it over into the stack, or press Revert in the GUI")


def high_availability(machine: Machine) -> Verdict:
    """A reload may take corosync's links away for as long as it takes the cluster to fence a node whose watchdog runs."""
    try:
        manager, local = (ha_state.read(machine, path) for path in ("ha/manager_status", f"nodes/{machine.name}/lrm_status"))
    except NoPmxcfs as error:
        if not machine.run("systemctl", "is-active", "--quiet", "pve-ha-lrm.service").ok:
            return passed()  # nobody here holds a watchdog
        return bad("reload-ha-untold", f"whether HA would fence this node is not known: {error}", "systemctl status pve-cluster; or push with apply: boot")
    own = sorted(name for name, each in manager.get("service_status", {}).items() if each.get("node") == machine.name and each.get("state") not in AT_REST)
    if not own and local.get("state") != "active":
        return passed()
    for_what = f"HA looks after {', '.join(own)} here" if own else "HA's watchdog runs here"
    return bad(
        "reload-ha",
        f"{for_what}: while the network reloads corosync may be silent for long enough to fence this node",
        f"give it HA's maintenance first, and take it off afterwards: ha-manager crm-command node-maintenance enable {machine.name}",
    )


def other_kind(machine: Machine, staged: str) -> Verdict:
    """ifupdown2 takes a Linux bridge's name for Open vSwitch before that has made its own, and the way back it refuses altogether
    ("invalid use of bridge attribute on non-bridge stanza"), so that no reload reverts it."""
    others = machine.run("ovs-vsctl", "--timeout=10", "list-br")
    switches = others.output.split() if others.ok else []
    for each in stanzas(machine, staged):
        to_switch = "OVSBridge" in each.values("ovs-type")
        if to_switch and machine.exists(f"/sys/class/net/{each.name}/bridge"):
            return kept_apart(each.name, "a Linux bridge", "Open vSwitch's")
        if not to_switch and each.values("bridge-ports") and each.name in switches:
            return kept_apart(each.name, "Open vSwitch's", "a Linux bridge")
    return passed()


def kept_apart(name: str, now: str, then: str) -> Verdict:
    """Nor by a boot: Open vSwitch's bridge outlives it, so that the way back has none."""
    return bad("reload-bridge-kind", f"{name} is {now} and would be {then}: ifupdown2 cannot do that under one name and cannot take it back", "give the new bridge another name, in place of the old one")


def guests(machine: Machine, staged: str) -> Verdict:
    """ifupdown2 deletes what runs on an Open vSwitch bridge and is not in its list of ports: guests among it. Proxmox's own version of
    that addon speaks of taps, and spares them."""
    if "tap" in (machine.read(ADDON) or ""):
        return passed()
    lost = {each.name: going(machine, each) for each in stanzas(machine, staged) if each.values("ovs-ports")}
    gone = [f"{', '.join(ports)} of {bridge}" for bridge, ports in lost.items() if ports]
    if not gone:
        return passed()
    return bad("reload-guests", f"guests would lose their network: ifupdown2's reload deletes {'; '.join(gone)}", "write 'ovs_ports_condone_regex ^(tap|veth|fwln)' in the bridge's stanza")


def going(machine: Machine, bridge: Stanza) -> list[str]:
    """Ports of guests."""
    asked = machine.run("ovs-vsctl", "--timeout=10", "list-ports", bridge.name)
    listed = " ".join(bridge.values("ovs-ports")).split()
    condoned = [re.compile(each) for each in bridge.values("ovs-ports-condone-regex")[:1]]
    running = asked.output.split() if asked.ok else []  # no such bridge: it is to be made
    return [port for port in running if GUEST.match(port) and not any(fnmatch.fnmatch(port, each) for each in listed) and not any(each.match(port) for each in condoned)]
