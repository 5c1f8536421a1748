/** `holdfast report`: the fleet on one page, for people who do not live in a terminal. */
import { writeFile } from "node:fs/promises";
import { Option, type Command } from "commander";
import { timeLimit } from "./options";

export interface ReportOptions {
    /** By default standard output. */
    readonly output?: string;
    readonly stack?: string;
    readonly allStacks: boolean;
    /** Seconds; none by default. */
    readonly timeout?: number;
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
            const page = renderPage(report);
            if (options.output === undefined) process.stdout.write(page);
            else
                await writeFile(options.output, page).catch(async (error: unknown) => {
                    throw (await import("./notWritten")).notWritten(options.output!, error);
                });
            process.exitCode = exitStatus[report.verdict];
        });
}
