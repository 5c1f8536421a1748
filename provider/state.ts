/** The one comparison: `expected` (a FileSet's inputs) against `actual` (what was observed), for preview, drift and apply. */
import { isUnknown } from "../model/contract/engineWords";
import type { FileArgs, FileSetArgs } from "../model/contract/fileSet";
import type { Expected, Observation, SeenFile, Spec } from "../host/observation";
import { lintContent } from "../model/lint/formats";
import { factText, isSkippedFact } from "../model/contract/verdict";
import { standsFor } from "../model/contract/ownProgram";
import type { FileSetState, FileState } from "./fileState";

export interface Difference {
    /** A property path as Pulumi writes it: `files["/etc/hosts"].content`. */
    readonly path: string;
    readonly kind: "add" | "delete" | "update";
}

export function specOf(args: FileSetArgs): Spec {
    const facts = Object.entries(args.facts ?? {}).map(
        ([name, fact]) => [name, { probe: fact.probe, args: fact.args ?? [] }] as const,
    );
    return {
        files: Object.fromEntries(Object.entries(args.files).map(([path, file]) => [path, conditionsOf(file)])),
        packages: args.packages ?? [],
        units: Object.keys(args.units ?? {}),
        facts: Object.fromEntries(facts),
    };
}

/** What the node can check by itself of a FileSet, without us. */
export function expectedOf({ validate = [], verify = [], facts = {} }: FileSetArgs): Expected {
    return {
        commands: [...validate, ...verify].filter(({ argv }) => argv[0] === "holdfast"),
        facts: Object.fromEntries(
            Object.entries(facts).flatMap(([name, { probe, args = [], value }]) =>
                value === undefined ? [] : [[name, { probe, args, value }] as const],
            ),
        ),
    };
}

/** The observation in the shape of the inputs, so that the engine can show expected and actual side by side. */
export function stateOf(args: FileSetArgs, seen: Observation): FileSetState {
    const units = Object.entries(args.units ?? {}).map(([name, wanted]) => {
        const unit = seen.units[name];
        return [
            name,
            {
                ...(wanted.enabled !== undefined && { enabled: unit?.enabled ?? false }),
                ...(wanted.active !== undefined && { active: unit?.active ?? false }),
            },
        ] as const;
    });
    const told = factsOf(args, seen);
    const facts = Object.entries(args.facts ?? {}).map(
        ([name, fact]) =>
            [name, fact.value === undefined ? fact : { ...fact, value: told[name] ?? "unknown" }] as const,
    );
    return {
        ...args,
        files: Object.fromEntries(
            Object.entries(args.files).map(([path, file]) => [path, fileStateOf(file, seen.files[path])]),
        ),
        ...(args.packages && { packages: seen.packages }),
        ...(args.units && { units: Object.fromEntries(units) }),
        ...(args.facts && { facts: Object.fromEntries(facts) }),
        observed: { facts: told },
        ...(seen.machine !== undefined && { machine: seen.machine }),
    };
}

/** As the node tells them; but whether sourced files are sound, the lints decide, which are here. */
function factsOf(args: FileSetArgs, { facts, sourced = {} }: Observation): Readonly<Record<string, string>> {
    const names = Object.keys(args.facts ?? {}).filter((name) => args.facts![name]!.probe === "sourced-files");
    const told = Object.entries(facts).map(([name, verdict]) => [name, factText(verdict)] as const);
    return Object.fromEntries([...told, ...names.map((name) => [name, verdictOn(sourced)] as const)]);
}

/** `sound`, or the first line of each file that is not. */
function verdictOn(sourced: Readonly<Record<string, string>>): string {
    const faults = Object.entries(sourced).flatMap(([path, content]) => {
        const error = lintContent("interfaces.d", content).find(({ severity }) => severity === "error");
        return error ? [`${path}:${error.line}: ${error.message}`] : [];
    });
    return faults.join(" ") || "sound";
}

export function fileStateOf(
    wanted: Pick<FileState, "when" | "yields" | "otherProgram">,
    seen: SeenFile | undefined,
): FileState {
    const conditions = conditionsOf(wanted);
    if (seen === undefined || seen.kind === "absent") return { absent: true, ...conditions };
    switch (seen.kind) {
        case "file": {
            if (isUnknown(seen.content))
                return { instead: "file with the engine's word for a value that is not known yet", ...conditions };
            const { otherProgram } = wanted; // said in the same words as long as it stands there
            const text =
                otherProgram !== undefined && seen.content !== undefined && standsFor(otherProgram, seen.content)
                    ? { otherProgram }
                    : { content: seen.content };
            return {
                ...text,
                mode: seen.mode,
                owner: seen.owner,
                group: seen.group,
                ...(seen.binary && { sha256: seen.sha256 }),
                ...conditions,
            };
        }
        case "not applicable":
            return { skipped: true, ...conditions };
        default:
            return {
                instead:
                    seen.kind === "symlink"
                        ? `symlink to ${seen.detail ?? "?"}`
                        : `${seen.kind} ${seen.detail ?? ""}`.trim(),
                ...conditions,
            };
    }
}

/** Under what a file is managed at all. */
function conditionsOf({ when, yields }: Pick<FileArgs, "when" | "yields">) {
    return { ...(when !== undefined && { when }), ...(yields && { yields }) };
}

/** Everything in which `actual` is not as `expected`. How to get there (validate, activate, verify) is no part of a state. */
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
        compareFile(propertyPath(["files", path]), actual.files[path], file),
    );
    const dropped = Object.keys(actual.files).filter((path) => !(path in expected.files));
    return [
        ...differences,
        ...dropped.map((path): Difference => ({ path: propertyPath(["files", path]), kind: "delete" })),
    ];
}

export function compareFile(name: string, actual: FileState | undefined, expected: FileArgs & FileState): Difference[] {
    if (actual?.skipped) return [];
    if (expected.absent) return actual === undefined || actual.absent ? [] : [{ path: name, kind: "update" }];
    if (!actual || actual.absent) return [{ path: name, kind: actual ? "update" : "add" }];
    if (actual.instead !== undefined) return [{ path: `${name}.instead`, kind: "update" }];
    const keys = ["content", "mode", "owner", "group"] as const;
    // Of a file that is not text, `content` is lossy: it differs from every text.
    return keys
        .filter((key) =>
            key === "content"
                ? !isSameText(actual, expected) || actual.sha256 !== expected.sha256
                : actual[key] !== expected[key],
        )
        .map((key) => ({ path: `${name}.${key}`, kind: "update" }));
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
    return missing.length > 0 ? [{ path: "packages", kind: actual.packages ? "update" : "add" }] : [];
}

function compareUnits(actual: FileSetState, expected: FileSetArgs): Difference[] {
    const differences = Object.entries(expected.units ?? {}).flatMap(([name, wanted]): Difference[] => {
        const unit = actual.units?.[name];
        if (!unit) return [{ path: propertyPath(["units", name]), kind: "add" }];
        const keys = (["enabled", "active"] as const).filter(
            (key) => wanted[key] !== undefined && wanted[key] !== unit[key],
        );
        return keys.map((key) => ({ path: propertyPath(["units", name, key]), kind: "update" }));
    });
    const dropped = Object.keys(actual.units ?? {}).filter((name) => !(name in (expected.units ?? {})));
    return [
        ...differences,
        ...dropped.map((name): Difference => ({ path: propertyPath(["units", name]), kind: "delete" })),
    ];
}

/** A fact that was never looked at (after an import, say), or that cannot be checked on this node, is not a difference. */
function compareFacts(actual: FileSetState, expected: FileSetArgs): Difference[] {
    return Object.entries(expected.facts ?? {}).flatMap(([name, fact]): Difference[] => {
        const value = actual.facts?.[name]?.value;
        const differs =
            fact.value !== undefined && value !== undefined && value !== fact.value && !isSkippedFact(value);
        return differs ? [{ path: propertyPath(["facts", name, "value"]), kind: "update" }] : [];
    });
}

function compareHost(actual: FileSetState, expected: FileSetArgs): Difference[] {
    const keys = ["address", "port", "user", "hostKey", "sudo", "proxy"] as const;
    return keys
        .filter((key) => JSON.stringify(actual.host[key]) !== JSON.stringify(expected.host[key]))
        .map((key) => ({
            path: `host.${key}`,
            kind: actual.host[key] === undefined ? "add" : expected.host[key] === undefined ? "delete" : "update",
        }));
}

/** As Pulumi writes property paths: `files["/etc/hosts"].content`, `validate[0].argv`. */
export function propertyPath(parts: readonly PropertyKey[]): string {
    return parts.reduce<string>((text, part) => {
        if (typeof part === "number") return `${text}[${part}]`;
        const name = String(part);
        return /^\w+$/.test(name) ? `${text}${text && "."}${name}` : `${text}["${name.replaceAll('"', '\\"')}"]`;
    }, "");
}
