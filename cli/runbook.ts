/** `holdfast runbook`: what to do when a node does not come up, as a page for each. */
import type { Command } from "commander";
import type { RunbookOptions } from "./runbook/options";

export function registerRunbook(program: Command): void {
    program
        .command("runbook")
        .description(
            "write a page for each node, what to do when it does not come up, from the stack's config and state: no node is asked. To print, and to commit",
        )
        .argument("[nodes...]", "which (default: all of the stack)")
        .option("-o, --output <folder>", "where to", "runbook")
        .option("--stack <name>", "which stack (default: the selected one)")
        .addHelpText("after", "\nExample:\n  npx holdfast runbook pve01 --stack prod -o /mnt/stick")
        .action(async (names: string[], options: RunbookOptions) => {
            // Loaded only here: no other command pays for it.
            const { writeRunbooks } = await import("./runbook/run");
            for (const line of await writeRunbooks(names, options)) console.log(line);
        });
}
