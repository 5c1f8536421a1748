/** From zod's issues to one line per fault: `nodes.pve01.fstab[2].source: expected UUID=…, got "/dev/sdb1"`. */
import type { z } from "zod";

export interface Fault {
    /** Below `holdfast:fleet`. */
    readonly path: readonly PropertyKey[];
    /** What is expected and what was found; no newline. */
    readonly message: string;
}

/** `holdfast:fleet.nodes.pve01.fstab[2].source: …` */
export function formatFault({ path, message }: Fault): string {
    return `${formatPath(path)}: ${message}`;
}

/** Keys that are no plain words are quoted, so that a hostile key cannot forge a second line. */
export function formatPath(path: readonly PropertyKey[]): string {
    const steps = path.map((step) =>
        typeof step === "number"
            ? `[${step}]`
            : /^[\w-]+$/.test(String(step))
              ? `.${String(step)}`
              : `[${quote(String(step))}]`,
    );
    return `holdfast:fleet${steps.join("")}`;
}

/** A value as it is shown in a message: one line, cut at 60 characters. */
export function describe(value: unknown): string {
    if (value === undefined) return "nothing";
    if (typeof value === "string") return quote(value);
    if (Array.isArray(value)) return value.length > 0 ? "a list" : "an empty list";
    return typeof value === "number" || typeof value === "boolean" || value === null ? `${value}` : "an object";
}

/** JSON escapes ASCII control characters only; the rest of what could draw a line break is escaped here. */
function quote(text: string): string {
    const shown = text.length > 60 ? `${text.slice(0, 59)}…` : text;
    return JSON.stringify(shown).replace(
        /[\u007f-\u009f\u2028\u2029\u202a-\u202e]/g,
        (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
    );
}

export function faultsOf(issues: readonly z.core.$ZodIssue[], above: readonly PropertyKey[] = []): Fault[] {
    return issues.flatMap((issue) => faultsOfIssue(issue, [...above, ...issue.path]));
}

function faultsOfIssue(issue: z.core.$ZodIssue, path: readonly PropertyKey[]): Fault[] {
    switch (issue.code) {
        case "unrecognized_keys":
            return issue.message
                .split("\n")
                .map((message, index) => ({ path: [...path, issue.keys[index] ?? ""], message }));
        case "invalid_key":
            return [{ path, message: issue.issues[0]?.message ?? issue.message }];
        case "invalid_union": {
            const meant = issue.errors.find(
                (branch) =>
                    branch.every(({ path: below }) => below.length > 0) ||
                    branch.every(({ code }) => code === "unrecognized_keys") ||
                    branch.every(isTooShort),
            );
            return meant?.length ? faultsOf(meant, path) : [{ path, message: got(issue.message, issue.input, path) }];
        }
        case "invalid_type":
            return [{ path, message: got(expected(issue), issue.input, path) }];
        default:
            return [{ path, message: got(issue.message, issue.input, path) }];
    }
}

/** An empty list, where the schema says what it expects instead. */
function isTooShort(issue: z.core.$ZodIssue): boolean {
    return issue.code === "too_small" && issue.origin === "array" && issue.message.startsWith("expected ");
}

/** zod's own wording (`Invalid input: expected …`) is kept only where a schema has none of ours. */
function expected(issue: z.core.$ZodIssueInvalidType): string {
    return issue.message.startsWith("expected ")
        ? issue.message
        : `expected ${issue.expected === "record" || issue.expected === "object" ? "an object" : issue.expected === "array" ? "a list" : issue.expected}`;
}

function got(message: string, input: unknown, path: readonly PropertyKey[]): string {
    if (input === undefined) return `is missing: ${message}`;
    if (path[0] === "mail" && isSecret(input, path))
        return `${message}; credentials go to mail.user and the secret holdfast:mailPassword`;
    return isSecret(input, path)
        ? `${message}; what stands there is not shown, as it may be a secret`
        : `${message}, got ${describe(input)}`;
}

/** Faults end up in logs and in a pull request's comment, so a secret at the wrong place must not be quoted. */
function isSecret(input: unknown, path: readonly PropertyKey[]): boolean {
    if (
        path.some(
            (step) =>
                step === "basicAuth" || /^wpa[-_]|psk|passw|passphrase|secret|wireless[-_]key/i.test(String(step)),
        )
    )
        return true;
    if (typeof input !== "string") return false;
    if (
        path[0] === "mail" &&
        ((path[1] === "relay" && input.includes("@")) || (path[1] === "user" && input.includes(":")))
    )
        return true;
    return /PRIVATE KEY|:\/\/[^/]*@|(?:pass(?:word|wd|phrase)?|secret|token)\s*[=:]/i.test(input);
}
