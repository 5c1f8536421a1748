"""What the node's program has for this concern, by the names under which a plan asks for it."""

PROBES = {
    "root-keys": "concerns.rescueAccess.node.keys.root_keys",
    "rescue-keys-read": "concerns.rescueAccess.node.keys.read_by_sshd",
    "undeclared-keys": "concerns.rescueAccess.node.keys.undeclared",
}
CHECKS = {"rescue-keys": "concerns.rescueAccess.node.keys.complaint"}
