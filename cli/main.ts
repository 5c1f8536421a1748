/** `holdfast`: the commands beside `pulumi`. Exit statuses are each command's own; 2 is bad usage. */
import { CommanderError } from "commander";
import { buildProgram } from "./program";

buildProgram().parseAsync().catch((error: unknown) => {
    if (error instanceof CommanderError) {
        process.exitCode = error.exitCode === 0 ? 0 : 2;
        return;
    }
    console.error(`holdfast: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
});
