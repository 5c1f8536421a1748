/** Files of the project, and what would become of them. */
import { readFile } from "node:fs/promises";
import { lineDiff } from "../../model/contract/lineDiff";
import { showControls } from "../../model/lint/controls";

/** Seconds for finding what two files have in common. */
const PATIENCE = 3;

export async function readIfThere(file: string): Promise<string | undefined> {
    return readFile(file, "utf8").catch((error: unknown) => {
        if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
        throw error;
    });
}

/** A file that is there and would become another. */
export interface Difference {
    /** Relative to the project. */
    readonly path: string;
    readonly before: string;
    readonly after: string;
}

/** `-` what stands in the project, `+` what adopt would write there. */
export function renderDifferences(differences: readonly Difference[]): string {
    return differences
        .map(({ path, before, after }) => {
            const diff = lineDiff(before, after, { seconds: PATIENCE })?.diff ?? "another text altogether";
            return `${path}:\n${showControls(diff)
                .split("\n")
                .map((line) => `  ${line}\n`)
                .join("")}`;
        })
        .join("");
}
