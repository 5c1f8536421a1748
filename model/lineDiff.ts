/** What a person reads of two texts: the hunks of a unified diff, without the two file headers. */
import { structuredPatch, type StructuredPatchHunk } from "diff";

export interface LineDiff {
    /** Hunks with three lines of context; empty where the texts are the same. */
    readonly diff: string;
    readonly added: number;
    readonly removed: number;
}

export function lineDiff(before: string, after: string): LineDiff {
    return inLines(structuredPatch("", "", before, after, undefined, undefined, { context: 3 }).hunks);
}

/** @returns undefined where more than `most` lines differ: to find the fewest takes time with their square */
export function shortLineDiff(before: string, after: string, most: number): LineDiff | undefined {
    const patch = structuredPatch("", "", before, after, undefined, undefined, { context: 3, maxEditLength: most });
    return patch && inLines(patch.hunks);
}

function inLines(hunks: readonly StructuredPatchHunk[]): LineDiff {
    const diff = hunks.map((hunk) => [`@@ -${hunk.oldStart},${hunk.oldLines} +${hunk.newStart},${hunk.newLines} @@`, ...hunk.lines].join("\n")).join("\n");
    return { diff, ...countLines(diff) };
}

/** Of the hunks of a unified diff. */
export function countLines(diff: string): Pick<LineDiff, "added" | "removed"> {
    const all = diff.split("\n");
    return { added: all.filter((line) => line.startsWith("+")).length, removed: all.filter((line) => line.startsWith("-")).length };
}
