/** What a person reads of two texts: the hunks of a unified diff, without the two file headers. */
import { structuredPatch, type StructuredPatchHunk } from "diff";

interface LineDiff {
    /** Hunks with three lines of context; empty where the texts are the same. */
    readonly diff: string;
    readonly added: number;
    readonly removed: number;
}

/**
 * To find the fewest changes takes time with their square. What has to come out the same everywhere counts them, what
 * is shown may look at the clock.
 */
type Limit = { readonly mostLines: number } | { readonly seconds: number };

/** @returns undefined past the limit: two texts with little in common */
export function lineDiff(before: string, after: string, limit: Limit): LineDiff | undefined {
    const bound = "seconds" in limit ? { timeout: limit.seconds * 1000 } : { maxEditLength: limit.mostLines };
    const patch = structuredPatch("", "", before, after, undefined, undefined, { context: 3, ...bound });
    return patch && inLines(patch.hunks);
}

function inLines(hunks: readonly StructuredPatchHunk[]): LineDiff {
    const diff = hunks
        .map((hunk) =>
            [`@@ -${hunk.oldStart},${hunk.oldLines} +${hunk.newStart},${hunk.newLines} @@`, ...hunk.lines].join("\n"),
        )
        .join("\n");
    return { diff, ...countLines(diff) };
}

/** Of the hunks of a unified diff. */
export function countLines(diff: string): Pick<LineDiff, "added" | "removed"> {
    const all = diff.split("\n");
    return {
        added: all.filter((line) => line.startsWith("+")).length,
        removed: all.filter((line) => line.startsWith("-")).length,
    };
}
