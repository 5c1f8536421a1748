/** Check: a FileSet's inputs, completed with their defaults, or every fault in them at once. */
import { z } from "zod";
import type { FileArgs, FileSetArgs } from "../model/fileSet";
import { hasErrors, type Finding } from "../model/finding";
import { formatOfPath, lintContent } from "../model/formats";
import { isUnknown, UNKNOWN } from "./wire";

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

const name = z.string().regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i, "expected a host name without domain");
const word = z.string().regex(/^[^\s\0-\x1f-][^\s\0-\x1f]*$/, "expected one word that does not start with -");
const path = z.string().refine((text) => /^\/(?!.*\/\/)[^\0-\x1f]+$/.test(text) && !text.split("/").some((part) => part === ".." || part === "."), "expected an absolute path without . or .. parts");
const port = z.number().int().min(1).max(65535);
const account = z.string().regex(/^([a-z_][a-z0-9_-]*\$?|\d+)$/, "expected a user or group name");
const command = z.strictObject({ argv: z.array(z.string()).min(1), timeout: z.number().positive().max(3600).optional() });

const file = z
    .strictObject({
        content: z.string().optional(),
        absent: z.boolean().optional(),
        mode: z.string().regex(/^[0-7]{4}$/, 'expected four octal digits, "0644"').default("0644"),
        owner: account.default("root"),
        group: account.default("root"),
        when: path.optional(),
    })
    .refine((value) => (value.content === undefined) === (value.absent === true), "expected either content or absent: true");

const identity = z.looseObject({ name: z.string(), address: z.string() });

const fileSet = z.strictObject({
    host: z.strictObject({
        name,
        address: word,
        port: port.optional(),
        user: word.optional(),
        hostKey: z.string().optional(),
        sudo: z.boolean().optional(),
        proxy: z.strictObject({ host: word, port: port.optional(), user: word.optional(), hostKey: z.string().optional() }).optional(),
    }),
    concern: z.string().regex(/^[a-z][a-z0-9-]*$/, "expected a short name in lower case"),
    files: z.record(path, file),
    packages: z.array(z.string().regex(/^[a-z0-9][a-z0-9+.-]+$/, "expected a Debian package name")).optional(),
    units: z.record(z.string().regex(/^[\w:.@\\-]+\.(service|timer|socket|path|mount|target)$/, "expected a unit name with its suffix"), z.strictObject({ enabled: z.boolean().optional(), active: z.boolean().optional() })).optional(),
    validate: z.array(command).optional(),
    activate: z.array(command).optional(),
    verify: z.array(command).optional(),
    facts: z.record(z.string(), z.strictObject({ probe: z.string(), args: z.array(z.string()).optional(), value: z.string().optional() })).optional(),
    node: identity.optional(),
    onDelete: z.enum(["keep", "restore"]).optional(),
    maintenance: z.boolean().optional(),
    imported: z.boolean().optional(),
});

export function checkInputs(given: unknown): Checked {
    const parsed = fileSet.safeParse(withKnownFiles(given));
    if (!parsed.success) {
        const failures = parsed.error.issues.map((issue) => ({ property: propertyPath(issue.path), reason: issue.message }));
        return { inputs: given as FileSetArgs, failures, warnings: [] };
    }
    const inputs = withUnknownFiles(parsed.data as FileSetArgs, given as FileSetArgs);
    const failures: CheckFailure[] = [];
    const warnings: string[] = [];
    for (const [target, { content }] of Object.entries(inputs.files)) {
        if (content === undefined || isUnknown(content)) continue;
        for (const finding of lintContent(formatOfPath(target), content, { node: inputs.node })) {
            const text = describe(target, finding);
            if (finding.severity === "error" && !parsed.data.imported) failures.push({ property: `files["${target}"]`, reason: text });
            else if (finding.severity !== "not checked") warnings.push(parsed.data.imported ? `stands on the node: ${text}` : text);
        }
    }
    return { inputs, failures, warnings };
}

/** The lints once more with the node's facts, before anything is staged. Returns the errors, one line each. */
export function lintWithFacts(target: string, content: string, context: Parameters<typeof lintContent>[2]): string[] {
    const findings = lintContent(formatOfPath(target), content, context);
    return hasErrors(findings) ? findings.filter(({ severity }) => severity === "error").map((finding) => describe(target, finding)) : [];
}

function describe(target: string, finding: Finding): string {
    return `${target}:${finding.line}:${finding.column}: ${finding.message} [${finding.rule}]`;
}

/** A file whose value is not known before the `up` is checked then; its neighbours are checked now. */
function withKnownFiles(given: unknown): unknown {
    const files = (given as { files?: unknown }).files;
    if (files === null || typeof files !== "object") return given;
    return { ...(given as object), files: Object.fromEntries(Object.entries(files).filter(([, value]) => !isUnknown(value))) };
}

function withUnknownFiles(inputs: FileSetArgs, given: FileSetArgs): FileSetArgs {
    const unknown = Object.entries(given.files).filter(([, value]) => isUnknown(value));
    return unknown.length === 0 ? inputs : { ...inputs, files: { ...inputs.files, ...Object.fromEntries(unknown.map(([target]): [string, FileArgs] => [target, { content: UNKNOWN }])) } };
}

function propertyPath(parts: readonly PropertyKey[]): string {
    return parts.reduce<string>((text, part) => {
        if (typeof part === "number") return `${text}[${part}]`;
        return /^\w+$/.test(String(part)) ? `${text}${text && "."}${String(part)}` : `${text}["${String(part)}"]`;
    }, "");
}
