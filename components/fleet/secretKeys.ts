/** Keys of `holdfast:` that open something. */
export const secretKeys = [
    "privateKey",
    "privateKeyPassphrase",
    "mailPassword",
    "proxmoxToken",
    "backupPassword",
    "backupKey",
    "backupLogin",
] as const;

/** Those without which their concern still does something; a warning says what it does then. */
export const optionalSecrets: readonly string[] = ["mailPassword"];
