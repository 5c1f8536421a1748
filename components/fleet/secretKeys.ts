import { secretsOfCommands, type OwnCommand } from "../commands/settings";
import { secretsOfProxmox, type ProxmoxSettings } from "../proxmox/settings";

/** Keys of `holdfast:` that open something. */
export const secretKeys = [
    "privateKey",
    "privateKeyPassphrase",
    "mailPassword",
    "proxmoxToken",
    "backupPassword",
    "backupKey",
    "backupLogin",
    "scrapePassword",
] as const;

/** Those without which their concern still does something; a warning says what it does then. */
export const optionalSecrets: readonly string[] = ["mailPassword"];

/** What of a fleet names keys of its own: the commands, and the metrics servers of Proxmox. */
export interface SecretUsers {
    readonly commands?: readonly OwnCommand[];
    readonly proxmox?: ProxmoxSettings;
}

/** The keys that somebody has chosen, and where each is used. */
export function ownSecretsOf({ commands = [], proxmox }: SecretUsers): { key: string; path: readonly PropertyKey[] }[] {
    return [...secretsOfCommands(commands), ...secretsOfProxmox(proxmox)];
}

/** All keys of `holdfast:` that open something; none of them may stand in a stack file in plain text. */
export function allSecretKeys(fleet: SecretUsers): string[] {
    return [...new Set([...secretKeys, ...ownSecretsOf(fleet).map(({ key }) => key)])];
}
