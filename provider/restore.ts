/** The way back to what stood on a node before Holdfast: pure. */
import type { Look } from "../host/look";
import type { SeenFile } from "../host/observation";
import type { CommandArgs, FileSetArgs } from "../model/contract/fileSet";
import { compareFile } from "./compare";
import type { FileSetState } from "./fileState";
import { RefusedError } from "./refused";
import { fileStateOf } from "./state";

/**
 * The state before Holdfast as something to apply. Throws RefusedError where a live file is no longer what Holdfast
 * wrote.
 */
export function restoring(last: FileSetState, look: Look): FileSetArgs {
    const files = Object.entries(last.files).flatMap(([path, state]) => {
        const original = look.originals?.[path];
        if (!original || original.kind === "unit" || state.skipped) return [];
        const live = fileStateOf(state, look.seen.files[path]);
        if (live.skipped) return [];
        if (state.content !== undefined && compareFile([], live, state).length > 0)
            throw new RefusedError(
                `${path} has changed since Holdfast wrote it, so it is not restored; set onDelete: keep, or put it right first`,
            );
        return [[path, asExpected(path, original)] as const];
    });
    const units = Object.keys(last.units ?? {}).flatMap((name) => {
        const original = look.originals?.[name];
        if (original?.kind !== "unit") return [];
        const { kind: _kind, ...before } = original;
        return [[name, before] as const];
    });
    const { observed: _, machine: _machine, rollout, ...args } = last;
    const goes = new Set(files.flatMap(([path, file]) => ("absent" in file ? [path] : [])));
    const remaining = (commands: readonly CommandArgs[] = []) =>
        commands.filter(({ argv }) => !argv.some((word) => goes.has(word.replace(/^\{staged:(.*)\}$/, "$1"))));
    // The declared effect goes with the declaration: only that the files parse is still asked for.
    return {
        ...args,
        // A destroy has no waves: one restore after another holds it. Who waived the quorum waived it for this too.
        ...(rollout?.withoutQuorum && { rollout: { withoutQuorum: true } }),
        files: Object.fromEntries(files),
        validate: remaining(args.validate),
        activate: remaining(args.activate),
        verify: [],
        units: Object.fromEntries(units),
        packages: undefined,
        facts: undefined,
    };
}

function asExpected(path: string, original: SeenFile) {
    if (original.kind === "absent") return { absent: true, mode: "0644", owner: "root", group: "root" };
    if (original.secret && original.kind === "file")
        throw new RefusedError(
            `${path} is secret, so no backup is kept of what stood there before Holdfast, and it is not restored; put that there by hand if it is still wanted, and set onDelete: keep`,
        );
    if (original.binary)
        throw new RefusedError(
            `${path} was no UTF-8 text, so it is not restored; on the node, install -m ${original.mode} -o ${original.owner} -g ${original.group} /var/lib/holdfast/backups/${original.sha256} ${path}, then set onDelete: keep`,
        );
    if (original.content === undefined)
        throw new RefusedError(
            `the backup of ${path} is gone from /var/lib/holdfast/backups, so it is not restored; set onDelete: keep`,
        );
    return { content: original.content, mode: original.mode, owner: original.owner, group: original.group };
}
