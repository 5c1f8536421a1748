/** The report: one HTML document that loads nothing and runs no script. Everything from a node goes through preact's escaping. */
import { h, type ComponentChild } from "preact";
import { render } from "preact-render-to-string";
import { tally } from "../drift/text";
import type { DriftReport, NodeDrift, StackDrift } from "../drift/report";
import { DiffBudget, renderDetails } from "./details";
import { renderLegend, renderMatrix } from "./matrix";
import { nextSteps, type NextStep } from "./nextSteps";
import { style } from "./style";

const verdicts = { clean: "No drift", drift: "Drift", unknown: "Could not tell" } as const;

export function renderPage(report: DriftReport): string {
    const { verdict, checkedAt, stacks } = report;
    const steps = nextSteps(report);
    const budget = new DiffBudget();
    const page = h("html", { lang: "en" },
        h("head", null,
            h("meta", { charSet: "utf-8" }),
            h("meta", { name: "viewport", content: "width=device-width, initial-scale=1" }),
            h("meta", { "http-equiv": "Content-Security-Policy", content: "default-src 'none'; style-src 'unsafe-inline'" }),
            h("title", null, `${verdicts[verdict]} · Holdfast report`),
            h("style", { dangerouslySetInnerHTML: { __html: style } }),
        ),
        h("body", null,
            h("main", null,
                h("h1", null, "Holdfast report"),
                h("div", { class: `verdict ${verdict}` }, h("strong", null, verdicts[verdict]), stacks.map((stack) => h("p", null, `${stack.name}: ${tally(stack.nodes)}`)), h("p", null, "Looked at ", h("time", { dateTime: checkedAt }, `${checkedAt.slice(0, 16).replace("T", " ")} UTC`))),
                h("h2", null, "What to do next"),
                steps.length === 0 ? h("p", null, "Nothing: every node is as declared.") : h("ol", { class: "next" }, steps.map(renderStep)),
                stacks.map((stack) => renderStack(stack, budget)),
            ),
        ),
    );
    return `<!DOCTYPE html>\n${render(page)}\n`;
}

function renderStep({ nodes, text, command }: NextStep): ComponentChild {
    const about = nodes.length > 8 ? `${nodes.slice(0, 8).join(", ")} and ${nodes.length - 8} more` : nodes.join(", ");
    return h("li", null, about === "" ? null : [h("strong", null, about), ": "], text, command === undefined ? null : [" ", h("code", null, command)]);
}

function renderStack(stack: StackDrift, budget: DiffBudget): ComponentChild {
    return h("section", { "aria-label": `Stack ${stack.name}` },
        h("h2", null, `Stack ${stack.name}`),
        stack.error === undefined ? null : h("p", { class: "unknown" }, stack.error),
        stack.nodes.length === 0 ? h("p", null, "No nodes were looked at.") : [renderMatrix(stack), renderLegend()],
        byUrgency(stack.nodes).map((node) => renderDetails(stack.name, node, budget)),
    );
}

/** What needs a look comes first; within that, as in the matrix. */
function byUrgency(nodes: readonly NodeDrift[]): NodeDrift[] {
    const order = ["drift", "unreachable", "skipped", "clean"] as const;
    return [...nodes].sort((a, b) => order.indexOf(a.status) - order.indexOf(b.status));
}
