/** What of `proxmox` goes through which resource, as plain data. */
import { createHash } from "node:crypto";
import { lookedAt, noGuest, type ApiArgs, type ApiObjectArgs } from "../../model/contract/apiObject";
import { formatPath } from "../../model/fleet/faults";
import type { ProxmoxConfig, ProxmoxSettings, Storage } from "./settings";

export type Named<Args> = Readonly<Record<string, Args>>;

/** Of proxmoxve's storage.Directory. `shared` is always said: its provider takes true for a word that is missing. */
export function planStorage(name: string, { path, content, nodes, shared = false, mountpoint }: Storage) {
    return {
        resourceId: name,
        path,
        contents: [...content],
        ...(nodes && { nodes: [...nodes] }),
        shared,
        // Below a mount nothing is made beforehand: the disk may not be there yet.
        ...(isOnMount(mountpoint) && { createBasePath: false, createSubdirs: false }),
    };
}

type Backup = NonNullable<ProxmoxConfig["backups"]>[string];

/** Of proxmoxve's backup.Job. What is said is drift when it changes, so the defaults that matter are said too. */
export function planBackup(name: string, backup: Backup, mail: readonly string[]) {
    const { schedule, storage, guests = "all", mode = "snapshot", compress = "zstd", keep, enabled = true } = backup;
    const kept = Object.entries(keep ?? {}).map(([period, count]) => [`keep-${period}`, String(count)]);
    return {
        resourceId: name,
        schedule,
        storage,
        enabled,
        mode,
        compress,
        ...(guests === "all" ? { all: true } : { all: false, vmids: guests.map(String) }),
        ...(kept.length > 0 && { pruneBackups: Object.fromEntries(kept) as Record<string, string> }),
        notesTemplate: backup.notes ?? "{{guestname}} on {{node}}",
        ...(mail.length > 0 && { mailtos: [...mail], mailnotification: "always" }),
    };
}

/** Of proxmoxve's cluster.Options. */
export function planOptions({ migration, haShutdownPolicy, maxWorkers }: NonNullable<ProxmoxConfig["options"]>) {
    return {
        ...(migration?.type && { migrationType: migration.type }),
        ...(migration?.network && { migrationCidr: migration.network }),
        ...(haShutdownPolicy && { haShutdownPolicy }),
        ...(maxWorkers !== undefined && { maxWorkers }),
    };
}

type Metrics = NonNullable<ProxmoxConfig["metrics"]>[string];

/** Of proxmoxve's metrics.Server, without the token. */
export function planMetrics(name: string, { type, server, port, protocol, organization, bucket }: Metrics) {
    return {
        name,
        type,
        server,
        port,
        disable: false,
        ...(protocol && (type === "graphite" ? { graphiteProto: protocol } : { influxDbProto: protocol })),
        ...(organization && { influxOrganization: organization }),
        ...(bucket && { influxBucket: bucket }),
    };
}

/** Logical name of the one that says whether the API answers. */
export const apiObject = "proxmox-api";

/**
 * What proxmoxve has no word for, by logical name: is_mountpoint, the guests' start, and what can only be looked at.
 */
export function planObjects(settings: ProxmoxSettings): Named<ApiObjectArgs> {
    const { storages = {}, guests = {}, members, backups, withoutBackup = [], firewall } = settings;
    const api = apiOf(settings);
    const object = (
        kind: ApiObjectArgs["kind"],
        name: string,
        given: Readonly<Record<string, string>>,
        ...path: string[]
    ): ApiObjectArgs => ({ api, kind, name, settings: given, path: formatPath(["proxmox", ...path]) });
    return {
        [apiObject]: { ...object("api", "api", { [lookedAt.api]: "yes" }), occasion: digestOf(settings) },
        ...(firewall && { "proxmox-firewall": object("firewall", "cluster", firewall, "firewall") }),
        ...(members && {
            "proxmox-members": object(
                "members",
                "cluster",
                { [lookedAt.members]: [...members].sort().join(", ") },
                "members",
            ),
        }),
        ...(backups && {
            "proxmox-backups": {
                ...object("backups", "cluster", { [lookedAt.backups]: noGuest }, "withoutBackup"),
                leftOut: withoutBackup.map(String),
            },
        }),
        ...Object.fromEntries(
            Object.entries(storages).flatMap(([name, { mountpoint }]) =>
                mountpoint === undefined
                    ? []
                    : [
                          [
                              `proxmox-mountpoint-${name}`,
                              object("storage", name, { is_mountpoint: mountpoint }, "storages", name),
                          ],
                      ],
            ),
        ),
        ...Object.fromEntries(
            Object.entries(guests).map(([id, given]) => [
                `proxmox-guest-${id}`,
                object("guest", id, guestSettings(given), "guests", id),
            ]),
        ),
    };
}

/** What is declared, as one word: the API is asked whether it answers before any of it changes. */
function digestOf(settings: ProxmoxSettings): string {
    return createHash("sha256").update(JSON.stringify(settings)).digest("hex").slice(0, 16);
}

export function apiOf({ endpoint, trust: { fingerprint, ca } }: Pick<ProxmoxSettings, "endpoint" | "trust">): ApiArgs {
    return { endpoint, ...(fingerprint && { fingerprint }), ...(ca && { ca: ca.content }) };
}

function isOnMount(mountpoint: string | undefined): boolean {
    return mountpoint !== undefined && mountpoint !== "no";
}

type Guest = NonNullable<ProxmoxConfig["guests"]>[string];

/** In the API's words: `startup` is `order=1,up=30,down=60`. */
function guestSettings({ onboot, order, up, down }: Guest): Record<string, string> {
    const startup = Object.entries({ order, up, down }).flatMap(([key, value]) =>
        value === undefined ? [] : [`${key}=${value}`],
    );
    return {
        ...(onboot !== undefined && { onboot: onboot ? "yes" : "no" }),
        ...(startup.length > 0 && { startup: startup.join(",") }),
    };
}
