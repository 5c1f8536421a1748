/** The kinds of objects: how each is read, and changed where it can be. */
import { z } from "zod";
import type { ProxmoxApi } from "../../host/proxmox/api";
import { lookedAt, noGuest, type ApiObjectArgs, type ApiObjectKind } from "../../model/contract/apiObject";

import { readFirewall, writeFirewall } from "./firewall";

export type Settings = Readonly<Record<string, string>>;

export interface Kind {
    /** All that it may have, as text; undefined: there is no such object. */
    readonly read: (api: ProxmoxApi, args: ApiObjectArgs) => Promise<Settings | undefined>;
    /** None: it can only be looked at. */
    readonly write?: (api: ProxmoxApi, args: ApiObjectArgs, settings: Settings) => Promise<void>;
    /** What is to be done where it cannot be changed, or is not there. */
    readonly remedy: string;
}

const flag = z
    .union([z.literal(0), z.literal(1), z.string()])
    .transform((value) => /^(?:1|yes|on|true)$/i.test(String(value)));
const storage = z.object({ is_mountpoint: z.union([z.string(), z.number()]).optional() });
const guestConfig = z.object({ onboot: flag.optional(), startup: z.string().optional() });
const guests = z.array(
    z.object({
        vmid: z.number(),
        type: z.enum(["qemu", "lxc"]),
        node: z.string(),
        name: z.string().optional(),
        pool: z.string().optional(),
        template: flag.optional(),
    }),
);
const members = z.array(z.object({ type: z.string(), name: z.string() }));
const jobs = z.array(
    z.object({
        enabled: flag.optional(),
        all: flag.optional(),
        vmid: z.string().optional(),
        exclude: z.string().optional(),
        node: z.string().optional(),
        pool: z.string().optional(),
        type: z.string().optional(),
    }),
);

export const kinds: Readonly<Record<ApiObjectKind, Kind>> = {
    api: {
        read: async (api) => {
            await api.get("version", z.object({ version: z.string() }));
            return { [lookedAt.api]: "yes" };
        },
        remedy: "see that pveproxy and pvedaemon run on that node",
    },
    storage: {
        read: async (api, { name }) => {
            const { is_mountpoint: given = "no" } = await api.get(`storage/${encodeURIComponent(name)}`, storage);
            return { is_mountpoint: mountpointWord(String(given)) };
        },
        write: (api, { name }, settings) => api.put(`storage/${encodeURIComponent(name)}`, settings),
        remedy: "make the storage, or declare it under proxmox.storages",
    },
    guest: {
        read: async (api, args) => {
            const path = await guestPath(api, args);
            if (path === undefined) {
                await api.mustHave("VM.Audit", `/vms/${args.name}`);
                return undefined;
            }
            const { onboot = false, startup = "" } = await api.get(path, guestConfig);
            return { onboot: onboot ? "yes" : "no", startup: inOrder(startup) };
        },
        write: async (api, args, { onboot, startup }) => {
            const path = await guestPath(api, args);
            if (path === undefined) throw new Error(`there is no guest ${args.name}`);
            await api.put(path, {
                ...(onboot !== undefined && { onboot: onboot === "yes" ? "1" : "0" }),
                ...(startup !== undefined && { startup }),
            });
        },
        remedy: "take the guest out of proxmox.guests, or restore it",
    },
    members: {
        read: async (api) => {
            const nodes = (await api.get("cluster/status", members)).filter(({ type }) => type === "node");
            return {
                [lookedAt.members]: nodes
                    .map(({ name }) => name)
                    .sort()
                    .join(", "),
            };
        },
        remedy: "declare the nodes that the cluster has (npx holdfast adopt root@NODE), and take out those that have left it; or pvecm add, pvecm delnode",
    },
    backups: {
        read: async (api, { leftOut = [] }) => {
            await api.mustHave("VM.Audit", "/vms", true);
            const all = (await api.get("cluster/resources?type=vm", guests)).filter(
                ({ template }) => template !== true,
            );
            const enabled = (await api.get("cluster/backup", jobs)).filter(({ enabled: on }) => on !== false);
            const bare = all.filter(
                (guest) => !leftOut.includes(String(guest.vmid)) && !enabled.some((job) => takes(job, guest)),
            );
            const words = bare
                .sort((one, other) => one.vmid - other.vmid)
                .map(({ vmid, name }) => (name ? `${vmid} (${name})` : `${vmid}`));
            return { [lookedAt.backups]: words.length > 0 ? words.join(", ") : noGuest };
        },
        remedy: "add them to a job under proxmox.backups, or to proxmox.withoutBackup",
    },
    firewall: {
        read: readFirewall,
        write: writeFirewall,
        remedy: "look at the rules of the datacenter's firewall",
    },
};

function takes(job: z.infer<typeof jobs>[number], guest: z.infer<typeof guests>[number]): boolean {
    if (job.node !== undefined && job.node !== guest.node) return false;
    if (listOf(job.exclude).includes(String(guest.vmid))) return false;
    return (
        job.all === true ||
        listOf(job.vmid).includes(String(guest.vmid)) ||
        (job.pool !== undefined && job.pool === guest.pool)
    );
}

function listOf(text = ""): string[] {
    return text.split(/[,; ]+/).filter(Boolean);
}

/** Where the guest is now: it may have moved since the last look. */
async function guestPath(api: ProxmoxApi, { name }: ApiObjectArgs): Promise<string | undefined> {
    const found = (await api.get("cluster/resources?type=vm", guests)).find(({ vmid }) => String(vmid) === name);
    return found && `nodes/${encodeURIComponent(found.node)}/${found.type}/${found.vmid}/config`;
}

/** Proxmox takes a word for yes or no, or the path of a mount. */
function mountpointWord(given: string): string {
    if (given.startsWith("/")) return given;
    return /^(?:1|yes|on|true)$/i.test(given) ? "yes" : "no";
}

/** `order=1,up=30,down=60`, in whatever order it stands there; a bare number is the order. */
function inOrder(startup: string): string {
    const parts = Object.fromEntries(
        listOf(startup).map((part): [string, string] => {
            const [key = "", value] = part.split("=");
            return value === undefined ? ["order", key] : [key, value];
        }),
    );
    return ["order", "up", "down"]
        .flatMap((key) => (parts[key] === undefined ? [] : [`${key}=${parts[key]}`]))
        .join(",");
}
