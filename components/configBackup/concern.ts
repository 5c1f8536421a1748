/** The configuration off-site. What everything else knows of it. */
import type { ConcernDefinition } from "../concern";
import { planConfigBackup } from "./plan";
import { checkConfigBackup, drillsOf, resolveConfigBackup, schema, secretsOfBackup, unwiseBackups } from "./settings";

export const configBackup = {
    component: "ConfigBackup",
    setting: "configBackup",
    roles: "every",
    managed: "where declared",
    sendsMail: true,
    risk: "none",
    files: {
        "/etc/holdfast/backup.conf": {},
        "/etc/holdfast/backup.key": { secret: true },
        "/etc/holdfast/backup.known_hosts": {},
        "/etc/holdfast/backup.login": { secret: true },
        "/etc/holdfast/backup.password": { secret: true },
        "/etc/systemd/system/holdfast-config-backup.service": {},
        "/etc/systemd/system/holdfast-config-backup.timer": {},
        "/etc/systemd/system/holdfast-drill.service": {},
        "/etc/systemd/system/holdfast-drill.timer": {},
        "/etc/systemd/system/holdfast-restore-undo.service": {},
        "/usr/local/lib/holdfast/backup-drill": {},
        "/usr/local/lib/holdfast/config-backup": {},
        "/usr/local/lib/holdfast/config-restore": {},
    },
    schema,
    check: checkConfigBackup,
    resolve: resolveConfigBackup,
    // Another machine has nothing of it to back up: it restores, where a node names it.
    isFor: ({ identity, roles }, { machines }) =>
        roles.includes("node") || drillsOf(identity.name, machines).length > 0,
    warnings: unwiseBackups,
    secrets: secretsOfBackup,
    plan: planConfigBackup,
} as const satisfies ConcernDefinition;
