/** `holdfast report`: the fleet on one page, for people who do not live in a terminal. */
import { writeFile } from "node:fs/promises";
import { Option, type Command } from "commander";
import { timeLimit } from "./options";
import type { ChartsOrReason } from "./report/page";

export interface ReportOptions {
    /** By default standard output. */
    readonly output?: string;
    readonly stack?: string;
    readonly allStacks: boolean;
    /** Seconds; none by default. */
    readonly timeout?: number;
    /** Address of a Prometheus, for the charts. */
    readonly prometheus?: string;
}

export function registerReport(program: Command): void {
    program
        .command("report")
        .description(
            "one self-contained HTML page: nodes by concerns, drift, what would stop the next boot; exit status as drift",
        )
        .option("-o, --output <file>", "where to write it (default: standard output)")
        .option("--stack <name>", "which stack (default: the selected one)")
        .addOption(new Option("--all-stacks", "every stack of the project").default(false).conflicts("stack"))
        .option(
            "--prometheus <url>",
            "draw the dashboard's panels of the last day, asked of this Prometheus: http://127.0.0.1:9090",
        )
        .addOption(timeLimit())
        .addHelpText("after", "\nExample:\n  npx holdfast report --all-stacks -o report.html")
        .action(async (options: ReportOptions) => {
            // Loaded only here: no other command pays for it.
            const [{ runDrift }, { exitStatus }, { renderPage }] = await Promise.all([
                import("./drift/run"),
                import("./drift/report"),
                import("./report/page"),
            ]);
            const report = await runDrift(options);
            const page = renderPage(
                report,
                options.prometheus === undefined ? undefined : await chartsOf(options.prometheus),
            );
            if (options.output === undefined) process.stdout.write(page);
            else
                await writeFile(options.output, page).catch(async (error: unknown) => {
                    throw (await import("./notWritten")).notWritten(options.output!, error);
                });
            process.exitCode = exitStatus[report.verdict];
        });
}

/** A Prometheus that cannot be asked keeps nobody from the rest of the page, which says so. */
async function chartsOf(address: string): Promise<ChartsOrReason> {
    const { readCharts } = await import("./report/prometheus");
    try {
        const { renderCharts } = await import("./report/charts");
        return { charts: renderCharts(await readCharts(address, Math.floor(Date.now() / 1000))) };
    } catch (error) {
        const reason = `no charts: ${(error as Error).message}`;
        process.stderr.write(`${reason}\n`);
        return { reason };
    }
}
