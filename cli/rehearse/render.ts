/** The result in words, in JSON, and as an exit status. Pure. */
import { showControls } from "../../model/lint/controls";

export interface CaseResult {
    readonly case: string;
    readonly what: string;
    /** `unknown`: the rehearsal itself failed, or could not make the case. */
    readonly state: "reached" | "stuck" | "unknown";
    /** Until multi-user and SSH, or until nothing more came. */
    readonly seconds: number;
    /** Where it stuck, why it could not be told, or what is to be known of one that was reached. */
    readonly text: string;
    /** The console's last lines, of a boot that stuck. */
    readonly console: readonly string[];
    /** Units that failed on the way. */
    readonly failed: readonly string[];
}

export interface Rehearsal {
    readonly node: string;
    readonly source: "stack" | "live";
    /** `unknown`: nothing was booted. */
    readonly accelerator: "kvm" | "emulation" | "unknown";
    /** What is not as on the node. */
    readonly notes: readonly string[];
    readonly cases: readonly CaseResult[];
}

/** One that stuck wins: it is known. Nothing booted is no "yes". */
export function exitStatus(cases: readonly CaseResult[]): 0 | 1 | 2 {
    if (cases.some(({ state }) => state === "stuck")) return 2;
    return cases.length > 0 && cases.every(({ state }) => state === "reached") ? 0 : 1;
}

export function renderRow({ what, state, seconds, text, failed, console }: CaseResult, width: number): string {
    const words = { reached: "reached", stuck: "STUCK", unknown: "could not tell" };
    const first = `  ${what.padEnd(width)}  ${words[state]}${state === "unknown" ? "" : ` ${Math.round(seconds)} s`}${text === "" ? "" : `: ${text}`}`;
    const more = [...failed.map((line) => `failed: ${line}`), ...console.map((line) => `| ${line}`)];
    return [first, ...more.map((line) => `      ${line}`)].map((line) => showControls(line)).join("\n");
}

export function renderNotes(notes: readonly string[]): string {
    return notes.map((note) => `  not as on the node: ${showControls(note)}\n`).join("");
}
