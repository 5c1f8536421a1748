/** Prometheus text for the node-exporter's textfile collector or a Pushgateway. */
import { chmod, rename, rm, writeFile } from "node:fs/promises";
import { notWritten } from "../notWritten";
import type { DriftReport } from "./report";

const statuses = ["clean", "drift", "unreachable", "skipped"] as const;

export function renderMetrics({ stacks, checkedAt }: DriftReport): string {
    const nodes = stacks.flatMap((stack) => stack.nodes.map((node) => ({ stack: stack.name, node })));
    return [
        "# HELP holdfast_drift_node Whether the last drift run found the node in this status.",
        "# TYPE holdfast_drift_node gauge",
        ...nodes.flatMap(({ stack, node }) =>
            statuses.map(
                (status) =>
                    `holdfast_drift_node${labels({ stack, node: node.name, status })} ${node.status === status ? 1 : 0}`,
            ),
        ),
        "# HELP holdfast_drift_changes Files, units, packages and facts that are not as declared.",
        "# TYPE holdfast_drift_changes gauge",
        ...nodes.map(
            ({ stack, node }) => `holdfast_drift_changes${labels({ stack, node: node.name })} ${node.changes.length}`,
        ),
        "# HELP holdfast_drift_stack_ok Whether the last drift run could look at the whole stack.",
        "# TYPE holdfast_drift_stack_ok gauge",
        ...stacks.map(
            ({ name, status }) => `holdfast_drift_stack_ok${labels({ stack: name })} ${status === "unknown" ? 0 : 1}`,
        ),
        "# HELP holdfast_drift_last_run_timestamp_seconds When the last drift run began.",
        "# TYPE holdfast_drift_last_run_timestamp_seconds gauge",
        `holdfast_drift_last_run_timestamp_seconds ${Date.parse(checkedAt) / 1000}`,
        "",
    ].join("\n");
}

/**
 * Renamed into place and readable by all: the collector must never see half a file.
 * @throws Error that says what to do
 */
export async function writeMetrics(file: string, report: DriftReport): Promise<void> {
    const draft = `${file}.${process.pid}.tmp`;
    try {
        await writeFile(draft, renderMetrics(report));
        await chmod(draft, 0o644); // whatever the umask
        await rename(draft, file);
    } catch (error) {
        await rm(draft, { force: true }).catch(() => undefined); // the first error is the one to tell
        throw notWritten(file, error);
    }
}

function labels(values: Readonly<Record<string, string>>): string {
    const pairs = Object.entries(values).map(
        ([name, value]) => `${name}="${value.replace(/[\\"]/g, "\\$&").replaceAll("\n", "\\n")}"`,
    );
    return `{${pairs.join(",")}}`;
}
