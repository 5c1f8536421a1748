"""What the node's program has for this concern, by the names under which a plan asks for it."""

PROBES = {"mount": "concerns.fstab.node.mounts.mount", "source": "concerns.fstab.node.mounts.source"}
CHECKS = {
    "findmnt": "concerns.fstab.node.checks.findmnt",
    "fstab-generator": "concerns.fstab.node.checks.fstab_generator",
}
