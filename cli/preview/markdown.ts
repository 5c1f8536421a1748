/** For a comment on a pull request: the verdict, what it was compared with, then as much of the diff as fits. */
import { showControls } from "../../model/lint/controls";
import { COMMENT_LIMIT, codeWord, fenceAround } from "../comment";

export interface PreviewOutput {
    /** The engine's own, without colours; it has masked the secrets. */
    readonly output: string;
    readonly succeeded: boolean;
    readonly stack?: string;
    readonly refresh: boolean;
    /** Of the first preview after an upgrade: what the changelog says of each file that changes. */
    readonly why?: string;
}

export function renderPreview(
    { output: raw, succeeded, stack, refresh, why }: PreviewOutput,
    limit = COMMENT_LIMIT,
): string {
    // With --refresh, and in an error, it quotes what stands on a node.
    const output = showControls(raw);
    const head = `## ${verdict(output, succeeded)}\n\n${stack === undefined ? "" : `Stack ${codeWord(stack)}. `}${comparedWith(refresh)}\n${why === undefined ? "" : `\n${showControls(why)}`}`;
    const lines = output.trim().split("\n").map(markLine);
    const fence = fenceAround(output);
    const [before, after] = [
        `\n<details${succeeded ? "" : " open"}><summary>Diff</summary>\n\n${fence}diff\n`,
        `\n${fence}\n\n</details>\n`,
    ];
    const { shown, left } = fit(lines, limit - head.length - before.length - after.length - 200);
    const note = left > 0 ? `\n${left} more lines: \`pulumi preview --diff\` prints all of them.\n` : "";
    return head + before + shown.join("\n") + after + note;
}

/** The counts are the engine's own, from the end of its output. */
function verdict(output: string, succeeded: boolean): string {
    if (!succeeded) return "❌ The preview failed";
    const [, counts = ""] = [...output.matchAll(/^Resources:\n((?: +.*\n?)+)/gm)].at(-1) ?? [];
    const changes = [...counts.matchAll(/^ +\S+ (\d+ to [a-z-]+)/gm)].map(([, change]) => change);
    return changes.length === 0 ? "✅ No changes" : `📝 ${changes.join(", ")}`;
}

function comparedWith(refresh: boolean): string {
    if (refresh) return "Compared with the live nodes.";
    return "Compared with the state of the last `up`; no node was contacted. What was changed on a node since then shows in the drift run, and `pulumi up` refuses to overwrite it unseen.";
}

/** The sign to the front of the line, where a `diff` block is coloured by it. */
function markLine(line: string): string {
    return line.replace(/^( +)([+-]) /, "$2$1 ");
}

function fit(lines: readonly string[], room: number): { shown: string[]; left: number } {
    const shown: string[] = [];
    let used = 0;
    for (const line of lines) {
        used += line.length + 1;
        if (used > room) break;
        shown.push(line);
    }
    return { shown, left: lines.length - shown.length };
}
