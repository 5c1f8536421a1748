/** What a cluster's API says of everything that a stack can declare there. Nothing is changed. */
import { z } from "zod";
import type { ProxmoxApi } from "../../host/proxmox/api";
import { ApiError } from "../../host/proxmox/errors";

const flag = z
    .union([z.literal(0), z.literal(1), z.string()])
    .transform((value) => /^(?:1|yes|on|true)$/i.test(String(value)));
const storages = z.array(
    z.object({
        storage: z.string(),
        type: z.string(),
        path: z.string().optional(),
        content: z.string().optional(),
        nodes: z.string().optional(),
        shared: flag.optional(),
        is_mountpoint: z.union([z.string(), z.number()]).transform(String).optional(),
    }),
);
const jobs = z.array(
    z.object({
        id: z.string(),
        schedule: z.string().optional(),
        storage: z.string().optional(),
        enabled: flag.optional(),
        all: flag.optional(),
        vmid: z.string().optional(),
        exclude: z.string().optional(),
        node: z.string().optional(),
        pool: z.string().optional(),
        mode: z.string().optional(),
        compress: z.string().optional(),
        "prune-backups": z.union([z.string(), z.record(z.string(), z.union([z.string(), z.number()]))]).optional(),
        "notes-template": z.string().optional(),
    }),
);
const options = z.object({
    migration: z.object({ type: z.string().optional(), network: z.string().optional() }).optional(),
    ha: z.object({ shutdown_policy: z.string().optional() }).optional(),
    max_workers: z.number().optional(),
});
const server = z.object({
    type: z.string(),
    server: z.string(),
    port: z.number(),
    disable: flag.optional(),
    proto: z.string().optional(),
    influxdbproto: z.string().optional(),
    organization: z.string().optional(),
    bucket: z.string().optional(),
});
const servers = z.array(z.object({ id: z.string() }));
const guests = z.array(
    z.object({ vmid: z.number(), type: z.enum(["qemu", "lxc"]), node: z.string(), template: flag.optional() }),
);
const guestConfig = z.object({ onboot: flag.optional(), startup: z.string().optional() });

export interface Found {
    readonly storages: z.infer<typeof storages>;
    readonly jobs: z.infer<typeof jobs>;
    readonly options: z.infer<typeof options>;
    readonly servers: readonly (z.infer<typeof server> & { readonly id: string })[];
    readonly guests: readonly (z.infer<typeof guestConfig> & { readonly vmid: number })[];
    /** One line each: what could not be looked at. */
    readonly unseen: readonly string[];
}

/** @throws ApiError, also where the token may not see all of it */
export async function lookAtApi(api: ProxmoxApi): Promise<Found> {
    // Lists leave out what a token may not see, and say nothing of it.
    await api.mustHave("Datastore.Audit", "/storage", true);
    await api.mustHave("VM.Audit", "/vms", true);
    const unseen: string[] = [];
    const metrics: Found["servers"][number][] = [];
    for (const { id } of await api.get("cluster/metrics/server", servers))
        metrics.push({ id, ...(await api.get(`cluster/metrics/server/${encodeURIComponent(id)}`, server)) });
    const found: Found["guests"][number][] = [];
    for (const { vmid, type, node, template } of await api.get("cluster/resources?type=vm", guests)) {
        if (template === true) continue;
        try {
            const path = `nodes/${encodeURIComponent(node)}/${type}/${vmid}/config`;
            found.push({ vmid, ...(await api.get(path, guestConfig)) });
        } catch (error) {
            // Its node is away; those of the others are there to be adopted.
            if (!(error instanceof ApiError && error.status === 595)) throw error;
            unseen.push(`guest ${vmid}: ${node} does not answer, so it is not taken over`);
        }
    }
    return {
        storages: await api.get("storage", storages),
        jobs: await api.get("cluster/backup", jobs),
        options: await api.get("cluster/options", options),
        servers: metrics,
        guests: found,
        unseen,
    };
}
