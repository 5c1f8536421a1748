/** `holdfast drill`: a node's newest backup restored on trial, now. */
import type { Command } from "commander";
import { addPlace, nodeName } from "./restore";
import type { DrillOptions } from "./restore/drill";

export function registerDrill(program: Command): void {
    const drill = program
        .command("drill")
        .description(
            "restore newest backups on trial, each on the node that the stack gives it to: exit status 0 the restore equals the manifest, 2 one differs, 1 one could not be told",
        )
        .argument("[node...]", "whose backups (default: those of every node)", addName)
        .option("--on <machine>", "restore them there instead; works without pulumi", nodeName);
    addPlace(drill)
        .addHelpText("after", "\nExample:\n  npx holdfast drill pve01 --stack prod")
        .action(async (nodes: string[], options: DrillOptions) => {
            if (options.host !== undefined && options.on === undefined)
                drill.error(
                    "error: option '--host <destination>' says how --on's machine is reached: add --on <machine>",
                );
            const { runDrill } = await import("./restore/drill");
            process.exitCode = await runDrill(nodes, options);
        });
}

function addName(name: string, before: readonly string[] | undefined): readonly string[] {
    return [...(before ?? []), nodeName(name)];
}
