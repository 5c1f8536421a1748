/** Prometheus text for the node-exporter's textfile collector or a Pushgateway. */
import { chmod, rename, rm, writeFile } from "node:fs/promises";
import { Gauge, Registry } from "prom-client";
import { notWritten } from "../notWritten";
import type { DriftReport } from "./report";

const statuses = ["clean", "drift", "unreachable", "skipped"] as const;

export function renderMetrics({ stacks, checkedAt }: DriftReport): Promise<string> {
    const registry = new Registry();
    const gauge = <Label extends string>(name: string, help: string, ...labelNames: Label[]) =>
        new Gauge({ name: `holdfast_drift_${name}`, help, labelNames, registers: [registry] });
    const found = "Whether the last drift run found the node in this status.";
    const inStatus = gauge("node", found, "stack", "node", "status");
    const changes = gauge("changes", "Files, units, packages and facts that are not as declared.", "stack", "node");
    const isWhole = gauge("stack_ok", "Whether the last drift run could look at the whole stack.", "stack");
    const lastRun = gauge("last_run_timestamp_seconds", "When the last drift run began.");
    for (const { name: stack, status: verdict, nodes } of stacks) {
        for (const { name: node, status: found, changes: differences } of nodes) {
            for (const status of statuses) inStatus.set({ stack, node, status }, found === status ? 1 : 0);
            changes.set({ stack, node }, differences.length);
        }
        isWhole.set({ stack }, verdict === "unknown" ? 0 : 1);
    }
    lastRun.set(Date.parse(checkedAt) / 1000);
    return registry.metrics();
}

/**
 * Renamed into place and readable by all: the collector must never see half a file.
 * @throws Error that says what to do
 */
export async function writeMetrics(file: string, report: DriftReport): Promise<void> {
    const draft = `${file}.${process.pid}.tmp`;
    try {
        await writeFile(draft, await renderMetrics(report));
        await chmod(draft, 0o644); // whatever the umask
        await rename(draft, file);
    } catch (error) {
        await rm(draft, { force: true }).catch(() => undefined); // the first error is the one to tell
        throw notWritten(file, error);
    }
}
