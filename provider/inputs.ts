/** Check: a FileSet's inputs, completed with their defaults, or every fault in them at once. */
import { isUnknown } from "../model/contract/engineWords";
import { z } from "zod";
import type { FileSetArgs } from "../model/contract/fileSet";
import type { Finding } from "../model/lint/finding";
import type { NodeFacts } from "../model/lint/lintContext";
import { formatOfPath, lintContent } from "../model/lint/formats";
import { hostKey, port, sshTarget, user } from "../model/values/ssh";
import { propertyPath } from "./compare";
import { isRecord } from "./wire";

export interface CheckFailure {
    /** Property path: `files["/etc/fstab"]`. */
    readonly property: string;
    readonly reason: string;
}

/** `inputs` as the rest of the provider sees them: every file has its mode, owner and group. */
export interface Checked {
    readonly inputs: FileSetArgs;
    readonly failures: readonly CheckFailure[];
    readonly warnings: readonly string[];
}

/** What an import read: inputs that say what stands on the node, sound or not. No program can write it. */
type Imported = FileSetArgs & { readonly imported?: boolean };

const name = z.string().regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i, "expected a host name without domain");
const text = z.string().refine((value) => !value.includes("\0"), "expected text without NUL");
const path = z
    .string()
    .refine(
        (value) =>
            /^\/(?!.*\/\/)[^\0-\x1f]+$/.test(value) &&
            !value.endsWith("/") &&
            !value.split("/").some((part) => part === ".." || part === "."),
        "expected an absolute path without . or .. parts",
    );
const account = z
    .string()
    .refine(
        (value) => /^[a-z_][a-z0-9_-]*\$?$/.test(value) || (/^\d{1,10}$/.test(value) && Number(value) < 2 ** 32 - 1),
        "expected a user or group name, or its number",
    );
const elsewhere = z.strictObject({ files: z.array(path).min(1).max(16), line: z.string().min(1).max(256) });
const yields = z.union([z.boolean(), elsewhere]);
/** As in a package's own Depends: of `docker.io | docker-ce` either will do. */
const packageName = /^[a-z0-9][a-z0-9+.-]+(?: \| [a-z0-9][a-z0-9+.-]+)*$/;
const command = z.strictObject({ argv: z.array(text).min(1), timeout: z.number().positive().max(3600).optional() });

const file = z
    .strictObject({
        content: z.string().optional(),
        absent: z.boolean().optional(),
        mode: z.string().regex(/^[0-7]{4}$/, 'expected four octal digits, "0644"'),
        owner: account,
        group: account,
        when: path.optional(),
        yields: yields.optional(),
    })
    .refine(
        (value) => (value.content === undefined) === (value.absent === true),
        "expected either content or absent: true",
    );

const host = z.strictObject({
    name,
    address: sshTarget,
    former: sshTarget.optional(),
    port: port.optional(),
    user: user.optional(),
    hostKey: hostKey.optional(),
    sudo: z.boolean().optional(),
    proxy: z
        .strictObject({
            host: sshTarget,
            port: port.optional(),
            user: user.optional(),
            hostKey: hostKey.optional(),
        })
        .optional(),
});
const concernName = z.string().regex(/^[a-z][a-z0-9-]*$/, "expected a short name in lower case");
const rolledOut = z.strictObject({
    host,
    concern: concernName,
    files: z.record(
        path,
        z.strictObject({
            sha256: z
                .string()
                .regex(/^[0-9a-f]{64}$/, "expected a SHA-256 in hexadecimal digits")
                .optional(),
            when: path.optional(),
            yields: yields.optional(),
        }),
    ),
});

const fileSet = z.strictObject({
    host,
    concern: concernName,
    files: z.record(path, file),
    packages: z.array(z.string().regex(packageName, "expected a Debian package name")).optional(),
    units: z
        .record(
            z
                .string()
                .regex(
                    /^(?!.*@\.)[\w:.@\\][\w:.@\\-]*\.(service|timer|socket|path|mount|target)$/,
                    "expected the name of a unit, no template, with its suffix",
                ),
            z.strictObject({ enabled: z.boolean().optional(), active: z.boolean().optional() }),
        )
        .optional(),
    validate: z.array(command).optional(),
    activate: z.array(command).optional(),
    verify: z.array(command).optional(),
    facts: z
        .record(
            z.string(),
            z.strictObject({ probe: text, args: z.array(text).optional(), value: z.string().optional() }),
        )
        .optional(),
    confirm: z
        .strictObject({
            window: z.number().int().min(20).max(1800),
            addresses: z.array(text),
            peers: z.array(text),
            probes: z.array(
                z
                    .strictObject({ tcp: text.optional(), ping: text.optional(), resolve: text.optional() })
                    .refine(
                        (probe) => Object.keys(probe).length === 1,
                        "expected exactly one of tcp, ping and resolve",
                    ),
            ),
        })
        .optional(),
    rollout: z
        .strictObject({
            proof: z.enum(["written", "confirmed", "booted"]).optional(),
            after: z.array(rolledOut).optional(),
            withoutQuorum: z.boolean().optional(),
        })
        .optional(),
    node: z.looseObject({ name: z.string(), address: z.string() }).optional(),
    onDelete: z.enum(["keep", "restore"]).optional(),
    takeOver: z.boolean().optional(),
    maintenance: z.boolean().optional(),
});

/**
 * `before`: the inputs in state, `{}` where there are none. `facts` decide on what is about to be written alone: a disk
 * that has died since is drift, and must not keep the rest from being repaired.
 */
export function checkInputs(given: unknown, before: unknown = {}, facts?: NodeFacts): Checked {
    const inputs = withDefaults(given);
    const node = isRecord(inputs.node) && !Object.values(inputs.node).some(isUnknown) ? inputs.node : undefined;
    const findings = Object.entries(isRecord(inputs.files) ? inputs.files : {}).flatMap(([target, { content }]) => {
        const isText = typeof content === "string" && !isUnknown(content);
        const isNew = content !== (before as Partial<FileSetArgs>).files?.[target]?.content;
        return isText
            ? lintContent(formatOfPath(target), content, { node, ...(isNew && { facts }) }).map((finding) => ({
                  target,
                  finding,
              }))
            : [];
    });
    const worth = findings.filter(({ finding }) => finding.severity !== "not checked");
    // The engine checks an import against itself; the first preview of the program's own inputs is a Check like any
    // other.
    if ((given as Imported).imported && (before as Imported).imported) {
        return {
            inputs,
            failures: [],
            warnings: worth.map(({ target, finding }) => `stands on the node: ${describe(target, finding)}`),
        };
    }
    const errors = worth.filter(({ finding }) => finding.severity === "error");
    return {
        inputs,
        failures: [
            ...faultsOfShape(inputs),
            ...faultsOfIdentity(inputs, before as Partial<FileSetArgs>),
            ...errors.map(({ target, finding }) => ({
                property: propertyPath(["files", target]),
                reason: describe(target, finding),
            })),
        ],
        warnings: worth
            .filter(({ finding }) => finding.severity === "warning")
            .map(({ target, finding }) => describe(target, finding)),
    };
}

/** The lints once more with the node's facts, before anything is staged. Returns the errors, one line each. */
export function lintWithFacts(target: string, content: string, context: Parameters<typeof lintContent>[2]): string[] {
    const errors = lintContent(formatOfPath(target), content, context).filter(({ severity }) => severity === "error");
    return errors.map((finding) => describe(target, finding));
}

function describe(target: string, finding: Finding): string {
    return `${target}:${finding.line}:${finding.column}: ${finding.message} [${finding.rule}]`;
}

function withDefaults(given: unknown): FileSetArgs {
    const { files, ...rest } = given as FileSetArgs;
    if (!isRecord(files)) return given as FileSetArgs;
    const completed = Object.entries(files).map(
        ([target, value]) =>
            [target, isRecord(value) ? { mode: "0644", owner: "root", group: "root", ...value } : value] as const,
    );
    return { ...rest, files: Object.fromEntries(completed) };
}

/** A value that is not known before the `up` is checked then; its neighbours are checked now. */
function faultsOfShape(inputs: FileSetArgs): CheckFailure[] {
    const issues = fileSet.safeParse(inputs).error?.issues ?? [];
    return issues
        .filter((issue) => !leadsToUnknown(inputs, issue.path))
        .map((issue) => ({
            property: propertyPath(issue.path),
            reason: issue.code === "invalid_key" ? (issue.issues[0]?.message ?? issue.message) : issue.message,
        }));
}

function leadsToUnknown(value: unknown, path: readonly PropertyKey[]): boolean {
    const [step, ...rest] = path;
    if (isUnknown(value)) return true;
    return (
        step !== undefined &&
        value !== null &&
        typeof value === "object" &&
        leadsToUnknown(Reflect.get(value, step), rest)
    );
}

/** Commands stand in the node's process list and in its log. `secrets`: property paths. */
export function faultsOfSecrets(secrets: readonly (readonly string[])[]): CheckFailure[] {
    const told = secrets.filter(([top = ""]) =>
        ["validate", "activate", "verify", "facts", "units", "packages"].includes(top),
    );
    return told.map((secret) => ({
        property: propertyPath(secret.map((step) => (/^\d+$/.test(step) ? Number(step) : step))),
        reason: "cannot be secret: it would stand in the node's process list and log. Put it into a file of the FileSet, and let the command read that",
    }));
}

/** The id is NODE/CONCERN: another node's files under the same name would be taken for this one's. */
function faultsOfIdentity(inputs: FileSetArgs, before: Partial<FileSetArgs>): CheckFailure[] {
    if (!isRecord(inputs.host) || !isRecord(before.host)) return [];
    const reason = "cannot change: declare the other one under a name of its own";
    const isMoved = inputs.host.name !== before.host.name && !isUnknown(inputs.host.name);
    const isRenamed = inputs.concern !== before.concern && !isUnknown(inputs.concern);
    return [
        ...(isMoved ? [{ property: "host.name", reason }] : []),
        ...(isRenamed ? [{ property: "concern", reason }] : []),
    ];
}
