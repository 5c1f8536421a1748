"""What the node's program has for this concern, by the names under which a plan asks for it."""

PROBES = {
    "docker": "concerns.docker.node.state.docker",
    "docker-deployment": "concerns.docker.node.state.deployment",
}
CHECKS = {"docker-daemon": "concerns.docker.node.daemon.check"}
