#!/bin/sh
# The power supply of a lab node: a fresh network namespace and a boot, again after each reboot, until the node is off.
# usage: node.sh NETNS BRIDGE_NETNS PORT MAC NSPAWN_ARGUMENT...
set -u
netns=$1 bridge=$2 port=$3 mac=$4
shift 4
status=133
while [ "$status" -eq 133 ]; do # the exit status by which nspawn reports a reboot
    # A reboot of real hardware forgets its bridges and addresses: so the namespace is made anew.
    ip -n "$bridge" link delete "$port" 2>/dev/null
    ip netns delete "$netns" 2>/dev/null
    ip netns add "$netns" &&
        ip -n "$netns" link set lo up &&
        ip -n "$bridge" link add "$port" type veth peer name enp1s0 address "$mac" netns "$netns" &&
        ip -n "$bridge" link set "$port" master br0 up || exit 1
    systemd-nspawn --network-namespace-path="/run/netns/$netns" "$@"
    status=$?
done
exit "$status"
