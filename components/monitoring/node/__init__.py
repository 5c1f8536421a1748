"""What the node's program has for this concern, by the names under which a plan asks for it."""

PROBES = {"monitoring": "concerns.monitoring.node.services.verdict"}
CHECKS = {
    "blackbox-image": "concerns.monitoring.node.image.check",
    "monitoring": "concerns.monitoring.node.services.complaint",
    "monitoring-load": "concerns.monitoring.node.services.load",
}
WAKES = ["monitoring-load", "blackbox-image"]  # has services read their files, or pulls: not asked by a timer
