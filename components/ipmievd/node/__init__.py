"""What the node's program has for this concern, by the names under which a plan asks for it."""

PROBES = {"ipmievd": "concerns.ipmievd.node.bmc.ipmievd", "sel": "concerns.ipmievd.node.bmc.sel"}
