/** `holdfast preview`: the engine's preview, as a comment for a pull request. */
import { Option, type Command } from "commander";
import { timeLimit } from "./options";
import type { PreviewOptions } from "./preview/options";

export function registerPreview(program: Command): void {
    program
        .command("preview")
        .description(
            "what `pulumi up` would change, line by line; exit status 0, or 1 where a lint or the engine refuses it",
        )
        .addOption(new Option("--format <format>", "how to print it").choices(["text", "markdown"]).default("text"))
        .option("--stack <name>", "which stack (default: the selected one)")
        .option("--refresh", "look at the nodes first; without it no node is contacted", false)
        .addOption(timeLimit())
        .addHelpText("after", "\nExample:\n  npx holdfast preview --stack prod --format markdown > preview.md")
        .action(async (options: PreviewOptions) => {
            // Loaded only here: no other command pays for it.
            const { preview } = await import("./preview/run");
            const { exitCode, text } = await preview(options);
            process.stdout.write(text);
            process.exitCode = exitCode;
        });
}
