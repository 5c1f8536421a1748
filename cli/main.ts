/** `holdfast`: the commands beside `pulumi`. Exit statuses are each command's own; 2 is bad usage. */
import { Command, CommanderError } from "commander";
import { registerAdopt } from "./adopt";
import { registerDrift } from "./drift";
import { registerLab } from "./lab";
import { registerLint } from "./lint";
import { registerPreview } from "./preview";
import { registerPublish } from "./publish";
import { registerReport } from "./report";

const program = new Command("holdfast")
    .description("Keeps Proxmox VE hypervisors bootable, reachable and watched.")
    .showHelpAfterError()
    .exitOverride();

registerLint(program);
registerAdopt(program);
registerPreview(program);
registerDrift(program);
registerReport(program);
registerPublish(program);
registerLab(program);

program.parseAsync().catch((error: unknown) => {
    if (error instanceof CommanderError) {
        process.exitCode = error.exitCode === 0 ? 0 : 2;
        return;
    }
    console.error(`holdfast: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
});
