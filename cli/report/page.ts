/**
 * The report: one HTML document that loads nothing and runs no script. Everything from a node goes through preact's
 * escaping.
 */
import { h, type ComponentChild } from "preact";
import { render } from "preact-render-to-string";
import { tally } from "../drift/text";
import type { DriftReport, NodeDrift, StackDrift } from "../drift/report";
import { cut, renderDetails, sizesOf } from "./details";
import { renderLegend, renderMatrix } from "./matrix";
import { nextSteps, wouldNotBoot, type NextStep } from "./nextSteps";
import { style } from "./style";

const verdicts = { clean: "No drift", drift: "Drift", unknown: "Could not tell" } as const;

/** The worst news first: what is known to be wrong does not wait for what nobody knows. */
function headline({ verdict, stacks }: DriftReport): { readonly text: string; readonly kind: string } {
    const nodes = stacks.flatMap((stack) => stack.nodes);
    const broken = nodes.filter(wouldNotBoot).length;
    const unseen = nodes.filter(({ status }) => status === "unreachable").length;
    const rest = verdict === "unknown" ? `; could not tell${unseen > 0 ? ` of ${unseen}` : " of all"}` : "";
    if (broken > 0)
        return {
            text: `${broken} ${broken === 1 ? "node" : "nodes"} would not survive a reboot${rest}`,
            kind: "hazard",
        };
    if (nodes.some(({ changes }) => changes.length > 0)) return { text: `Drift${rest}`, kind: "drift" };
    return { text: verdicts[verdict], kind: verdict };
}

/** Bytes: what a mail or a build's artifact takes without a second thought. */
const LIMIT = 1_000_000;

/** The charts as they are drawn, or why there are none. */
export type ChartsOrReason = { readonly charts: ComponentChild } | { readonly reason: string };

/** Every node is in it; what was found on them takes the room that is left. */
export function renderPage(report: DriftReport, drawn?: ChartsOrReason): string {
    const sizes = report.stacks.flatMap(({ nodes }) => nodes.flatMap(sizesOf));
    return renderWithin(evenShare(sizes, LIMIT - Buffer.byteLength(renderWithin(0, report, drawn))), report, drawn);
}

/**
 * The most that each may take: who needs less leaves the rest to the others, so that one large diff among few is whole.
 */
export function evenShare(sizes: readonly number[], total: number): number {
    let left = Math.max(0, total);
    for (const [index, size] of [...sizes].sort((a, b) => a - b).entries()) {
        const share = left / (sizes.length - index);
        if (size > share) return share;
        left -= size;
    }
    return Infinity;
}

function renderWithin(room: number, report: DriftReport, drawn?: ChartsOrReason): string {
    const { checkedAt, stacks } = report;
    const news = headline(report);
    const steps = nextSteps(report);
    const page = h(
        "html",
        { lang: "en" },
        h(
            "head",
            null,
            h("meta", { charSet: "utf-8" }),
            h("meta", { name: "viewport", content: "width=device-width, initial-scale=1" }),
            h("meta", {
                "http-equiv": "Content-Security-Policy",
                content: "default-src 'none'; style-src 'unsafe-inline'",
            }),
            h("title", null, `${news.text} · Holdfast report`),
            h("style", { dangerouslySetInnerHTML: { __html: style } }),
        ),
        h(
            "body",
            null,
            h(
                "main",
                null,
                h("h1", null, "Holdfast report"),
                h(
                    "div",
                    { class: `verdict ${news.kind}` },
                    h("strong", null, news.text),
                    stacks.map((stack) => h("p", null, `${stack.name}: ${tally(stack.nodes)}`)),
                    h(
                        "p",
                        null,
                        "Looked at ",
                        h("time", { dateTime: checkedAt }, `${checkedAt.slice(0, 16).replace("T", " ")} UTC`),
                    ),
                ),
                h("h2", null, "What to do next"),
                steps.length === 0
                    ? h("p", null, "Nothing: every node is as declared.")
                    : h("ol", { class: "next" }, steps.map(renderStep)),
                stacks.map((stack) => renderStack(stack, room, checkedAt)),
                drawn === undefined
                    ? null
                    : "charts" in drawn
                      ? drawn.charts
                      : h("p", { class: "unknown" }, drawn.reason),
            ),
        ),
    );
    return `<!DOCTYPE html>\n${render(page)}\n`;
}

function renderStep({ nodes, text, command }: NextStep): ComponentChild {
    const about = nodes.length > 8 ? `${nodes.slice(0, 8).join(", ")} and ${nodes.length - 8} more` : nodes.join(", ");
    return h(
        "li",
        null,
        about === "" ? null : [h("strong", null, about), ": "],
        cut(text, 2_000),
        command === undefined ? null : [" ", h("code", null, command)],
    );
}

function renderStack(stack: StackDrift, room: number, checkedAt: string): ComponentChild {
    return h(
        "section",
        { "aria-label": `Stack ${stack.name}` },
        h("h2", null, `Stack ${stack.name}`),
        stack.error === undefined ? null : h("p", { class: "unknown" }, cut(stack.error, 2_000)),
        stack.nodes.length === 0
            ? h("p", null, "No nodes were looked at.")
            : [renderMatrix(stack, checkedAt), renderLegend()],
        byUrgency(stack.nodes).map((node) => renderDetails(stack.name, node, room)),
    );
}

/** What needs a look comes first; within that, as in the matrix. */
function byUrgency(nodes: readonly NodeDrift[]): NodeDrift[] {
    const order = ["drift", "unreachable", "skipped", "clean"] as const;
    return [...nodes].sort((a, b) => order.indexOf(a.status) - order.indexOf(b.status));
}
