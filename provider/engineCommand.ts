/**
 * What the engine that started this plugin was asked for, where its command line tells: in a process for a look nothing
 * is written.
 */
import { readFileSync } from "node:fs";
import { basename } from "node:path";

/** Commands of pulumi that only look. An import reads. */
const LOOKS = new Set(["preview", "pre", "refresh", "import"]);
/** Pulumi's global flags that take their value as a word of its own. */
const WITH_VALUE = new Set([
    "-C",
    "--cwd",
    "--color",
    "-v",
    "--verbose",
    "--memprofilerate",
    "--profiling",
    "--tracing",
    "--tracing-header",
    "--otel-traces",
]);

/** The command's name where it is one that only looks: an `up`, and whatever is not known, may write. */
export function lookOf(commandLine: readonly string[]): string | undefined {
    const [program = "", ...words] = commandLine;
    if (!/^pulumi(\.exe)?$/.test(basename(program))) return undefined;
    for (let at = 0; at < words.length; at++) {
        const word = words[at]!;
        if (WITH_VALUE.has(word)) at++;
        else if (!word.startsWith("-")) return LOOKS.has(word) ? word : undefined;
    }
    return undefined;
}

/** Linux alone shows a process's command line; elsewhere nothing is known. */
export function commandLineOf(pid: number): string[] {
    try {
        return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").slice(0, -1);
    } catch {
        return [];
    }
}
