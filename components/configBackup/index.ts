/**
 * The node's configuration (/etc/pve, /etc, an inventory) off-site every night, encrypted, and read back to see that
 * all is there.
 */
import type * as pulumi from "@pulumi/pulumi";
import { ConcernComponent, type Secrets, withSecrets } from "../component";
import { configBackup } from "./concern";
import type { ConfigBackupPlanArgs } from "./plan";

export { planConfigBackup } from "./plan";

export interface ConfigBackupArgs extends Omit<ConfigBackupPlanArgs, "secrets"> {
    /** `backupPassword`, and `backupKey` or `backupLogin`; each a secret. */
    readonly secrets: Secrets;
}

export class ConfigBackup extends ConcernComponent {
    constructor(name: string, { secrets, ...args }: ConfigBackupArgs, options?: pulumi.ComponentResourceOptions) {
        super(configBackup, name, withSecrets(configBackup, args, secrets), options);
    }
}
