/** The configuration off-site. What everything else knows of it. */
import type { ConcernDefinition } from "../concern";
import { planConfigBackup } from "./plan";
import { checkConfigBackup, resolveConfigBackup, schema, secretsOfBackup, unwiseBackups } from "./settings";

export const configBackup = {
    component: "ConfigBackup",
    setting: "configBackup",
    roles: ["node"],
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
        "/usr/local/lib/holdfast/backup-drill": {},
        "/usr/local/lib/holdfast/config-backup": {},
        "/usr/local/lib/holdfast/config-restore": {},
    },
    schema,
    check: checkConfigBackup,
    resolve: resolveConfigBackup,
    warnings: unwiseBackups,
    secrets: secretsOfBackup,
    plan: planConfigBackup,
} as const satisfies ConcernDefinition;
