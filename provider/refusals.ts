/** Why a plan is not made: what a push would overwrite unseen, and what the lints find. Each throws RefusedError. */
import { createTwoFilesPatch } from "diff";
import type { FileSetArgs } from "../model/contract/fileSet";
import type { PlannedFile } from "../host/observation";
import type { Look } from "../host/look";
import { isSameText } from "./compare";
import { lintWithFacts } from "./inputs";
import { RefusedError } from "./refused";
import type { FileSetState, FileState } from "./fileState";
import { named, type Standing } from "./standing";

/** Milliseconds for finding what a file's lines have in common: with their number it grows by its square. */
const PATIENCE = 1000;

/** What a preview showed is what an `up` does: whoever edited since is shown, never overwritten. */
export function refuseUnseenEdits(
    expected: FileSetArgs,
    last: FileSetState,
    standing: Standing,
    secretFiles: ReadonlySet<string>,
): void {
    const now = standing.state;
    const complaints = named("files", standing).flatMap((path) => {
        const known = last.files[path];
        const live = now.files[path]!;
        if (known === undefined || isSame(known, live)) return [];
        return [
            secretFiles.has(path)
                ? `${path}: was edited; its content is secret, so look at it on the node`
                : describeEdit(path, known, live),
        ];
    });
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

/**
 * A first push replaces what a package, the installer or Holdfast itself brought; somebody's own it shows, and stops.
 */
export function refuseUnknownFiles(
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
        return [patchOf(path, ["on the node", "declared"], seen.content ?? "", file.content ?? "")];
    });
    if (complaints.length > 0)
        throw new RefusedError(
            `${expected.host.name}: a first push, and what stands there was brought by no package, no installer and not by Holdfast, so nothing was changed. Take over into the stack what should stay; then import it (\`pulumi import\` of ${expected.host.name}/${expected.concern}, docs/adopt.md), or set takeOver: true for the node: it is then replaced, and kept in /var/lib/holdfast/backups on it:\n${complaints.join("\n")}`,
        );
}

/** @param labels of the two texts */
function patchOf(path: string, labels: readonly [string, string], from: string, to: string): string {
    const options = { context: 2, timeout: PATIENCE };
    const [before, after] = labels.map((label) => `${path} (${label})`) as [string, string];
    const patch = createTwoFilesPatch(before, after, from, to, undefined, undefined, options);
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
    if (known.content !== undefined && live.content !== undefined && known.content !== live.content)
        return patchOf(path, ["last look", "now"], known.content, live.content);
    const describe = (state: FileState) =>
        state.instead ?? (state.absent ? "absent" : `mode ${state.mode}, owner ${state.owner}:${state.group}`);
    return `${path}: was ${describe(known)}, is ${describe(live)}`;
}

export function refuseLints(expected: FileSetArgs, files: Readonly<Record<string, PlannedFile>>, look: Look): void {
    const context = { node: expected.node, facts: look.facts, sourced: look.sourced };
    const complaints = Object.entries(files).flatMap(([path, { content }]) =>
        content === undefined ? [] : lintWithFacts(path, content, context),
    );
    if (complaints.length > 0)
        throw new RefusedError(`${expected.host.name}: refused before anything was staged:\n${complaints.join("\n")}`);
}
