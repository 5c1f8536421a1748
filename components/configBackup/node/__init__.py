"""What the node's program has for this concern, by the names under which a plan asks for it."""

PROBES = {
    "config-backup": "concerns.configBackup.node.outcome.backup",
    "backup-drill": "concerns.configBackup.node.outcome.drill",
    "last-backup": "concerns.configBackup.node.outcome.last_backup",
    "last-drills": "concerns.configBackup.node.outcome.last_drills",
}
