/**
 * The arguments of `holdfast:proxmox:Object`: some settings of something that the Proxmox API keeps, or something that
 * can only be looked at there. Nothing else of it is touched, and nothing is ever replaced or deleted.
 */

/** As the engine writes it into URNs. */
export const API_OBJECT_TYPE = "holdfast:proxmox:Object";

/**
 * `api`, `members` and `backups` can only be looked at: whether it answers, who is in the cluster, and which guests no
 * backup job takes.
 */
export const apiObjectKinds = ["api", "storage", "guest", "members", "backups", "firewall"] as const;

export type ApiObjectKind = (typeof apiObjectKinds)[number];

/** How the API is reached, and how its certificate is known. The token is the provider's configuration. */
export interface ApiArgs {
    /** `https://192.0.2.11:8006` */
    readonly endpoint: string;
    /** SHA-256 of the endpoint's certificate, as openssl prints it: `AA:BB:…`. */
    readonly fingerprint?: string;
    /** PEM; without both the machine's own CAs decide. */
    readonly ca?: string;
}

export interface ApiObjectArgs {
    readonly api: ApiArgs;
    readonly kind: ApiObjectKind;
    /** The storage's name, the guest's number; else `cluster`. */
    readonly name: string;
    /** By the API's names, as text: `is_mountpoint: "yes"`. What is not named is left as it is. */
    readonly settings: Readonly<Record<string, string>>;
    /** Of `backups`: guests that are left out on purpose. */
    readonly leftOut?: readonly string[];
    /** Another one is a reason to look again. */
    readonly occasion?: string;
    /** Where it stands in the stack, for errors: `holdfast:fleet.proxmox.storages.backup`. */
    readonly path: string;
}

/** `proxmox/storage/backup` */
export function apiObjectId({ kind, name }: Pick<ApiObjectArgs, "kind" | "name">): string {
    return `proxmox/${kind}/${name}`;
}

/** The setting of what can only be looked at. */
export const lookedAt = { api: "answers", members: "nodes", backups: "guestsWithoutBackup" } as const;
/** Of `guestsWithoutBackup`. */
export const noGuest = "none";

/** A setting of `firewall`, by the name of its rule: `tcp 22,2222 from 192.0.2.0/24`. */
export function acceptedText(ports: readonly (number | string)[], sources: readonly string[]): string {
    return `tcp ${[...ports].map(String).sort().join(",")} from ${[...sources].sort().join(",")}`;
}

/** Argument of proxmoxve's provider that is not the package's own, but of what stands before its plugin: JSON. */
export const TRUST = "holdfastTrust";
