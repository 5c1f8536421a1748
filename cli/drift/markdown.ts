/** For a comment on an issue or a pull request: verdict first, then as many diffs as fit. */
import { showControls } from "../../model/lint/controls";
import { COMMENT_LIMIT, codeWord, fenced, UNDER_WAY } from "../comment";
import { isUnderWay, type Change, type DriftReport, type NodeDrift } from "./report";
import { describeChange, tally } from "./text";

/** No single file may crowd out the others. */
const DIFF_LINES = 120;

const verdicts = { clean: "✅ No drift", drift: "⚠️ Drift", unknown: "❌ Could not tell" } as const;

/** Of a node's reason and of each line of a list. */
const LINE = 500;

/**
 * What a node says stands inside a fence alone: everything outside of one is ours, or a name that the stack declares.
 */
export function renderMarkdown(report: DriftReport, limit = COMMENT_LIMIT): string {
    const titled = report.stacks.length > 1;
    const head = [
        `## ${isUnderWay(report) ? "⏳ An update is under way" : verdicts[report.verdict]}`,
        "",
        ...report.stacks.flatMap(({ name, error, nodes }) => [
            `${titled ? `${codeWord(name)}: ` : ""}${tally(nodes)}`,
            "",
            ...(error === undefined ? [] : [fenced(shorten(error, report.stacks.length > 20 ? LINE : 4 * LINE))]),
        ]),
        ...table(report, titled),
    ].join("\n");
    const foot =
        "\n`pulumi preview --refresh --diff` shows the way back, `pulumi up --refresh` takes it. A change that should stay belongs into the stack.\n";
    const found = report.stacks.flatMap(({ name, nodes }) =>
        nodes
            .filter(({ status }) => status !== "clean")
            .map((node) => ({ node, title: titled ? `${name}: ${node.name}` : node.name })),
    );
    // The lists first: they name everything, where the diffs are cut.
    const lists = found.map(({ node, title }) => ({ text: list(title, node), changes: node.changes.length }));
    const diffs = found.flatMap(({ node, title }) =>
        node.changes
            .filter(({ diff }) => diff !== undefined)
            .map((change) => ({ text: diffOf(title, change), changes: 1 })),
    );
    const { shown, left } = fit([...lists, ...diffs], limit - Math.min(head.length, limit) - foot.length - 200);
    const note =
        left > 0
            ? `\n${left} more ${left === 1 ? "change" : "changes"} not shown here: \`npx holdfast drift\` prints all of them.\n`
            : "";
    const body = cut(head, limit - foot.length - 200) + shown.join("") + note;
    // The way back is no advice while somebody is at work.
    if (isUnderWay(report)) return `${body}\n${UNDER_WAY}\n`;
    return body + (report.verdict === "clean" ? "" : foot);
}

/** Every node that is not clean, so that the list is whole where the rest is cut. */
function table(report: DriftReport, titled: boolean): string[] {
    const rows = report.stacks.flatMap(({ name, nodes }) =>
        nodes
            .filter(({ status }) => status !== "clean")
            .map(
                (node) =>
                    `| ${titled ? `${codeWord(name)} | ` : ""}${codeWord(node.name)} | ${node.status} | ${what(node)} |`,
            ),
    );
    if (rows.length === 0) return [];
    return [titled ? "| stack | node | | what |\n|---|---|---|---|" : "| node | | what |\n|---|---|---|", ...rows, ""];
}

function what({ changes }: NodeDrift): string {
    const subjects = changes.slice(0, 5).map(({ subject }) => codeWord(shorten(subject, 120)));
    return [...subjects, ...(changes.length > 5 ? [`${changes.length - 5} more`] : [])].join(", ");
}

function list(title: string, { reason, changes }: NodeDrift): string {
    const lines = [
        ...(reason === undefined ? [] : [reason]),
        ...changes.map((change) => `${change.subject}: ${describeChange(change)}`),
    ].map((line) => shorten(line.replace(/\s*\n\s*/g, " "), LINE));
    const more = lines.length > DIFF_LINES ? `\n… ${lines.length - DIFF_LINES} more lines` : "";
    return `\n${codeWord(title)}\n${fenced(lines.slice(0, DIFF_LINES).join("\n") + more)}`;
}

function diffOf(title: string, { subject, diff = "" }: Change): string {
    const lines = diff.split("\n");
    const shown = lines.slice(0, DIFF_LINES).map((line) => shorten(line, 400));
    const more = lines.length > DIFF_LINES ? `\n… ${lines.length - DIFF_LINES} more lines` : "";
    return `\n<details><summary><code>${html(`${title} ${subject}`)}</code></summary>\n\n${fenced(shown.join("\n") + more, "diff")}\n</details>\n`;
}

/** @returns what there is room for, and how many changes are in no block that is shown */
function fit(
    blocks: readonly { readonly text: string; readonly changes: number }[],
    room: number,
): { shown: string[]; left: number } {
    const shown: string[] = [];
    let [used, left] = [0, 0];
    for (const { text, changes } of blocks) {
        if (used + text.length > room) left += changes;
        else {
            used += text.length;
            shown.push(text);
        }
    }
    return { shown, left };
}

function cut(text: string, length: number): string {
    return text.length <= length ? text : `${text.slice(0, text.lastIndexOf("\n", length))}\n\n… the list was cut.\n`;
}

function shorten(text: string, length: number): string {
    return text.length > length ? `${text.slice(0, length - 1)}…` : text;
}

/** Inside `<code>`, where a mention is dead; its other signs are taken from the page's own markup. */
function html(text: string): string {
    return showControls(text).replace(/[&<>"'`@:\n]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
