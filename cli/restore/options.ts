/** What `holdfast restore` is asked for. */
import type { Place } from "./destination";

export interface RestoreOptions extends Place {
    readonly only: readonly string[];
    readonly database: boolean;
    readonly last: boolean;
    readonly yes: boolean;
    readonly overNewer: boolean;
    readonly to?: string;
    /** As `configBackup.target`; with it the workstation fetches the backup, and needs restic. */
    readonly repository?: string;
    readonly passwordFile?: string;
    readonly keyFile?: string;
    readonly knownHosts?: string;
    readonly repositoryPort?: number;
    readonly loginFile?: string;
}
