/** One node: its hazards, its changes with their diffs folded, and what was seen. */
import { h, type ComponentChild } from "preact";
import type { Change, Hazard, NodeDrift } from "../drift/report";
import { describeChange } from "../drift/text";
import { anchorOf, renderBadge } from "./matrix";

/** Lines of one diff that are shown; `holdfast drift` prints all of them. */
const DIFF_LINES = 200;
const LINE_LENGTH = 500;

/** Characters of diff text in the whole page, so that it stays small where everything differs. */
export class DiffBudget {
    constructor(private left = 500_000) {}

    take(lines: readonly string[]): readonly string[] {
        const shown = lines.slice(0, DIFF_LINES).map((line) => (line.length > LINE_LENGTH ? `${line.slice(0, LINE_LENGTH)}…` : line));
        const size = shown.reduce((sum, line) => sum + line.length + 30, 0);
        if (size > this.left) return [];
        this.left -= size;
        return shown;
    }
}

export function renderDetails(stack: string, node: NodeDrift, budget: DiffBudget): ComponentChild {
    const { name, status, reason, changes, concerns } = node;
    const hazards = concerns.flatMap((concern) => concern.hazards);
    const facts = concerns.flatMap((concern) => Object.entries(concern.facts));
    return h("section", { id: anchorOf(stack, name), class: "node", "aria-labelledby": `${anchorOf(stack, name)}-title` },
        h("h3", { id: `${anchorOf(stack, name)}-title` }, name, " ", renderBadge(node)),
        reason === undefined || status === "clean" ? null : h("p", null, reason),
        hazards.length > 0 ? h("ul", { class: "hazards" }, hazards.map(renderHazard)) : null,
        changes.map((change) => renderChange(change, budget)),
        facts.length > 0 ? h("details", null, h("summary", null, `What was seen on ${name}`), h("dl", null, facts.map(([fact, value]) => [h("dt", null, fact), h("dd", null, value)]))) : null,
    );
}

function renderHazard({ file, line, severity, rule, message }: Hazard): ComponentChild {
    return h("li", null, h("strong", { class: severity === "error" ? "hazard" : "warning" }, severity), " ", h("code", null, `${file}:${line}`), ` ${message} `, h("span", { class: "rule" }, `[${rule}]`));
}

function renderChange(change: Change, budget: DiffBudget): ComponentChild {
    const title = [h("code", null, change.subject), ` ${describeChange(change)}`];
    if (change.diff === undefined) return h("p", { class: "change" }, title);
    const lines = change.diff.split("\n");
    const shown = budget.take(lines);
    const left = lines.length - shown.length;
    return h("details", { class: "change" },
        h("summary", null, title),
        h("pre", { tabIndex: 0, role: "region", "aria-label": `Difference of ${change.subject}` }, shown.map(renderLine), left > 0 ? `… ${left} more lines: npx holdfast drift prints them` : null),
    );
}

function renderLine(line: string): ComponentChild {
    if (line.startsWith("+")) return h("ins", null, `${line}\n`);
    if (line.startsWith("-")) return h("del", null, `${line}\n`);
    return line.startsWith("@@") ? h("span", { class: "hunk" }, `${line}\n`) : `${line}\n`;
}
