/**
 * The log of a run: `.holdfast/reboots/TIME.jsonl` in the project, a line for each step, written before the next
 * begins.
 */
import { appendFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";

export interface Journal {
    /** Where it stands, relative to the project. */
    readonly file: string;
    note(node: string, step: string, state: string, text: string): void;
}

export function openJournal(project = process.cwd()): Journal {
    const folder = join(".holdfast", "reboots");
    mkdirSync(join(project, folder), { recursive: true, mode: 0o700 });
    const file = join(folder, `${new Date().toISOString().replaceAll(":", "-")}.jsonl`);
    return {
        file,
        note: (node, step, state, text) => {
            const line = JSON.stringify({ at: new Date().toISOString(), node, step, state, text });
            appendFileSync(join(project, file), `${line}\n`, { mode: 0o600 });
        },
    };
}
