"""What the node's program has for this concern, by the names under which a plan asks for it."""

PROBES = {"resolver": "concerns.hosts.node.names.resolver", "hostname": "concerns.hosts.node.names.hostname"}
CHECKS = {
    "resolver": "concerns.hosts.node.checks.resolver",
    "own-address": "concerns.hosts.node.checks.own_address",
}
