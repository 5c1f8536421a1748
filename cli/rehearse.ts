/** `holdfast rehearse`: the boot that a node would have, in a virtual machine, and with hardware that is missing. */
import { Option, type Command } from "commander";
import { wholeNumber } from "./options";
import type { RehearseOptions } from "./rehearse/options";

export function registerRehearse(program: Command): void {
    program
        .command("rehearse")
        .description(
            "boot in a virtual machine what a node would boot with, as it is and with hardware missing or added (Linux with QEMU, root); exit status 0 all boots reached multi-user and SSH, 2 one did not, 1 could not tell",
        )
        .argument("<node>", "name of one of the stack's nodes")
        .option(
            "--live",
            "the node's own system, kernel and initramfs, fetched over SSH, instead of what the stack plans",
            false,
        )
        .option("--case <name>", "only this case; may be given several times (--dry-run names them)", collect, [])
        .option("--dry-run", "say what would be booted, and boot nothing", false)
        .option("--json", "the result as JSON on standard output", false)
        .option("--stack <name>", "which stack (default: the selected one)")
        .addOption(
            new Option("--timeout <seconds>", "how long a boot may take").default(600).argParser(wholeNumber(86_400)),
        )
        .addOption(new Option("--memory <megabytes>", "of the machine").default(2048).argParser(wholeNumber(1_048_576)))
        .addOption(
            new Option("--max-fetch <megabytes>", "how much --live may fetch")
                .default(6144)
                .argParser(wholeNumber(1_048_576)),
        )
        .addHelpText("after", "\nExample:\n  npx holdfast rehearse pve01 --live")
        .action(async (node: string, options: RehearseOptions) => {
            // Loaded only here: no other command pays for it.
            const { runRehearse } = await import("./rehearse/run");
            process.exitCode = await runRehearse(node, options);
        });
}

function collect(value: string, before: readonly string[]): string[] {
    return [...before, value];
}
