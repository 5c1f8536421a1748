/** For a terminal and a log: by node, then file, unit or fact. */
import { showControls } from "../../model/lint/controls";
import type { Change, DriftReport, NodeDrift, StackDrift } from "./report";

export function renderText(report: DriftReport): string {
    return report.stacks
        .flatMap((stack) => renderStack(stack, report.stacks.length > 1))
        .map((line) => `${showControls(line)}\n`)
        .join("");
}

function renderStack({ name, status, error, nodes }: StackDrift, titled: boolean): string[] {
    const found = nodes.filter((node) => node.status !== "clean").flatMap(renderNode);
    return [
        ...(titled ? [`${name}: ${status}`] : []),
        ...(error === undefined ? [] : [`error: ${error}`]),
        ...found,
        ...(error !== undefined && nodes.length === 0 ? [] : [tally(nodes)]),
    ];
}

function renderNode({ name, status, reason, underWay, changes }: NodeDrift): string[] {
    const label =
        underWay === true
            ? "could not tell"
            : { drift: "drift", unreachable: "could not be looked at", skipped: "skipped", clean: "clean" }[status];
    return [`${name}: ${label}${reason === undefined ? "" : `: ${reason}`}`, ...changes.flatMap(renderChange)];
}

function renderChange(change: Change): string[] {
    return [
        `  ${change.subject}: ${describeChange(change)}`,
        ...(change.diff?.split("\n") ?? []).map((line) => `    ${line}`),
    ];
}

/** `1 line added, 0 removed (written 2026-01-02 03:04:05Z, perhaps by root from 192.0.2.5)` */
export function describeChange({ summary, modified, by }: Change): string {
    if (modified === undefined) return summary;
    const when = modified.replace("T", " ").replace(/\.\d+Z$/, "Z");
    return `${summary} (written ${when}${by === undefined ? "" : `, perhaps by ${by}`})`;
}

/** `8 nodes: 6 clean, 1 drift, 1 unreachable` */
export function tally(nodes: readonly NodeDrift[]): string {
    const counts = (["clean", "drift", "unreachable", "skipped"] as const).map((status) => ({
        status,
        count: nodes.filter((node) => node.status === status).length,
    }));
    const parts = counts.filter(({ count }) => count > 0).map(({ status, count }) => `${count} ${status}`);
    return `${nodes.length} node${nodes.length === 1 ? "" : "s"}${parts.length > 0 ? `: ${parts.join(", ")}` : ""}`;
}
