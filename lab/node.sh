#!/bin/sh
# The power supply of a lab node: a fresh network namespace and a boot, again after each reboot, until the node is off.
# usage: node.sh NETNS CGROUP BRIDGE_NETNS PORT MAC NSPAWN_ARGUMENT...
set -u
netns=$1 cgroup=$2 bridge=$3 port=$4 mac=$5
shift 5
status=133
while [ "$status" -eq 133 ]; do # the exit status by which nspawn reports a reboot
    # A reboot of real hardware forgets its bridges and addresses: so the namespace is made anew.
    ip -n "$bridge" link delete "$port" 2>/dev/null
    ip netns delete "$netns" 2>/dev/null
    ip netns add "$netns" &&
        ip -n "$netns" link set lo up &&
        ip -n "$bridge" link add "$port" type veth peer name enp1s0 address "$mac" netns "$netns" &&
        ip -n "$bridge" link set "$port" master br0 up &&
        mkdir -p "$cgroup" || exit 1
    # In a control group of its own: nspawn would put every node into the same one, where each node's systemd takes
    # the services of all the others for its own.
    # shellcheck disable=SC2016 # expanded by the inner shell
    sh -c 'echo $$ >"$0/cgroup.procs" && exec systemd-nspawn "$@"' "$cgroup" --network-namespace-path="/run/netns/$netns" "$@"
    status=$?
done
exit "$status"
