/** How OpenSSH reaches a node, without state and without Pulumi: as the stack file says, where there is one. */
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { resolveTarget } from "../../host/sshTarget";
import type { HostArgs } from "../../model/contract/fileSet";
import { faultsOf, formatPath } from "../../model/fleet/faults";
import * as value from "../../model/fleet/values";
import { quoted } from "./remote";

export interface Place {
    /** `[USER@]HOST`, as ssh takes it. */
    readonly host?: string;
    readonly stack?: string;
}

// Only what it takes to get there: on the day itself no other setting of the stack keeps anybody from it.
const reach = z.object(
    {
        host: value.sshTarget.optional(),
        port: value.port.optional(),
        user: value.user.optional(),
        hostKey: value.hostKey.optional(),
        proxy: z
            .object({
                host: value.sshTarget,
                port: value.port.optional(),
                user: value.user.optional(),
                hostKey: value.hostKey.optional(),
            })
            .optional(),
    },
    { error: "expected an object" },
);
const fleetSchema = z.object(
    {
        ssh: reach.optional(),
        nodes: z.record(z.string(), z.unknown(), { error: "expected the nodes by their names" }),
        hosts: z.record(z.string(), z.unknown(), { error: "expected the hosts by their names" }).optional(),
    },
    { error: "expected the fleet: ssh, nodes …" },
);
const nodeSchema = z.object(
    { address: value.address, ssh: reach.optional() },
    { error: "expected the node's settings: address …" },
);

const common = ["-o", "BatchMode=yes", "-o", "ConnectTimeout=20", "-o", "ServerAliveInterval=15"];

/**
 * Calls `use` with the arguments of ssh up to the destination.
 * @throws Error where the stack file cannot be read, or does not know the node
 */
export async function withDestination<T>(
    node: string,
    { host, stack }: Place,
    use: (arguments_: readonly string[]) => Promise<T>,
): Promise<T> {
    if (host !== undefined || stack === undefined) return use([...configFile(), ...common, "--", host ?? node]);
    return withReach(declaredReach(`Pulumi.${stack}.yaml`, node), use);
}

function declaredReach(file: string, node: string): HostArgs {
    if (!existsSync(file)) throw new Error(`${file} is not here: give --host [USER@]HOST`);
    const { ssh, nodes, hosts = {} } = judged(fleetSchema, fleetIn(file), file, []);
    const section = Object.hasOwn(nodes, node) ? "nodes" : Object.hasOwn(hosts, node) ? "hosts" : undefined;
    if (section === undefined) throw new Error(`${file} declares no node ${node}: give --host [USER@]HOST`);
    const declared = judged(nodeSchema, { nodes, hosts }[section][node], file, [section, node]);
    const { host: address = declared.address, ...rest } = { ...ssh, ...declared.ssh };
    return { ...rest, name: node, address };
}

/** Anchors and merged maps are taken as Pulumi takes them; `pulumi config set` without `--path` writes JSON as text. */
function fleetIn(file: string): unknown {
    try {
        const { config } = (parse(readFileSync(file, "utf8"), { merge: true }) ?? {}) as {
            readonly config?: Readonly<Record<string, unknown>> | null;
        };
        const fleet = config?.["holdfast:fleet"];
        return typeof fleet === "string" ? (JSON.parse(fleet) as unknown) : fleet;
    } catch (error) {
        const [first = ""] = (error as Error).message.split("\n");
        throw new Error(`${file} cannot be read: ${first} Mend it, or give --host [USER@]HOST`, { cause: error });
    }
}

function judged<T>(schema: z.ZodType<T>, given: unknown, file: string, above: readonly PropertyKey[]): T {
    const result = schema.safeParse(given, { reportInput: true });
    if (result.success) return result.data;
    const faults = faultsOf(result.error.issues, above).map(({ path, message }) => `${formatPath(path)}: ${message}`);
    throw new Error(`${file}: ${faults.join("; ")}. Mend it, or give --host [USER@]HOST`);
}

/** The same of what is known already. */
export async function withReach<T>(
    host: HostArgs & { readonly privateKey?: string },
    use: (arguments_: readonly string[]) => Promise<T>,
): Promise<T> {
    const folder = await mkdtemp(join(tmpdir(), "holdfast-"));
    try {
        const { address, port, proxy } = host;
        // What nobody says is as everywhere in Holdfast: of ~/.ssh/config, else root.
        const { user } = await resolveTarget(host);
        const key = await keyIn(folder, host.privateKey);
        const jump = proxy && [
            ...["ssh", ...configFile(), ...common, ...key, ...(await pinned(folder, "jump", proxy.hostKey))],
            ...[...reachWords(proxy), "-W", "[%h]:%p", "--", proxy.host],
        ];
        return await use([
            ...[...configFile(), ...common, ...key, ...(await pinned(folder, "node", host.hostKey))],
            ...(jump ? ["-o", `ProxyCommand=${jump.map(quoted).join(" ")}`] : []),
            ...[...reachWords({ port, user }), "--", address],
        ]);
    } finally {
        await rm(folder, { recursive: true });
    }
}

function configFile(): string[] {
    const file = process.env["HOLDFAST_SSH_CONFIG"];
    return file ? ["-F", file] : [];
}

function reachWords({ port, user }: { readonly port?: number; readonly user?: string }): string[] {
    return [...(port === undefined ? [] : ["-p", String(port)]), ...(user === undefined ? [] : ["-l", user])];
}

async function keyIn(folder: string, privateKey: string | undefined): Promise<string[]> {
    if (privateKey === undefined) return [];
    const file = join(folder, "key");
    await writeFile(file, `${privateKey.trimEnd()}\n`, { mode: 0o600 });
    return ["-i", file];
}

/** Then no other key is taken, whatever name ~/.ssh/config has for the host. */
async function pinned(folder: string, name: string, hostKey: string | undefined): Promise<string[]> {
    if (hostKey === undefined) return [];
    const file = join(folder, name);
    await writeFile(file, `${name} ${hostKey}\n`);
    const options = [
        `UserKnownHostsFile=${file}`,
        "GlobalKnownHostsFile=/dev/null",
        `HostKeyAlias=${name}`,
        "StrictHostKeyChecking=yes",
    ];
    return options.flatMap((option) => ["-o", option]);
}
