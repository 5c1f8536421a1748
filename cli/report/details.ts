/** One node: its hazards, its changes with their diffs folded, and what was seen; what does not fit is counted. */
import { Fragment, h, type ComponentChild } from "preact";
import { render } from "preact-render-to-string";
import type { Change, Hazard, NodeDrift } from "../drift/report";
import { describeChange } from "../drift/text";
import { anchorOf, renderBadge } from "./matrix";

/** Lines of one diff that are shown at most. */
const DIFF_LINES = 200;
/** Characters of a line, a message, a value. */
const LINE_LENGTH = 500;

/** Bytes that one node's hazards, its changes or its facts may take. */
class Room {
    constructor(private left: number) {}

    /** As many as fit, from the first; nothing more once one did not. */
    take<T extends ComponentChild>(items: readonly T[]): readonly T[] {
        const end = items.findIndex((item) => (this.left -= sizeOf(item)) < 0);
        return end === -1 ? items : items.slice(0, end);
    }
}

/** @param room bytes for each of its hazards, changes and facts */
export function renderDetails(stack: string, node: NodeDrift, room: number): ComponentChild {
    const { name, status, reason } = node;
    return h(
        "section",
        { id: anchorOf(stack, name), class: "node", "aria-labelledby": `${anchorOf(stack, name)}-title` },
        h("h3", { id: `${anchorOf(stack, name)}-title` }, name, " ", renderBadge(node)),
        reason === undefined || status === "clean" ? null : h("p", null, cut(reason, 2_000)),
        renderHazards(hazardsOf(node), new Room(room)),
        renderChanges(node.changes, new Room(room)),
        renderFacts(name, factsOf(node), new Room(room)),
    );
}

/** Bytes of a node's hazards, changes and facts, were they all shown. */
export function sizesOf(node: NodeDrift): number[] {
    const changes = node.changes.flatMap((change) => [renderChange(change, []), ...linesOf(change)]);
    return [hazardsOf(node).map(renderHazard), changes, factsOf(node).map(renderFact)].map((items) =>
        items.reduce<number>((sum, item) => sum + sizeOf(item), 0),
    );
}

export function cut(text: string, length = LINE_LENGTH): string {
    return text.length > length ? `${text.slice(0, length)}…` : text;
}

function sizeOf(item: ComponentChild): number {
    return Buffer.byteLength(render(h(Fragment, null, item)));
}

/** Errors first: they are not what is left out. */
function hazardsOf({ concerns }: NodeDrift): Hazard[] {
    const hazards = concerns.flatMap((concern) => concern.hazards);
    return [
        ...hazards.filter(({ severity }) => severity === "error"),
        ...hazards.filter(({ severity }) => severity !== "error"),
    ];
}

function factsOf({ concerns }: NodeDrift): [string, string][] {
    return concerns.flatMap((concern) => Object.entries(concern.facts));
}

function renderHazards(hazards: readonly Hazard[], room: Room): ComponentChild {
    if (hazards.length === 0) return null;
    const shown = room.take(hazards.map(renderHazard));
    const left = hazards.length - shown.length;
    return h(
        "ul",
        { class: "hazards" },
        shown,
        left > 0 ? h("li", null, `… ${count(left, "hazard")}: npx holdfast drift --format json has them`) : null,
    );
}

function renderHazard({ file, line, severity, rule, message }: Hazard): ComponentChild {
    return h(
        "li",
        null,
        h("strong", { class: severity === "error" ? "hazard" : "warning" }, severity),
        " ",
        h("code", null, `${cut(file)}:${line}`),
        ` ${cut(message)} `,
        h("span", { class: "rule" }, `[${rule}]`),
    );
}

function renderFacts(node: string, facts: readonly [string, string][], room: Room): ComponentChild {
    if (facts.length === 0) return null;
    const shown = room.take(facts.map(renderFact));
    const left = facts.length - shown.length;
    return h(
        "details",
        null,
        h("summary", null, `What was seen on ${node}`),
        h(
            "dl",
            null,
            shown,
            left > 0 ? renderFact(["…", `${count(left, "fact")}: npx holdfast drift --format json has them`]) : null,
        ),
    );
}

function renderFact([fact, value]: readonly [string, string]): ComponentChild {
    return h(Fragment, null, h("dt", null, cut(fact)), h("dd", null, cut(value)));
}

/** What changed comes before how: the lines of one diff take nothing from the other changes' titles. */
function renderChanges(changes: readonly Change[], room: Room): ComponentChild {
    const titles = room.take(changes.map((change) => renderChange(change, [])));
    const left = changes.length - titles.length;
    return [
        changes.slice(0, titles.length).map((change) => renderChange(change, room.take(linesOf(change)))),
        left > 0 ? h("p", { class: "change" }, `… ${count(left, "change")}: npx holdfast drift prints them`) : null,
    ];
}

function renderChange(change: Change, shown: readonly ComponentChild[]): ComponentChild {
    const title = [h("code", null, cut(change.subject)), ` ${cut(describeChange(change))}`];
    if (change.diff === undefined) return h("p", { class: "change" }, title);
    const left = change.diff.split("\n").length - shown.length;
    return h(
        "details",
        { class: "change" },
        h("summary", null, title),
        h(
            "pre",
            { tabIndex: 0, role: "region", "aria-label": `Difference of ${cut(change.subject)}` },
            shown,
            left > 0 ? `… ${count(left, "line")}: npx holdfast drift prints them` : null,
        ),
    );
}

function linesOf({ diff }: Change): ComponentChild[] {
    return diff === undefined
        ? []
        : diff
              .split("\n")
              .slice(0, DIFF_LINES)
              .map((line) => renderLine(cut(line)));
}

function renderLine(line: string): ComponentChild {
    if (line.startsWith("+")) return h("ins", null, `${line}\n`);
    if (line.startsWith("-")) return h("del", null, `${line}\n`);
    return line.startsWith("@@") ? h("span", { class: "hunk" }, `${line}\n`) : `${line}\n`;
}

function count(left: number, noun: string): string {
    return `${left} more ${noun}${left === 1 ? "" : "s"}`;
}
