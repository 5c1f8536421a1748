"""What the node's program has for this concern, by the names under which a plan asks for it."""

PROBES = {"nic-name": "concerns.nicNames.node.names.nic_name"}
CHECKS = {
    "nic-names": "concerns.nicNames.node.checks.nic_names",
    "nic-initramfs": "concerns.nicNames.node.checks.nic_initramfs",
}
WAKES = ["nic-initramfs"]
