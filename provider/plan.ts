/** What an Update has to do: pure, from the expected inputs, the last known state and how the node stands. */
import { createHash } from "node:crypto";
import type { FileSetArgs } from "../model/contract/fileSet";
import { toConfirm } from "../host/confirmation";
import { identityOf, type Observation, type Plan, type PlannedFile } from "../host/observation";
import { RefusedError } from "./refused";
import { refuseLints, refuseUnknownFiles, refuseUnseenEdits } from "./refusals";
import type { FileSetState } from "./fileState";
import { named, type Standing } from "./standing";

/**
 * `last` is what state knew before this operation; without it (a first push) whatever stands is replaced and backed up.
 * Undefined where the node is as declared. Throws RefusedError.
 * @param client who does it, for the node's lock: `user@workstation`
 * @param secretFiles paths whose content, old or new, is never shown
 */
export function planUpdate(
    expected: FileSetArgs,
    last: FileSetState | undefined,
    standing: Standing,
    client: string,
    secretFiles: ReadonlySet<string> = new Set(),
): Plan | undefined {
    const { look, machine } = standing;
    const files = changedFiles(expected, standing, secretFiles);
    // Another machine has no edit since the last look: it gets a first push, which its new key in the stack has asked
    // for.
    if (last && machine !== "another") refuseUnseenEdits(expected, last, standing, secretFiles);
    if (machine !== "another") refuseUnknownFiles(expected, Object.keys(files), last, look, secretFiles);
    refuseLints(expected, files, look);
    const packages = (expected.packages ?? []).filter((name) => !look.seen.packages.includes(name));
    const units = Object.fromEntries(named("units", standing).map((name) => [name, expected.units![name]!]));
    const replaces = Object.keys(files).length > 0;
    if (!replaces && packages.length === 0 && Object.keys(units).length === 0) return undefined;
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
        ...(replaces && expected.confirm && { confirm: toConfirm(expected.confirm) }),
    };
}

/** The same work on the same node has the same name, so that a retry finds what became of it. */
function transactionId(expected: FileSetArgs, seen: Observation): string {
    const { facts: _facts, sourced: _sourced, ...observed } = seen;
    const { rollout: _rollout, ...work } = expected;
    const what = [expected.host.name, expected.concern, work, observed];
    return createHash("sha256").update(JSON.stringify(what)).digest("hex").slice(0, 16);
}

function changedFiles(
    expected: FileSetArgs,
    standing: Standing,
    secretFiles: ReadonlySet<string>,
): Record<string, PlannedFile> {
    const changed: Record<string, PlannedFile> = {};
    for (const path of named("files", standing)) {
        const file = expected.files[path]!;
        const live = standing.look.seen.files[path] ?? { kind: "absent" as const };
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
