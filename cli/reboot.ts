/** `holdfast reboot`: a reboot that proves itself, one node after the other. */
import { Option, type Command } from "commander";
import { wholeNumber } from "./options";
import type { RebootOptions } from "./reboot/options";

export function registerReboot(program: Command): void {
    program
        .command("reboot")
        .description(
            "reboot nodes one after the other, each proven before the next; exit status 0 all are back and proven, 2 refused or not back as it should be, 1 could not tell",
        )
        .argument("<node...>", "names of the stack's nodes, in the order they are rebooted")
        .option("--dry-run", "say what would happen, and do nothing", false)
        .addOption(
            new Option("--guests <what>", "what becomes of running guests")
                .choices(["shutdown", "migrate", "refuse"])
                .default("refuse"),
        )
        .addOption(
            new Option(
                "--kernel <which>",
                "new: the newest kernel for this boot only, and for good once it is proven",
            ).choices(["new"]),
        )
        .option("--stack <name>", "which stack (default: the selected one)")
        .addOption(
            new Option("--timeout <seconds>", "how long a node may take until it is back")
                .default(900)
                .argParser(wholeNumber(86_400)),
        )
        .addHelpText("after", "\nExample:\n  npx holdfast reboot pve01 pve02 --guests migrate")
        .action(async (nodes: string[], options: RebootOptions) => {
            // Loaded only here: no other command pays for it.
            const { runReboot } = await import("./reboot/run");
            process.exitCode = await runReboot(nodes, options, (text) => console.log(text));
        });
}
