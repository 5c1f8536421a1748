/** `holdfast ready`: would the nodes survive a reboot now? */
import { Option, type Command } from "commander";

export interface ReadyOptions {
    readonly stack?: string;
    readonly format: "text" | "json";
    readonly verbose: boolean;
}

export function registerReady(program: Command): void {
    program
        .command("ready")
        .description(
            "ask the nodes whether they would survive a reboot now; exit status 0 they would, 2 one would not, 1 could not tell",
        )
        .argument("[nodes...]", "which (default: all of the stack)")
        .option("--stack <name>", "which stack (default: the selected one)")
        .addOption(new Option("--format <format>", "how to print it").choices(["text", "json"]).default("text"))
        .option("--verbose", "every check, not only what is wrong", false)
        .addHelpText("after", "\nExample:\n  npx holdfast ready pve01 pve02")
        .action(async (names: string[], options: ReadyOptions) => {
            // Loaded only here: no other command pays for it.
            const { askNodes, exitStatus, renderReady } = await import("./ready/run");
            const answers = await askNodes(names, options.stack);
            process.stdout.write(
                options.format === "json"
                    ? `${JSON.stringify(answers, undefined, 2)}\n`
                    : renderReady(answers, options.verbose),
            );
            process.exitCode = exitStatus(answers);
        });
}
