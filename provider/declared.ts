/** What the stack's config says of a node: how it is reached, and whether it is to be contacted at all. */
import type { HostArgs } from "../model/contract/fileSet";
import type { NodeIdentity } from "../model/lint/lintContext";
import type { Configuration } from "./configuration";

export interface Declared {
    readonly identity: NodeIdentity;
    /** Of the cluster. */
    readonly isNode: boolean;
    readonly host: HostArgs;
    readonly maintenance: boolean;
    /** In the project, where the stack keeps one of its own. */
    readonly hostsFile?: string;
}

/** Parsed once for all looks of an operation. */
const parsed = new WeakMap<Configuration, Promise<ReadonlyMap<string, Declared>>>();

/** Undefined where the stack declares no such node: its FileSets are a program's own, or it has been taken out. */
export async function declaredNode(configuration: Configuration, name: string): Promise<Declared | undefined> {
    return (await fleetOf(configuration)).get(name);
}

/** All machines that the stack declares. */
export async function declaredNodes(configuration: Configuration): Promise<Declared[]> {
    return [...(await fleetOf(configuration)).values()];
}

/** For an import, which starts from nothing but `NODE/CONCERN`. */
export async function importedNode(configuration: Configuration, name: string): Promise<Declared> {
    const node = await declaredNode(configuration, name);
    if (!node)
        throw new Error(
            `${name}: this stack declares no such node, and an import goes by its config. Declare the node under holdfast:fleet.nodes, then import`,
        );
    return node;
}

function fleetOf(configuration: Configuration): Promise<ReadonlyMap<string, Declared>> {
    const known = parsed.get(configuration) ?? parse(configuration.fleet);
    parsed.set(configuration, known);
    return known;
}

async function parse(given: unknown): Promise<ReadonlyMap<string, Declared>> {
    if (given === undefined) return new Map();
    const { soundFleet } = await import("../components/fleet"); // a no-op `up` looks at nothing, and should start fast
    const fleet = soundFleet(typeof given === "string" ? JSON.parse(given) : given, () => "");
    return new Map(
        [...fleet.nodes, ...fleet.hosts].map(({ identity, host, maintenance, roles, hostsFile }) => [
            identity.name,
            { identity, isNode: roles.includes("node"), host, maintenance, hostsFile: hostsFile?.file?.path },
        ]),
    );
}
