"""What the node's program has for this concern, by the names under which a plan asks for it."""

PROBES = {
    "smartd-coverage": "concerns.smartd.node.disks.smartd_coverage",
    "self-tests": "concerns.smartd.node.disks.self_tests",
}
CHECKS = {"smartd": "concerns.smartd.node.checks.smartd"}
WAKES = ["smartd"]  # disks: not asked by a timer
