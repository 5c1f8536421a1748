/**
 * The one comparison: `expected` (a FileSet's inputs) against `actual` (what was observed), for preview, drift and
 * apply.
 */
import type { FileArgs, FileSetArgs } from "../model/contract/fileSet";
import { standsFor } from "../model/contract/ownProgram";
import { isSkippedFact } from "../model/contract/verdict";
import type { FileSetState, FileState } from "./fileState";

export interface Difference {
    /** A property path as Pulumi writes it: `files["/etc/hosts"].content`. */
    readonly path: string;
    /** The same in its parts: `["files", "/etc/hosts", "content"]`. */
    readonly parts: readonly string[];
    readonly kind: "add" | "delete" | "update";
}

export function differenceAt(parts: readonly string[], kind: Difference["kind"]): Difference {
    return { path: propertyPath(parts), parts, kind };
}

/**
 * Everything in which `actual` is not as `expected`. How to get there (validate, activate, verify) is no part of a
 * state.
 */
export function compare(actual: FileSetState, expected: FileSetArgs): Difference[] {
    return [
        ...compareFiles(actual, expected),
        ...comparePackages(actual, expected),
        ...compareUnits(actual, expected),
        ...compareFacts(actual, expected),
        ...compareHost(actual, expected),
    ];
}

function compareFiles(actual: FileSetState, expected: FileSetArgs): Difference[] {
    const differences = Object.entries(expected.files).flatMap(([path, file]) =>
        compareFile(["files", path], actual.files[path], file),
    );
    const dropped = Object.keys(actual.files).filter((path) => !(path in expected.files));
    return [...differences, ...dropped.map((path) => differenceAt(["files", path], "delete"))];
}

/** `at`: where the file stands among the properties. */
export function compareFile(
    at: readonly string[],
    actual: FileState | undefined,
    expected: FileArgs & FileState,
): Difference[] {
    if (actual?.skipped) return [];
    if (expected.absent) return actual === undefined || actual.absent ? [] : [differenceAt(at, "update")];
    if (!actual || actual.absent) return [differenceAt(at, actual ? "update" : "add")];
    if (actual.instead !== undefined) return [differenceAt([...at, "instead"], "update")];
    const keys = ["content", "mode", "owner", "group"] as const;
    // Of a file that is not text, `content` is lossy: it differs from every text.
    return keys
        .filter((key) =>
            key === "content"
                ? !isSameText(actual, expected) || actual.sha256 !== expected.sha256
                : actual[key] !== expected[key],
        )
        .map((key) => differenceAt([...at, key], "update"));
}

type Text = Pick<FileState, "content" | "otherProgram">;

export function isSameText(one: Text, other: Text): boolean {
    if (one.otherProgram === undefined)
        return other.otherProgram === undefined ? one.content === other.content : isSameText(other, one);
    return (
        other.otherProgram === one.otherProgram ||
        (other.content !== undefined && standsFor(one.otherProgram, other.content))
    );
}

function comparePackages(actual: FileSetState, expected: FileSetArgs): Difference[] {
    const missing = (expected.packages ?? []).filter((name) => !(actual.packages ?? []).includes(name));
    return missing.length > 0 ? [differenceAt(["packages"], actual.packages ? "update" : "add")] : [];
}

function compareUnits(actual: FileSetState, expected: FileSetArgs): Difference[] {
    const differences = Object.entries(expected.units ?? {}).flatMap(([name, wanted]): Difference[] => {
        const unit = actual.units?.[name];
        if (!unit) return [differenceAt(["units", name], "add")];
        const keys = (["enabled", "active"] as const).filter(
            (key) => wanted[key] !== undefined && wanted[key] !== unit[key],
        );
        return keys.map((key) => differenceAt(["units", name, key], "update"));
    });
    const dropped = Object.keys(actual.units ?? {}).filter((name) => !(name in (expected.units ?? {})));
    return [...differences, ...dropped.map((name) => differenceAt(["units", name], "delete"))];
}

/**
 * A fact that was never looked at (after an import, say), or that cannot be checked on this node, is not a difference.
 */
function compareFacts(actual: FileSetState, expected: FileSetArgs): Difference[] {
    return Object.entries(expected.facts ?? {}).flatMap(([name, fact]): Difference[] => {
        const value = actual.facts?.[name]?.value;
        const differs =
            fact.value !== undefined && value !== undefined && value !== fact.value && !isSkippedFact(value);
        return differs ? [differenceAt(["facts", name, "value"], "update")] : [];
    });
}

function compareHost(actual: FileSetState, expected: FileSetArgs): Difference[] {
    const keys = ["address", "former", "port", "user", "hostKey", "sudo", "proxy"] as const;
    return keys
        .filter((key) => JSON.stringify(actual.host[key]) !== JSON.stringify(expected.host[key]))
        .map((key) =>
            differenceAt(
                ["host", key],
                actual.host[key] === undefined ? "add" : expected.host[key] === undefined ? "delete" : "update",
            ),
        );
}

/** As Pulumi writes property paths: `files["/etc/hosts"].content`, `validate[0].argv`. */
export function propertyPath(parts: readonly PropertyKey[]): string {
    return parts.reduce<string>((text, part) => {
        if (typeof part === "number") return `${text}[${part}]`;
        const name = String(part);
        return /^\w+$/.test(name) ? `${text}${text && "."}${name}` : `${text}["${name.replaceAll('"', '\\"')}"]`;
    }, "");
}
