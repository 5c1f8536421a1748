/** `holdfast drift`: what on the nodes is no longer as declared, for people and for pipelines. */
import { Option, type Command } from "commander";
import { timeLimit } from "./options";
import type { DriftReport } from "./drift/report";

export interface DriftOptions {
    readonly format: "text" | "json" | "markdown";
    readonly stack?: string;
    readonly allStacks: boolean;
    /** File for the node-exporter's textfile collector. */
    readonly metrics?: string;
    /** Seconds; none by default. */
    readonly timeout?: number;
}

export function registerDrift(program: Command): void {
    program
        .command("drift")
        .description(
            "look at every node and print what is not as declared; exit status 0 none, 2 drift, 1 could not tell",
        )
        .addOption(
            new Option("--format <format>", "how to print it").choices(["text", "json", "markdown"]).default("text"),
        )
        .option("--stack <name>", "which stack (default: the selected one)")
        .addOption(
            new Option("--all-stacks", "every stack of the project, side by side").default(false).conflicts("stack"),
        )
        .option("--metrics <file>", "also write Prometheus metrics (node-exporter's textfile collector)")
        .addOption(timeLimit())
        .addHelpText("after", "\nExample:\n  npx holdfast drift --all-stacks --format markdown > comment.md")
        .action(async (options: DriftOptions) => {
            // Loaded only here: no other command pays for it.
            const { runDrift } = await import("./drift/run");
            const { exitStatus } = await import("./drift/report");
            const report = await runDrift(options);
            process.stdout.write(await render(report, options.format));
            process.exitCode = exitStatus[report.verdict];
            if (options.metrics === undefined) return;
            const { writeMetrics } = await import("./drift/metrics");
            await writeMetrics(options.metrics, report).catch((error: unknown) => {
                // What is known of the nodes stays known.
                console.error(`holdfast: ${(error as Error).message}`);
                process.exitCode ||= 1;
            });
        });
}

async function render(report: DriftReport, format: DriftOptions["format"]): Promise<string> {
    switch (format) {
        case "text":
            return (await import("./drift/text")).renderText(report);
        case "markdown":
            return (await import("./drift/markdown")).renderMarkdown(report);
        case "json":
            return `${JSON.stringify(report, undefined, 2)}\n`;
    }
}
