/** `holdfast changes`: what an upgrade brings, in the changelog's own sentences. */
import type { Command } from "commander";

export function registerChanges(program: Command): void {
    program
        .command("changes")
        .description(
            "what is new since the version of the stack's last `up`: the changelog, what reaches the nodes first",
        )
        .option("--stack <name>", "which stack (default: the selected one)")
        .option("--from <version>", "since this version, without asking a stack")
        .addHelpText("after", "\nExample:\n  npx holdfast changes --stack prod")
        .action(async (options: { readonly stack?: string; readonly from?: string }) => {
            const { changes } = await import("./changes/run");
            process.stdout.write(await changes(options));
        });
}
