/** `commands`: the user's own steps. What they are and when they run; how they are run is the plan's. */
import { z } from "zod";
import type { HostArgs } from "../../model/contract/fileSet";
import type { Fault } from "../../model/fleet/faults";
import { object } from "../../model/fleet/kit";
import { anyName } from "../../model/fleet/values";
import { nearest } from "../../model/lint/nearest";
import { text, wholeNumber } from "../../model/values/value";

const oneLine = text(/^[^\p{Cc}]{1,4096}$/u, "text on one line", { abort: true }).refine((part) => !hasSecret(part), {
    error: "expected nothing secret: the process list and the state show it; give a secret in environment or stdin, as { secret: KEY } of holdfast:KEY",
});
const argv = z
    .array(oneLine, { error: "expected a list: the program, then its arguments" })
    .min(1, { error: "expected at least the program" });

/** The name of a key of `holdfast:` that is set with `pulumi config set --secret`. */
const secret = object(
    { secret: text(/^[a-z][A-Za-z0-9]{0,63}$/, "a key of holdfast:, such as notifyToken") },
    "a text, or { secret: KEY }",
);
const value = z.union([z.string().max(65_536), secret], { error: "expected a text, or { secret: KEY }" });
const variable = text(/^[A-Za-z_][A-Za-z0-9_]*$/, "a variable's name");
const fileSetName = text(/^[A-Za-z0-9][A-Za-z0-9-]*-[a-z-]+$/, "MACHINE-CONCERN, such as pve01-fstab");

export const commandName = text(/^[a-z][a-z0-9-]{0,40}$/, "a name: small letters, digits and hyphens");
export const commandsSchema = z.record(
    commandName,
    object({
        local: argv.optional().describe("program and arguments, run where pulumi runs, in the project's folder"),
        remote: anyName.optional().describe("the node or host on which `run` is run"),
        run: argv.optional().describe("program and arguments, on `remote`"),
        after: z.array(fileSetName).optional().describe("not before these have been applied, as `pve01-fstab`"),
        triggers: z
            .array(fileSetName)
            .optional()
            .describe("run again when what is declared of these changes; by default those of `after`, [] is never"),
        version: z
            .union([z.int(), text(/^[\w.+-]{1,100}$/, "a version")], { error: "expected a number or a version" })
            .optional()
            .describe("run again when this changes"),
        environment: z.record(variable, value).optional().describe("variables; a secret one for `local` alone"),
        stdin: value.optional().describe("what it reads from its standard input"),
        timeout: wholeNumber(1, 86_400, "seconds").optional().describe("seconds after which it counts as failed; 600"),
    }),
);

export type CommandsConfig = z.infer<typeof commandsSchema>;
type Given = CommandsConfig[string];
export type CommandValue = z.infer<typeof value>;

export interface OwnCommand {
    readonly name: string;
    readonly argv: readonly string[];
    /** Where it runs; absent: where pulumi runs. */
    readonly host?: HostArgs;
    /** Names of FileSets. */
    readonly after: readonly string[];
    readonly triggers: readonly string[];
    readonly version?: string;
    readonly environment: Readonly<Record<string, CommandValue>>;
    readonly stdin?: CommandValue;
    /** Seconds. */
    readonly timeout: number;
}

/** Of a machine, what a command needs to know. */
export interface CommandMachine {
    readonly identity: { readonly name: string };
    readonly host: HostArgs;
    readonly roles: readonly string[];
    readonly maintenance: boolean;
    /** By names as `pve01-fstab`. */
    readonly fileSets: readonly string[];
}

/**
 * By name; of a config that `checkCommands` has passed. Without those on machines under maintenance, which are not
 * contacted.
 */
export function resolveCommands(commands: CommandsConfig = {}, machines: readonly CommandMachine[]): OwnCommand[] {
    const running = Object.entries(commands).filter(([, { remote }]) => !machineOf(remote, machines)?.maintenance);
    return running
        .sort(([one], [other]) => (one < other ? -1 : 1))
        .map(([name, given]) => {
            const { after = [], version } = given;
            return {
                name,
                argv: given.local ?? given.run ?? [],
                host: machineOf(given.remote, machines)?.host,
                after,
                triggers: given.triggers ?? after,
                ...(version !== undefined && { version: String(version) }),
                environment: given.environment ?? {},
                stdin: given.stdin,
                timeout: given.timeout ?? 600,
            };
        });
}

/** What spans several fields, or needs to know the machines. */
export function checkCommands(commands: CommandsConfig = {}, machines: readonly CommandMachine[]): Fault[] {
    const known = machines.flatMap(({ fileSets }) => fileSets);
    return Object.entries(commands).flatMap(([name, given]) => {
        const path = ["commands", name];
        const names = (["after", "triggers"] as const).flatMap((key) =>
            (given[key] ?? []).flatMap((each, index) =>
                known.includes(each) ? [] : [{ path: [...path, key, index], message: unknownFileSet(each, known) }],
            ),
        );
        return [...checkPlace(path, given), ...names, ...checkHost(name, given, machines)];
    });
}

function checkPlace(path: readonly PropertyKey[], { local, remote, run }: Given): Fault[] {
    if (local && (remote !== undefined || run))
        return [{ path, message: "expected either local, or remote with run, not both" }];
    if (local) return [];
    if (remote === undefined)
        return [{ path, message: "expected local: [PROGRAM, …], or remote: MACHINE with run: [PROGRAM, …]" }];
    return run ? [] : [{ path: [...path, "run"], message: `is missing: what is to be run on ${remote}?` }];
}

/** Where no key is pinned, the package takes any. */
function checkHost(name: string, { remote, environment = {} }: Given, machines: readonly CommandMachine[]): Fault[] {
    if (remote === undefined) return [];
    const path = ["commands", name];
    const machine = machineOf(remote, machines);
    if (!machine) {
        const meant = nearest(
            remote,
            machines.map(({ identity }) => identity.name),
        );
        return [
            {
                path: [...path, "remote"],
                message: `no node or host has the name ${remote}${meant ? `; did you mean ${meant}?` : ""}`,
            },
        ];
    }
    const section = machine.roles.includes("node") ? "nodes" : "hosts";
    const { hostKey, proxy } = machine.host;
    const why = `commands.${name} runs ${remote === machine.identity.name ? "there" : `on ${remote}`} through @pulumi/command, which accepts any host where no key is pinned. Look at the key on the machine (cat /etc/ssh/ssh_host_ed25519_key.pub) and pin it`;
    const secretNames = Object.entries(environment).filter(([, each]) => typeof each === "object");
    return [
        ...(hostKey === undefined
            ? [{ path: [section, remote, "ssh", "hostKey"], message: `is missing: ${why}` }]
            : []),
        ...(proxy && proxy.hostKey === undefined
            ? [{ path: [section, remote, "ssh", "proxy", "hostKey"], message: `is missing: ${why}` }]
            : []),
        ...secretNames.map(([variableName]) => ({
            path: [...path, "environment", variableName],
            message:
                "a secret gets to another machine by stdin alone: sshd takes no variables from outside, and in the command everybody there could read it",
        })),
    ];
}

/** Keys of `holdfast:`, and where they are used. */
export function secretsOfCommands(commands: readonly OwnCommand[]): { key: string; path: readonly PropertyKey[] }[] {
    return commands.flatMap(({ name, environment, stdin }) => {
        const values = [
            ...Object.entries(environment).map(([variableName, given]) => ({
                at: ["environment", variableName],
                given,
            })),
            { at: ["stdin"], given: stdin },
        ];
        return values.flatMap(({ at, given }) =>
            typeof given === "object" ? [{ key: given.secret, path: ["commands", name, ...at] }] : [],
        );
    });
}

function unknownFileSet(name: string, known: readonly string[]): string {
    const meant = nearest(name, known);
    return `the stack has no ${name}${meant ? `; did you mean ${meant}?` : `; it has ${known.join(", ")}`}`;
}

function machineOf(name: string | undefined, machines: readonly CommandMachine[]): CommandMachine | undefined {
    return machines.find(({ identity }) => identity.name === name);
}

function hasSecret(part: string): boolean {
    return /PRIVATE KEY|:\/\/[^/\s]*:[^/\s]*@|(?:pass(?:word|wd|phrase)?|secret|token|api-?key)=\S/i.test(part);
}
