/** `holdfast`: the commands beside `pulumi`. Exit statuses are each command's own; 2 is bad usage. */
import { CommanderError } from "commander";
import { buildProgram } from "./program";

// Whoever reads our output may stop reading (`| head`): the work goes on, nobody is shown a stack trace.
for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
        if (error.code !== "EPIPE") throw error;
    });
}

buildProgram()
    .parseAsync()
    .catch((error: unknown) => {
        if (error instanceof CommanderError) {
            process.exitCode = error.exitCode === 0 ? 0 : 2;
            return;
        }
        console.error(`holdfast: ${error instanceof Error ? error.message : String(error)}`);
        process.exitCode = 1;
    });
