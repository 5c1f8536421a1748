/** How OpenSSH reaches a node, without state and without Pulumi: as the stack file says, where there is one. */
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";

export interface Place {
    /** `[USER@]HOST`, as ssh takes it. */
    readonly host?: string;
    readonly stack?: string;
}

const reach = z.object({
    host: z.string().optional(),
    port: z.number().optional(),
    user: z.string().optional(),
    hostKey: z.string().optional(),
});
const stackFile = z.object({
    config: z.object({
        "holdfast:fleet": z.object({
            ssh: reach.optional(),
            nodes: z.record(z.string(), z.object({ address: z.string(), ssh: reach.optional() })),
        }),
    }),
});

const common = ["-o", "BatchMode=yes", "-o", "ConnectTimeout=20", "-o", "ServerAliveInterval=15"];

/**
 * Calls `use` with the arguments of ssh up to the destination. @throws Error where the stack file does not know the
 * node
 */
export async function withDestination<T>(
    node: string,
    { host, stack }: Place,
    use: (arguments_: readonly string[]) => Promise<T>,
): Promise<T> {
    if (host !== undefined || stack === undefined) return use([...common, "--", host ?? node]);
    const file = `Pulumi.${stack}.yaml`;
    if (!existsSync(file)) throw new Error(`${file} is not here: give --host [USER@]HOST`);
    const fleet = stackFile.parse(parse(readFileSync(file, "utf8"))).config["holdfast:fleet"];
    const declared = fleet.nodes[node];
    if (!declared) throw new Error(`${file} declares no node ${node}: give --host [USER@]HOST`);
    const { host: name = declared.address, ...rest } = { ...fleet.ssh, ...declared.ssh };
    return withReach({ ...rest, address: name }, use);
}

export interface Reach {
    readonly address: string;
    readonly port?: number;
    readonly user?: string;
    /** Of the node: no other is taken then. */
    readonly hostKey?: string;
}

/** The same of what is known already. */
export async function withReach<T>(
    { address: name, port = 22, user = "root", hostKey }: Reach,
    use: (arguments_: readonly string[]) => Promise<T>,
): Promise<T> {
    const folder = await mkdtemp(join(tmpdir(), "holdfast-"));
    try {
        const known = join(folder, "known_hosts");
        const named = port === 22 ? name : `[${name}]:${port}`;
        if (hostKey !== undefined) await writeFile(known, `${named} ${hostKey}\n`);
        const pinned =
            hostKey === undefined ? [] : ["-o", `UserKnownHostsFile=${known}`, "-o", "StrictHostKeyChecking=yes"];
        return await use([...common, ...pinned, "-p", String(port), "-l", user, "--", name]);
    } finally {
        await rm(folder, { recursive: true });
    }
}
