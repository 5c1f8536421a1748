/** For a comment on an issue or a pull request: verdict first, then as many diffs as fit. */
import { showControls } from "../../model/text";
import { COMMENT_LIMIT, fenceAround } from "../comment";
import type { Change, DriftReport, NodeDrift } from "./report";
import { describeChange, tally } from "./text";

/** No single file may crowd out the others. */
const DIFF_LINES = 120;

const verdicts = { clean: "✅ No drift", drift: "⚠️ Drift", unknown: "❌ Could not tell" } as const;

export function renderMarkdown(report: DriftReport, limit = COMMENT_LIMIT): string {
    const titled = report.stacks.length > 1;
    const head = [
        `## ${verdicts[report.verdict]}`,
        "",
        ...report.stacks.flatMap(({ name, error, nodes }) => [
            `${titled ? `**${escape(name)}**: ` : ""}${tally(nodes)}${error === undefined ? "" : `. ${escape(error)}`}`,
            "",
        ]),
        ...table(report, titled),
    ].join("\n");
    const foot =
        "\n`pulumi preview --refresh --diff` shows the way back, `pulumi up --refresh` takes it. A change that should stay belongs into the stack.\n";
    const blocks = report.stacks.flatMap(({ name, nodes }) =>
        nodes.flatMap((node) =>
            node.changes.map((change) => block(titled ? `${name}: ${node.name}` : node.name, change)),
        ),
    );
    const { shown, left } = fit(blocks, limit - Math.min(head.length, limit) - foot.length - 200);
    const note =
        left > 0
            ? `\n${left} more ${left === 1 ? "change" : "changes"} not shown here: \`npx holdfast drift\` prints all of them.\n`
            : "";
    return cut(head, limit - foot.length - 200) + shown.join("") + note + (report.verdict === "clean" ? "" : foot);
}

/** Every node that is not clean, so that the list is whole where the diffs are cut. */
function table(report: DriftReport, titled: boolean): string[] {
    const rows = report.stacks.flatMap(({ name, nodes }) =>
        nodes
            .filter(({ status }) => status !== "clean")
            .map(
                (node) =>
                    `| ${titled ? `${cell(name)} | ` : ""}${cell(node.name)} | ${node.status} | ${cell(why(node))} |`,
            ),
    );
    if (rows.length === 0) return [];
    return [titled ? "| stack | node | | what |\n|---|---|---|---|" : "| node | | what |\n|---|---|---|", ...rows, ""];
}

function why({ reason, changes }: NodeDrift): string {
    return [...(reason === undefined ? [] : [reason]), ...changes.map(({ subject }) => subject)].join(", ");
}

function block(node: string, change: Change): string {
    const title = `**${escape(node)}** \`${code(change.subject)}\`: ${escape(describeChange(change))}`;
    if (change.diff === undefined) return `\n${title}\n`;
    const lines = showControls(change.diff).split("\n");
    const shown = lines.slice(0, DIFF_LINES).map((line) => (line.length > 400 ? `${line.slice(0, 399)}…` : line));
    const more = lines.length > DIFF_LINES ? `\n… ${lines.length - DIFF_LINES} more lines` : "";
    const fence = fenceAround(change.diff);
    return `\n<details><summary>${html(node)} ${html(change.subject)}: ${html(describeChange(change))}</summary>\n\n${fence}diff\n${shown.join("\n")}${more}\n${fence}\n\n</details>\n`;
}

function fit(blocks: readonly string[], room: number): { shown: string[]; left: number } {
    const shown: string[] = [];
    let used = 0;
    for (const each of blocks) {
        if (used + each.length > room) continue;
        used += each.length;
        shown.push(each);
    }
    return { shown, left: blocks.length - shown.length };
}

function cut(text: string, length: number): string {
    return text.length <= length ? text : `${text.slice(0, text.lastIndexOf("\n", length))}\n\n… the list was cut.\n`;
}

function escape(text: string): string {
    return html(text)
        .replace(/[\\`*_[\]|~#]/g, "\\$&")
        .replace(/\s*\n\s*/g, " ");
}

function cell(text: string): string {
    const escaped = escape(text);
    return escaped.length > 500 ? `${escaped.slice(0, 499)}…` : escaped;
}

function code(text: string): string {
    return showControls(text).replace(/[`\n]/g, " ");
}

function html(text: string): string {
    return showControls(text).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
