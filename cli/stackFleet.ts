/** The machines of a stack and how they are reached. Nothing here opens a connection, or loads what would. */
import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { soundFleet, type Fleet, type Machine, type ReadFile } from "../components/fleet";
import type { ConnectOptions } from "../host/connection";
import { connectOptionsOf } from "../host/connectOptions";
import { readProjectFile } from "../projectFile";
import { askPulumi, ofStack } from "./pulumi";

export interface StackFleet {
    /** Members of the cluster, in the order of the fleet. */
    readonly nodes: readonly Machine[];
    /** All of the fleet. */
    readonly machines: readonly Machine[];
    /** How any of them is logged in to. */
    readonly connect: ConnectOptions;
    /** The stack's own key, where OpenSSH can use it without being asked for a passphrase. */
    readonly privateKey?: string;
}

type Config = Readonly<Record<string, { readonly value?: string } | undefined>>;

/**
 * Of the selected stack where none is named. @param read for the files that it names, by default unread: how nodes are
 * reached stands in none. @throws Error where its config cannot be read or has faults
 */
export async function stackFleet(stack?: string, read: ReadFile = () => ""): Promise<StackFleet> {
    const config = await configOf(stack, "--show-secrets");
    const fleet = fleetIn(config, read);
    const options = connectOptionsOf(
        Object.fromEntries(Object.keys(config).map((key) => [key.replace(/^holdfast:/, ""), config[key]?.value])),
    );
    const { privateKey, passphrase } = options.credentials;
    return {
        nodes: fleet.nodes,
        machines: [...fleet.nodes, ...fleet.hosts],
        connect: options,
        ...(privateKey !== undefined && passphrase === undefined && { privateKey }),
    };
}

/** All that a stack declares, without its secrets. @throws Error where its config cannot be read or has faults */
export async function declaredFleet(stack?: string): Promise<Fleet> {
    return fleetIn(await configOf(stack), (file) => readProjectFile(projectFolder(), file));
}

async function configOf(stack: string | undefined, ...flags: readonly string[]): Promise<Config> {
    return (await askPulumi(["config", "--json", ...flags, ...ofStack(stack)])) as Config;
}

function fleetIn(config: Config, read: ReadFile): Fleet {
    const given = config["holdfast:fleet"]?.value;
    if (given === undefined) throw new Error("this stack has no holdfast:fleet: declare its nodes there");
    return soundFleet(JSON.parse(given), read, "\n");
}

/** Those that are named, all where none is. @throws Error where one is not declared */
export function chosen({ nodes }: Pick<StackFleet, "nodes">, names: readonly string[]): readonly Machine[] {
    const stranger = names.find((name) => !nodes.some(({ identity }) => identity.name === name));
    if (stranger !== undefined)
        throw new Error(
            `${stranger}: the stack declares no such node; it has ${nodes.map(({ identity }) => identity.name).join(", ") || "none"}`,
        );
    return names.length === 0 ? nodes : nodes.filter(({ identity }) => names.includes(identity.name));
}

/** Where Pulumi.yaml is, here or above: there pulumi finds the stack, and the files that it names. */
export function projectFolder(folder = process.cwd()): string {
    if (existsSync(join(folder, "Pulumi.yaml"))) return folder;
    return dirname(folder) === folder ? resolve(".") : projectFolder(dirname(folder));
}
