/** The only reader of `pulumi.Config`. */
import * as pulumi from "@pulumi/pulumi";
import {
    allSecretKeys,
    type Fleet,
    formatFault,
    optionalSecrets,
    ownSecretsOf,
    parseFleet,
    secretsOf,
} from "./components/fleet";
import { formatPath } from "./model/fleet/faults";
import { readProjectFile } from "./projectFile";

/**
 * The fleet that the stack declares, with the files it names already read.
 * @param root folder of Pulumi.yaml, in which `file:` paths are looked up
 * @throws pulumi.RunError with every fault of the config, one per line
 */
export function loadFleet(config = new pulumi.Config("holdfast"), root = process.cwd()): Fleet {
    const { fleet, faults } = parseFleet(readConfig(config), (file) => readProjectFile(root, file));
    if (!fleet) {
        const lines = faults.map((fault) => `  ${formatFault(fault)}`);
        throw new pulumi.RunError(
            `the stack config has ${faults.length === 1 ? "a fault" : `${faults.length} faults`}:\n${lines.join("\n")}`,
        );
    }
    return fleet;
}

/** `holdfast:mailPassword`, always a secret, whether or not it is stored as one. */
export function loadMailPassword(config = new pulumi.Config("holdfast")): pulumi.Output<string> | undefined {
    return config.getSecret("mailPassword");
}

/**
 * One line each: what opens something and stands in plain text in the stack file. A warning and no error: at three in
 * the morning the `up` has to run, and what was committed is known already.
 * @param isSecret as the engine says of a full key
 */
export function plainSecretWarnings(
    fleet: Partial<Pick<Fleet, "commands" | "proxmox">>,
    config: Pick<pulumi.Config, "get"> = new pulumi.Config("holdfast"),
    isSecret: (key: string) => boolean = isConfigSecret,
    stack = pulumi.getStack(),
): string[] {
    return allSecretKeys(fleet)
        .filter((key) => config.get(key) !== undefined && !isSecret(`holdfast:${key}`))
        .map(
            (key) =>
                `holdfast:${key} STANDS IN PLAIN TEXT in Pulumi.${stack}.yaml: whoever reads that file or its history has it. Replace it where it is used, then: pulumi config set --secret holdfast:${key}`,
        );
}

/** The engine tells a program which keys are secret in this variable, a list in JSON. */
function isConfigSecret(key: string): boolean {
    return (JSON.parse(process.env["PULUMI_CONFIG_SECRET_KEYS"] ?? "[]") as string[]).includes(key);
}

/** Of `pulumi.Config`, what is asked for secrets. */
export interface SecretSource {
    readonly get: (key: string) => string | undefined;
    readonly getSecret: (key: string) => pulumi.Output<string> | undefined;
}

/**
 * What the fleet's concerns and commands need of `holdfast:`, by key; always secrets, whether or not they are stored as
 * such.
 * @throws pulumi.RunError where a command, the API or the backup needs a key that the stack has not
 */
export function loadSecrets(
    {
        nodes,
        hosts,
        commands = [],
        proxmox,
    }: Pick<Fleet, "nodes" | "hosts"> & Partial<Pick<Fleet, "commands" | "proxmox">>,
    config: SecretSource = new pulumi.Config("holdfast"),
): Record<string, pulumi.Output<string> | undefined> {
    const given = ownSecretsOf({ commands, proxmox });
    const missing = given.find(({ key }) => config.get(key) === undefined);
    if (missing)
        throw new pulumi.RunError(
            `${formatPath(missing.path)}: holdfast:${missing.key} is missing: pulumi config set --secret holdfast:${missing.key}`,
        );
    if (proxmox && config.get("proxmoxToken") === undefined)
        throw new pulumi.RunError(
            "holdfast:fleet.proxmox: holdfast:proxmoxToken is missing: pulumi config set --secret holdfast:proxmoxToken 'USER@REALM!NAME=UUID'",
        );
    const ofConcerns = [...nodes, ...hosts].flatMap(secretsOf);
    const lacking = ofConcerns.find((key) => !optionalSecrets.includes(key) && config.get(key) === undefined);
    if (lacking !== undefined)
        throw new pulumi.RunError(
            `holdfast:${lacking}: is missing, and configBackup needs it: pulumi config set --secret holdfast:${lacking}`,
        );
    const needed = [
        ...(proxmox ? ["proxmoxToken"] : []),
        ...ofConcerns,
        ...given.map(({ key }) => key),
        ...(commands.some(({ host }) => host) ? ["privateKey", "privateKeyPassphrase"] : []),
    ];
    return Object.fromEntries([...new Set(needed)].map((key) => [key, config.getSecret(key)]));
}

/** One line each: a user without the password, or the password without a user. */
export function mailPasswordWarnings({ nodes }: Pick<Fleet, "nodes">, hasPassword: boolean): string[] {
    const user = nodes.map(({ mail }) => mail?.relay?.user).find((each) => each !== undefined);
    if (user !== undefined && !hasPassword)
        return [
            `holdfast:mailPassword: is missing, so the relay is spoken to without a login although mail.user is ${user}: pulumi config set --secret holdfast:mailPassword`,
        ];
    if (user === undefined && hasPassword)
        return [
            "holdfast:mailPassword: not used: it is for mail.user at mail.relay, and the stack has none; add them, or pulumi config rm holdfast:mailPassword",
        ];
    return [];
}

function readConfig(config: pulumi.Config): unknown {
    try {
        return config.requireObject<unknown>("fleet");
    } catch (error) {
        throw new pulumi.RunError(
            `holdfast:fleet: ${error instanceof Error ? error.message : String(error)}\nPulumi.prod.yaml is an example; \`npx holdfast adopt root@NODE\` writes the config of a running node.`,
        );
    }
}
