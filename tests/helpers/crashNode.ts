/** Transactions on a lab node, spoken as the provider does, with a hook at each phase. */
import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { NodeClient } from "../../host/nodeClient";
import { identityOf, type Observation, type Plan, type PhaseEvent, type Spec } from "../../host/observation";
import type { Applied } from "../../host/push";
import type { HostArgs } from "../../model/contract/fileSet";
import type { Lab, LabNode } from "../../lab";

export interface Push {
    /** By path: the new content; null removes the file. */
    readonly files?: Readonly<Record<string, string | null>>;
    readonly units?: Plan["units"];
    readonly packages?: readonly string[];
    readonly validate?: Plan["validate"];
    readonly activate?: Plan["activate"];
    readonly verify?: Plan["verify"];
    /** Transaction id, random by default. */
    readonly id?: string;
    /** Awaited by nobody: what happens meanwhile, at each event. */
    readonly on?: (event: PhaseEvent) => void;
    /** Between the look and the plan. */
    readonly between?: () => void;
    readonly mode?: string;
    /** Something in the files is secret. */
    readonly secret?: boolean;
    /** The network is reloaded; confirmed by this client, or by nobody. */
    readonly confirm?: Plan["confirm"];
}

/** A client of its own, as another workstation would have. */
export async function clientOf(
    lab: Pick<Lab, "identityFile">,
    node: Pick<LabNode, "name" | "ssh" | "hostKey">,
    host: Partial<HostArgs> = {},
): Promise<NodeClient> {
    const privateKey = await readFile(lab.identityFile, "utf8");
    const { host: address, port, user } = node.ssh;
    return new NodeClient(
        { name: node.name, address, port, user, hostKey: await node.hostKey(), ...host },
        { credentials: { privateKey }, allowUnknownHostKey: false, timeout: 20 },
    );
}

export const noExtras = { facts: false, sourced: [] };

export function specFor(push: Push): Spec {
    return {
        files: Object.fromEntries(Object.keys(push.files ?? {}).map((path) => [path, {}])),
        packages: push.packages ?? [],
        units: Object.keys(push.units ?? {}),
        facts: {},
    };
}

export async function push(client: NodeClient, wanted: Push): Promise<Applied> {
    const extras = { ...noExtras, ...(wanted.confirm && { change: true }) };
    const looked = await client.look("crash", specFor(wanted), extras, (event) => wanted.on?.(event));
    wanted.between?.();
    return looked.commit(planOf(wanted, looked.seen));
}

/** A look, and that all is as it should be. */
export async function pushNothing(client: NodeClient, spec: Spec): Promise<Applied> {
    return (await client.look("crash", spec, noExtras, () => undefined)).commit();
}

function planOf(wanted: Push, seen: Observation): Plan {
    const files = Object.entries(wanted.files ?? {}).map(([path, content]): [string, Plan["files"][string]] => {
        const was = identityOf(seen.files[path]!);
        const what = content === null ? { absent: true } : { content };
        return [path, { was, ...what, mode: wanted.mode ?? "0644", owner: "root", group: "root" }];
    });
    return {
        id: wanted.id ?? newId(),
        client: "test@workstation",
        files: Object.fromEntries(files),
        units: wanted.units ?? {},
        packages: wanted.packages ?? [],
        ...(wanted.secret && { secret: true as const }),
        validate: wanted.validate ?? [],
        activate: wanted.activate ?? [],
        verify: wanted.verify ?? [],
        ...(wanted.confirm && { confirm: wanted.confirm }),
    };
}

export function newId(): string {
    return randomBytes(8).toString("hex");
}

/** Everything below these folders, with times and inode numbers: what a no-op must not touch. */
export async function fingerprint(node: LabNode, folders: readonly string[]): Promise<string> {
    return (await node.exec(["find", ...folders, "-printf", "%p %i %m %u %g %s %T@ %C@\\n"])).stdout;
}
