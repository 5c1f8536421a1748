"""What the node's program has for this concern, by the names under which a plan asks for it."""

PROBES = {
    "network-files": "concerns.networkGuard.node.guard.files",
    "files-put-back": "concerns.networkGuard.node.guard.put_back",
    "proven-files": "concerns.networkGuard.node.guard.proven",
    "ifreload-guarded": "concerns.networkGuard.node.guard.ifreload",
}
