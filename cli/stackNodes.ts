/** The machines of a stack and how to reach them, for commands that ask the nodes themselves. */
import { parseFleet, formatFault, type Machine, type ReadFile } from "../components/fleet";
import type { ConnectOptions } from "../host/connection";
import { connectOptionsOf } from "../host/connectOptions";
import { NodeClient } from "../host/nodeClient";
import { runPulumi } from "./pulumi";

export interface StackNodes {
    /** Members of the cluster, in the order of the fleet. */
    readonly nodes: readonly Machine[];
    /** All of the fleet. */
    readonly machines: readonly Machine[];
    /** How any of them is logged in to. */
    readonly connect: ConnectOptions;
    readonly clientOf: (machine: Machine) => NodeClient;
    /** The stack's own key, where OpenSSH can use it without being asked for a passphrase. */
    readonly privateKey?: string;
}

type Config = Readonly<Record<string, { readonly value?: string } | undefined>>;

/**
 * Of the selected stack where none is named. @param read for the files that it names, by default unread: how nodes are
 * reached stands in none. @throws Error where its config cannot be read or has faults
 */
export async function stackNodes(stack?: string, read: ReadFile = () => ""): Promise<StackNodes> {
    const args = ["config", "--show-secrets", "--json", ...(stack === undefined ? [] : ["--stack", stack])];
    const { exitCode, stdout, stderr } = await runPulumi(args);
    if (exitCode !== 0) throw new Error(`pulumi config: ${stderr.trim().replace(/^error: /, "")}`);
    const config = JSON.parse(stdout) as Config;
    const text = (key: string) => config[`holdfast:${key}`]?.value;
    const given = text("fleet");
    if (given === undefined) throw new Error("this stack has no holdfast:fleet: declare its nodes there");
    const { fleet, faults } = parseFleet(JSON.parse(given), read);
    if (!fleet) throw new Error(`holdfast:fleet of this stack has faults:\n${faults.map(formatFault).join("\n")}`);
    const options = connectOptionsOf(
        Object.fromEntries(Object.keys(config).map((key) => [key.replace(/^holdfast:/, ""), config[key]?.value])),
    );
    const { privateKey, passphrase } = options.credentials;
    return {
        nodes: fleet.nodes,
        machines: [...fleet.nodes, ...fleet.hosts],
        connect: options,
        clientOf: ({ host }) => new NodeClient(host, options),
        ...(privateKey !== undefined && passphrase === undefined && { privateKey }),
    };
}

/** Those that are named, all where none is. @throws Error where one is not declared */
export function chosen({ nodes }: Pick<StackNodes, "nodes">, names: readonly string[]): readonly Machine[] {
    const stranger = names.find((name) => !nodes.some(({ identity }) => identity.name === name));
    if (stranger !== undefined)
        throw new Error(
            `${stranger}: the stack declares no such node; it has ${nodes.map(({ identity }) => identity.name).join(", ") || "none"}`,
        );
    return names.length === 0 ? nodes : nodes.filter(({ identity }) => names.includes(identity.name));
}
