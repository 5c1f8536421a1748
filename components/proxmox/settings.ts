/** `proxmox`: what lies in the cluster's database and not in a node's files. Everything off without it. */
import { z } from "zod";
import { flag, object } from "../../model/fleet/kit";
import { absolutePath, address, anyName, hostName, projectFile } from "../../model/fleet/values";
import { isDeviceName } from "../../model/fstab";
import { port } from "../../model/values/ssh";
import { text, wholeNumber } from "../../model/values/value";
import { resolveFirewall, type FirewallNode } from "./firewall";

const storageId = text(/^[A-Za-z][A-Za-z0-9_.-]{0,99}$/, "a storage's name: it begins with a letter");
const id = text(/^[A-Za-z][A-Za-z0-9_-]{0,49}$/, "a name: letters, digits, - and _");
const vmid = text(/^[1-9]\d{2,8}$/, "a guest's number, from 100 on");
const guestNumber = wholeNumber(100, 999_999_999, "a guest's number");
const contents = ["backup", "images", "import", "iso", "rootdir", "snippets", "vztmpl"] as const;
const keep = object({
    last: wholeNumber(1, 1000, "backups").optional(),
    daily: wholeNumber(1, 1000, "backups").optional(),
    weekly: wholeNumber(1, 1000, "backups").optional(),
    monthly: wholeNumber(1, 1000, "backups").optional(),
    yearly: wholeNumber(1, 1000, "backups").optional(),
});
const secret = object({ secret: text(/^[a-z][A-Za-z0-9]{0,63}$/, "a key of holdfast:, such as metricsToken") });
const schedule = text(/^[A-Za-z0-9*,.:/ -]{1,128}$/, "a calendar event such as 02:00 or sat 03:30");
const notes = text(/^[^\p{Cc}]{1,1024}$/u, "one line; {{guestname}}, {{node}} and {{vmid}} are filled in");

const storage = object({
    path: absolutePath.refine((path) => !path.split("/").some((part) => isDeviceName(`/dev/${part}`)), {
        error: "expected a path without a device's name: the kernel may give that name to another disk at the next boot",
    }),
    content: z
        .array(z.enum(contents, { error: `expected ${contents.join(", ")}` }))
        .min(1, { error: "expected at least one kind of content" }),
    nodes: z.array(hostName).optional().describe("where it is there; everywhere by default"),
    shared: flag.optional().describe("the same folder on all nodes; false by default"),
    mountpoint: z
        .union([flag, absolutePath], { error: "expected true, false, or the mount point" })
        .optional()
        .describe(
            "used only while something is mounted there; by default where a declared fstab mounts the path or a folder above it",
        ),
});
const backup = object({
    schedule,
    storage: storageId,
    guests: z
        .union([z.literal("all"), z.array(guestNumber).min(1)], { error: "expected all, or a list of guests' numbers" })
        .optional()
        .describe("all by default"),
    mode: z
        .enum(["snapshot", "suspend", "stop"], { error: "expected snapshot, suspend or stop" })
        .optional()
        .describe("snapshot by default"),
    compress: z
        .enum(["zstd", "gzip", "lzo", "0"], { error: "expected zstd, gzip, lzo or 0" })
        .optional()
        .describe("zstd by default"),
    keep: keep.optional().describe("how many of a guest's backups stay; by default what the storage says"),
    notes: notes.optional().describe("{{guestname}} on {{node}} by default"),
    enabled: flag.optional(),
});
const metrics = object({
    type: z.enum(["influxdb", "graphite"], { error: "expected influxdb or graphite" }),
    server: z.union([address, anyName], { error: "expected an address or a name" }),
    port,
    protocol: z
        .enum(["udp", "tcp", "http", "https"], { error: "expected udp, tcp (graphite), http or https (influxdb)" })
        .optional(),
    organization: id.optional(),
    bucket: id.optional(),
    token: secret.optional().describe("of InfluxDB"),
});
const guest = object({
    onboot: flag.optional().describe("started with its node"),
    order: wholeNumber(0, 10_000, "a place in the order").optional().describe("the smaller, the earlier"),
    up: wholeNumber(0, 86_400, "seconds").optional().describe("seconds until the next guest is started"),
    down: wholeNumber(0, 86_400, "seconds").optional().describe("seconds for its shutdown"),
});

export const proxmoxSchema = object({
    endpoint: text(/^https:\/\/(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\])(?::\d{1,5})?$/, "https://HOST:8006"),
    ca: z
        .union([z.literal("system"), projectFile], { error: "expected a PEM file of the project, or system" })
        .optional()
        .describe("who has signed the API's certificate: a file (of a node: /etc/pve/pve-root-ca.pem), or `system`"),
    fingerprint: text(
        /^(?:[0-9A-Fa-f]{2}:){31}[0-9A-Fa-f]{2}$/,
        "a SHA-256 fingerprint, 32 pairs of digits with colons between",
    )
        .optional()
        .describe("of the API's certificate, SHA-256"),
    members: flag.optional().describe("the cluster has the declared nodes, and no others; true by default"),
    storages: z.record(storageId, storage).optional().describe("directory storages"),
    backups: z.record(id, backup).optional().describe("backup jobs"),
    withoutBackup: z
        .array(guestNumber)
        .optional()
        .describe("guests that no job has to take; with `backups`, every other one has to be in one"),
    options: object({
        migration: object({
            type: z.enum(["secure", "insecure"], { error: "expected secure or insecure" }).optional(),
            network: z
                .union([z.cidrv4(), z.cidrv6()], { error: "expected a network such as 198.51.100.0/24" })
                .optional(),
        }).optional(),
        haShutdownPolicy: z
            .enum(["conditional", "failover", "freeze", "migrate"], {
                error: "expected conditional, failover, freeze or migrate",
            })
            .optional(),
        maxWorkers: wholeNumber(1, 64, "workers").optional(),
    })
        .optional()
        .describe("of the datacenter"),
    metrics: z.record(id, metrics).optional().describe("servers that the nodes send their metrics to"),
    firewall: object({
        ssh: z
            .array(
                z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()], {
                    error: "expected an address, or a network such as 192.0.2.0/24",
                }),
            )
            .min(1, { error: "expected at least one address or network" })
            .describe("from where the nodes are reached over SSH"),
        exporter: flag.optional().describe("the monitoring hosts may scrape; true by default"),
    })
        .optional()
        .describe("what the cluster's firewall has to let in while it is on"),
    guests: z.record(vmid, guest).optional().describe("what starts with its node, and in which order"),
});

export type ProxmoxConfig = z.infer<typeof proxmoxSchema>;

/** Of a node, what matters here. */
export interface ProxmoxNode {
    readonly name: string;
    /** What its declared fstab mounts. */
    readonly mounts: readonly string[];
    readonly firewall: FirewallNode;
}

export interface ProxmoxSettings extends Omit<ProxmoxConfig, "ca" | "firewall" | "members" | "storages"> {
    readonly trust: {
        readonly fingerprint?: string;
        readonly ca?: { readonly path: string; readonly content: string };
    };
    /** In the order of the fleet; none: not looked at. */
    readonly members?: readonly string[];
    readonly storages?: Readonly<Record<string, Storage>>;
    /** What is accepted, by the name of its rule, as the API object has it. */
    readonly firewall?: Readonly<Record<string, string>>;
    /** Who is told of backups. */
    readonly mail: readonly string[];
}

export interface Storage extends Omit<NonNullable<ProxmoxConfig["storages"]>[string], "mountpoint"> {
    /** As is_mountpoint has it; none: not spoken of. */
    readonly mountpoint?: string;
}

interface Context {
    readonly nodes: readonly ProxmoxNode[];
    readonly mail: readonly string[];
    readonly read: (path: string) => { readonly path: string; readonly content: string };
}

export function resolveProxmox(config: ProxmoxConfig, { nodes, mail, read }: Context): ProxmoxSettings {
    const { ca, fingerprint, firewall, members = true, storages, ...rest } = config;
    const resolved = Object.entries(storages ?? {}).map(([name, { mountpoint, ...given }]): [string, Storage] => {
        const where = nodes.filter((node) => given.nodes?.includes(node.name) ?? true);
        const flagged = mountpointOf(given.path, mountpoint, where);
        return [name, flagged === undefined ? given : { ...given, mountpoint: flagged }];
    });
    return {
        ...rest,
        trust: {
            ...(fingerprint && { fingerprint: fingerprint.toUpperCase() }),
            ...(ca && ca !== "system" && { ca: read(ca) }),
        },
        ...(members && { members: nodes.map(({ name }) => name) }),
        ...(storages && { storages: Object.fromEntries(resolved) }),
        ...(firewall && {
            firewall: resolveFirewall(
                firewall,
                nodes.map((node) => node.firewall),
            ),
        }),
        mail,
    };
}

/** Proxmox takes `yes`, or the path of the mount that has to be there. */
function mountpointOf(
    path: string,
    given: boolean | string | undefined,
    nodes: readonly ProxmoxNode[],
): string | undefined {
    if (given !== undefined) return given === true || given === path ? "yes" : given === false ? "no" : given;
    const above = nodes
        .flatMap(({ mounts }) => mounts)
        .filter((mount) => mount !== "/" && `${path}/`.startsWith(`${mount}/`));
    const [nearest] = above.sort((one, other) => other.length - one.length);
    return nearest === undefined ? undefined : nearest === path ? "yes" : nearest;
}

/** Sections that go through proxmoxve. */
const throughProxmoxve = ["storages", "backups", "options", "metrics"] as const;

type Sections = Partial<Readonly<Record<(typeof throughProxmoxve)[number], object>>>;

/** Also where one is empty: what is there can then be imported under its provider. */
export function usesProxmoxve(settings: Sections): boolean {
    return throughProxmoxve.some((section) => settings[section] !== undefined);
}

/** Keys of `holdfast:` besides the token, and where they are used. */
export function secretsOfProxmox(settings: Pick<ProxmoxSettings, "metrics"> = {}): { key: string; path: string[] }[] {
    return Object.entries(settings.metrics ?? {}).flatMap(([name, { token }]) =>
        token ? [{ key: token.secret, path: ["proxmox", "metrics", name, "token"] }] : [],
    );
}
