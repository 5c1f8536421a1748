/** Keys of `holdfast:` that open something. */
export const secretKeys = ["privateKey", "privateKeyPassphrase", "mailPassword", "proxmoxToken"] as const;
