/** What an Update has to do: pure, from the expected inputs, the last known state and a fresh look. */
import { createHash } from "node:crypto";
import { createTwoFilesPatch } from "diff";
import type { FileSetArgs } from "../model/contract/fileSet";
import { identityOf, type Observation, type Plan, type PlannedFile } from "../host/observation";
import type { Look } from "../host/push";
import { lintWithFacts } from "./inputs";
import { machineOf } from "./machine";
import { RefusedError } from "./refused";
import type { FileSetState, FileState } from "./fileState";
import { compareFile, fileStateOf, isSameText, stateOf } from "./state";

/** Milliseconds for finding what a file's lines have in common: with their number it grows by its square. */
const PATIENCE = 1000;

export interface PlanOptions {
    /** Who does it, for the node's lock: `user@workstation`. */
    readonly client: string;
    /** Paths whose content, old or new, is never shown. */
    readonly secretFiles?: ReadonlySet<string>;
}

/**
 * `last` is what state knew before this operation; without it (a first push) whatever stands is replaced and backed up.
 * Throws RefusedError.
 */
export function planUpdate(
    expected: FileSetArgs,
    last: FileSetState | undefined,
    look: Look,
    { client, secretFiles = new Set() }: PlanOptions,
): Plan | "nothing" {
    const files = changedFiles(expected, look.seen, secretFiles);
    // Another machine has no edit since the last look: it gets a first push, which its new key in the stack has asked for.
    const isAnother = last !== undefined && machineOf(last, look.seen, expected.host) === "another";
    if (last && !isAnother) refuseUnseenEdits(expected, last, look.seen, secretFiles);
    if (!isAnother) refuseUnknownFiles(expected, Object.keys(files), last, look, secretFiles);
    refuseLints(expected, files, look);
    const packages = (expected.packages ?? []).filter((name) => !look.seen.packages.includes(name));
    const units = changedUnits(expected, look.seen);
    const replaces = Object.keys(files).length > 0;
    if (!replaces && packages.length === 0 && Object.keys(units).length === 0) return "nothing";
    return {
        id: transactionId(expected, look.seen),
        client,
        ...(secretFiles.size > 0 && { secret: true }),
        files,
        packages,
        units,
        validate: expected.validate ?? [],
        activate: replaces || packages.length > 0 ? (expected.activate ?? []) : [],
        verify: expected.verify ?? [],
    };
}

/** The same work on the same node has the same name, so that a retry finds what became of it. */
function transactionId(expected: FileSetArgs, seen: Observation): string {
    const { facts: _facts, sourced: _sourced, ...observed } = seen;
    const what = [expected.host.name, expected.concern, expected, observed];
    return createHash("sha256").update(JSON.stringify(what)).digest("hex").slice(0, 16);
}

function changedFiles(
    expected: FileSetArgs,
    seen: Observation,
    secretFiles: ReadonlySet<string>,
): Record<string, PlannedFile> {
    const changed: Record<string, PlannedFile> = {};
    for (const [path, file] of Object.entries(expected.files)) {
        const live = seen.files[path] ?? { kind: "absent" as const };
        if (compareFile("", fileStateOf(file, live), file).length === 0) continue;
        if ("otherProgram" in file)
            throw new RefusedError(
                `${expected.host.name}: ${path} is declared as another version of Holdfast's own program than this one has; run pulumi with one version of Holdfast`,
            );
        const { mode = "0644", owner = "root", group = "root" } = file;
        changed[path] = {
            was: identityOf(live),
            mode,
            owner,
            group,
            ...(file.absent ? { absent: true } : { content: file.content }),
            ...(secretFiles.has(path) && { secret: true as const }),
        };
    }
    return changed;
}

function changedUnits(expected: FileSetArgs, seen: Observation): Plan["units"] {
    const differing = Object.entries(expected.units ?? {}).filter(([name, wanted]) => {
        const unit = seen.units[name];
        return (
            (wanted.enabled !== undefined && wanted.enabled !== unit?.enabled) ||
            (wanted.active !== undefined && wanted.active !== unit?.active)
        );
    });
    return Object.fromEntries(differing);
}

/** What a preview showed is what an `up` does: whoever edited since is shown, never overwritten. */
function refuseUnseenEdits(
    expected: FileSetArgs,
    last: FileSetState,
    seen: Observation,
    secretFiles: ReadonlySet<string>,
): void {
    const complaints = Object.entries(expected.files).flatMap(([path, file]) => {
        const known = last.files[path];
        const live = fileStateOf(file, seen.files[path]);
        if (known === undefined || compareFile("", live, file).length === 0 || isSame(known, live)) return [];
        return [
            secretFiles.has(path)
                ? `${path}: was edited; its content is secret, so look at it on the node`
                : describeEdit(path, known, live),
        ];
    });
    const now = stateOf(expected, seen);
    for (const [name, unit] of Object.entries(now.units ?? {})) {
        const known = last.units?.[name];
        const wanted = expected.units?.[name];
        for (const key of ["enabled", "active"] as const) {
            if (known?.[key] !== undefined && unit[key] !== known[key] && unit[key] !== wanted?.[key])
                complaints.push(`${name}: ${key} was ${String(known[key])}, is ${String(unit[key])}`);
        }
    }
    if (complaints.length > 0) {
        throw new RefusedError(
            `${expected.host.name}: edited on the node since the last look, so nothing was changed. Look at it, take it over into the stack if it is a fix, then run \`pulumi up --refresh\`:\n${complaints.join("\n")}`,
        );
    }
}

/** Paths that this push would be the first to write: what stands there nobody has seen yet. */
export function unseenPaths(expected: FileSetArgs, last: FileSetState | undefined): string[] {
    return expected.takeOver ? [] : Object.keys(expected.files).filter((path) => last?.files[path] === undefined);
}

/** A first push replaces what a package, the installer or Holdfast itself brought; somebody's own it shows, and stops. */
function refuseUnknownFiles(
    expected: FileSetArgs,
    changed: readonly string[],
    last: FileSetState | undefined,
    look: Look,
    secretFiles: ReadonlySet<string>,
): void {
    const unseen = new Set(unseenPaths(expected, last));
    const complaints = changed.flatMap((path) => {
        const seen = look.seen.files[path];
        if (!unseen.has(path) || seen?.kind !== "file" || look.origins?.[path] !== undefined) return [];
        const file = expected.files[path]!;
        if (!file.absent && !seen.binary && seen.content === file.content) return []; // only its mode or owner
        if (secretFiles.has(path)) return [`${path}: its content is secret, so look at it on the node`];
        if (file.absent || seen.binary) return [`${path}: ${seen.binary ? "is no UTF-8 text" : "would be removed"}`];
        return [describeReplacement(path, seen.content ?? "", file.content ?? "")];
    });
    if (complaints.length > 0)
        throw new RefusedError(
            `${expected.host.name}: a first push, and what stands there was brought by no package, no installer and not by Holdfast, so nothing was changed. Take over into the stack what should stay; then import it (\`pulumi import\` of ${expected.host.name}/${expected.concern}, docs/adopt.md), or set takeOver: true for the node: it is then replaced, and kept in /var/lib/holdfast/backups on it:\n${complaints.join("\n")}`,
        );
}

function describeReplacement(path: string, now: string, declared: string): string {
    const options = { context: 2, timeout: PATIENCE };
    const [from, to] = [`${path} (on the node)`, `${path} (declared)`];
    const patch = createTwoFilesPatch(from, to, now, declared, undefined, undefined, options);
    return patch?.replace(/^=+\n/, "") ?? `${path}: is another text altogether`;
}

function isSame(known: FileState, live: FileState): boolean {
    const apart = ["when", "yields", "content", "otherProgram"];
    const plain = (state: FileState) =>
        JSON.stringify(
            Object.entries(state)
                .filter(([key, value]) => !apart.includes(key) && value !== undefined && value !== false)
                .sort(),
        );
    return isSameText(known, live) && plain(known) === plain(live);
}

function describeEdit(path: string, known: FileState, live: FileState): string {
    if (known.otherProgram !== undefined && live.content !== undefined && !isSameText(known, live))
        return `${path}: was another version of Holdfast's own program, and is another text now`;
    if (known.content !== undefined && live.content !== undefined && known.content !== live.content) {
        const patch = createTwoFilesPatch(
            `${path} (last look)`,
            `${path} (now)`,
            known.content,
            live.content,
            undefined,
            undefined,
            { context: 2, timeout: PATIENCE },
        );
        return patch?.replace(/^=+\n/, "") ?? `${path}: is another text altogether`;
    }
    const describe = (state: FileState) =>
        state.instead ?? (state.absent ? "absent" : `mode ${state.mode}, owner ${state.owner}:${state.group}`);
    return `${path}: was ${describe(known)}, is ${describe(live)}`;
}

function refuseLints(expected: FileSetArgs, files: Readonly<Record<string, PlannedFile>>, look: Look): void {
    const context = { node: expected.node, facts: look.facts, sourced: look.sourced };
    const complaints = Object.entries(files).flatMap(([path, { content }]) =>
        content === undefined ? [] : lintWithFacts(path, content, context),
    );
    if (complaints.length > 0)
        throw new RefusedError(`${expected.host.name}: refused before anything was staged:\n${complaints.join("\n")}`);
}
