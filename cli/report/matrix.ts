/** Nodes by concerns: every cell says in words what its sign means. */
import { h, type ComponentChild } from "preact";
import { definitionOf, isConcern } from "../../components/table";
import type { Concern, NodeDrift, StackDrift } from "../drift/report";
import { timesOf } from "./backups";

/** Signs differ in shape, not only in colour. */
const signs = {
    clean: { sign: "✓", words: "as declared" },
    drift: { sign: "≠", words: "drift" },
    hazard: { sign: "!", words: "would not survive a reboot" },
    unreachable: { sign: "?", words: "could not be looked at" },
    skipped: { sign: "–", words: "skipped, under maintenance" },
} as const;

type Mark = keyof typeof signs;

export function anchorOf(stack: string, node: string): string {
    return `node-${stack}-${node}`.replace(/[^A-Za-z0-9_-]/g, "_");
}

/** @param checkedAt when the nodes were looked at: ages count from there */
export function renderMatrix({ name, nodes }: StackDrift, checkedAt: string): ComponentChild {
    const times = timesOf(nodes, checkedAt);
    const concerns = [...new Set(nodes.flatMap((node) => node.concerns.map((concern) => concern.name)))].sort();
    return h(
        "div",
        { class: "scroll", role: "region", "aria-label": `Nodes and concerns of ${name}`, tabIndex: 0 },
        h(
            "table",
            null,
            h("caption", null, `${nodes.length} node${nodes.length === 1 ? "" : "s"} by concern`),
            h(
                "thead",
                null,
                h(
                    "tr",
                    null,
                    h("th", { scope: "col" }, "Node"),
                    concerns.map((concern) => h("th", { scope: "col" }, concern)),
                    times.map(({ title }) => h("th", { scope: "col" }, title)),
                ),
            ),
            h(
                "tbody",
                null,
                nodes.map((node) =>
                    h(
                        "tr",
                        null,
                        h("th", { scope: "row" }, h("a", { href: `#${anchorOf(name, node.name)}` }, node.name)),
                        concerns.map((concern) => cell(node.concerns.find((each) => each.name === concern))),
                        times.map(({ of }) => {
                            const time = of(node.name);
                            return time ? h("td", { title: time.at }, time.age) : cell(undefined);
                        }),
                    ),
                ),
            ),
        ),
    );
}

export function renderLegend(): ComponentChild {
    return h(
        "ul",
        { class: "legend", "aria-label": "Legend" },
        Object.entries(signs).map(([mark, { sign, words }]) =>
            h("li", null, h("span", { class: `mark ${mark}`, "aria-hidden": "true" }, sign), ` ${words}`),
        ),
    );
}

/** The worst of a node's concerns, as a badge. */
export function renderBadge(node: NodeDrift): ComponentChild {
    const marks = [...node.concerns.map(markOf), node.status];
    return badge(
        (["hazard", "unreachable", "drift", "skipped", "clean"] as const).find((mark) => marks.includes(mark)) ??
            "clean",
    );
}

function cell(concern: Concern | undefined): ComponentChild {
    if (!concern) return h("td", { class: "none" }, h("span", { class: "hidden" }, "not declared"));
    const { sign, words } = signs[markOf(concern)];
    return h(
        "td",
        null,
        h("span", { class: `mark ${markOf(concern)}`, title: words, "aria-hidden": "true" }, sign),
        h("span", { class: "hidden" }, words),
    );
}

function badge(mark: Mark): ComponentChild {
    return h("span", { class: `badge ${mark}` }, `${signs[mark].sign} ${signs[mark].words}`);
}

function markOf({ name, status, hazards }: Concern): Mark {
    // What the node itself says of its next boot is no mere difference.
    if (status === "drift" && isConcern(name) && definitionOf(name).driftIsHazard) return "hazard";
    return hazards.some(({ severity }) => severity === "error") ? "hazard" : status;
}
