/** The user's own steps, through @pulumi/command, which is loaded with this file: only where the stack has any. */
import { local, remote } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import type { FileSet } from "../../provider/resource";
import type { Secrets } from "../component";
import { commandLine, connectionOf } from "./plan";
import type { CommandValue, OwnCommand } from "./settings";

export interface RunOptions {
    /** By name, as `pve01-fstab`. */
    readonly fileSets: Readonly<Record<string, FileSet>>;
    /** By their keys of `holdfast:`. */
    readonly secrets: Secrets;
}

/** Of each command its resource; by name. */
export function runCommands(
    commands: readonly OwnCommand[],
    options: RunOptions,
): Readonly<Record<string, local.Command | remote.Command>> {
    return Object.fromEntries(commands.map((command) => [command.name, runCommand(command, options)]));
}

function runCommand(command: OwnCommand, { fileSets, secrets }: RunOptions): local.Command | remote.Command {
    const { name, host, environment, stdin, timeout, version } = command;
    const of = (value: CommandValue) => (typeof value === "string" ? value : secrets[value.secret]!);
    const isSecret = [...Object.values(environment), stdin].some((value) => typeof value === "object");
    const limit = `${timeout}s`;
    const args = {
        create: commandLine(command),
        ...(stdin !== undefined && { stdin: of(stdin) }),
        triggers: [
            ...command.triggers.map((each) => fileSets[each]!.declaredDigest),
            ...(version === undefined ? [] : [version]),
        ],
        // A program may well repeat what it was given.
        ...(isSecret && { logging: "none" as const }),
    };
    const options: pulumi.CustomResourceOptions = {
        dependsOn: command.after.map((each) => fileSets[each]!),
        customTimeouts: { create: limit, update: limit },
        ...(isSecret && { additionalSecretOutputs: ["stdout", "stderr"] }),
    };
    if (host) {
        const { privateKey, privateKeyPassphrase } = secrets;
        const connection = pulumi.output({
            ...connectionOf(host),
            ...keyOf(privateKey, privateKeyPassphrase),
            ...withKey(connectionOf(host).proxy, keyOf(privateKey, privateKeyPassphrase)),
        });
        return new remote.Command(`command-${name}`, { ...args, connection }, options);
    }
    const variables = Object.fromEntries(Object.entries(environment).map(([key, value]) => [key, of(value)]));
    return new local.Command(`command-${name}`, { ...args, environment: variables }, options);
}

/** What the stack logs in with; without it the package asks the SSH agent. */
function keyOf(privateKey: Secrets[string], passphrase: Secrets[string]) {
    return { ...(privateKey && { privateKey }), ...(privateKey && passphrase && { privateKeyPassword: passphrase }) };
}

function withKey<Proxy extends object>(proxy: Proxy | undefined, key: ReturnType<typeof keyOf>) {
    return proxy ? { proxy: { ...proxy, ...key } } : {};
}
