"""What the node's program has for this concern, by the names under which a plan asks for it."""

PROBES = {"exporter": "concerns.nodeExporter.node.port.verdict"}
CHECKS = {
    "exporter": "concerns.nodeExporter.node.port.complaint",
    "ip-filter": "concerns.nodeExporter.node.port.filter_complaint",
}
WAKES = ["ip-filter"]  # starts a service of its own: not asked by a timer
