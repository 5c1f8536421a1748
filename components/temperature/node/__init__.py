"""What the node's program has for this concern, by the names under which a plan asks for it."""

PROBES = {"temperature": "concerns.temperature.node.watchdog.temperature"}
