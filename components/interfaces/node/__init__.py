"""What the node's program has for this concern, by the names under which a plan asks for it."""

PROBES = {
    "link": "concerns.interfaces.node.links.link",
    "interfaces-pending": "concerns.interfaces.node.links.interfaces_pending",
    "sourced-files": "concerns.interfaces.node.links.sourced_files",
    "reload-now": "concerns.interfaces.node.reload.reload_now",
    "interfaces-running": "concerns.interfaces.node.links.interfaces_running",
}
CHECKS = {"interfaces": "concerns.interfaces.node.checks.interfaces", "reload": "concerns.interfaces.node.reload.reload"}
WAKES = ["reload"]  # asked before a reload, and by nobody else
