/**
 * All commands of `holdfast`, not yet run: what main.ts parses with, and what help, completion and reference are made
 * from.
 */
import { Command } from "commander";
import { registerAdopt } from "./adopt";
import { registerChanges } from "./changes";
import { registerCompletion } from "./completion";
import { registerDashboard } from "./dashboard";
import { registerDrill } from "./drill";
import { registerDrift } from "./drift";
import { registerInit } from "./init";
import { registerLab } from "./lab";
import { registerLint } from "./lint";
import { version } from "./packageFile";
import { registerPreview } from "./preview";
import { registerReady } from "./ready";
import { registerPublish } from "./publish";
import { registerReboot } from "./reboot";
import { registerRedeploy } from "./redeploy";
import { registerRehearse } from "./rehearse";
import { registerReport } from "./report";
import { registerRestore } from "./restore";
import { registerRunbook } from "./runbook";

export function buildProgram(): Command {
    const program = new Command("holdfast")
        .description("Keeps Proxmox VE hypervisors bootable, reachable and watched.")
        .version(version, "-V, --version", "print the version")
        .showHelpAfterError("(add --help for the options and an example)")
        // For `lab ssh`, which leaves the options after the node to the command there.
        .enablePositionalOptions()
        .addHelpText("after", "\nExample:\n  npx holdfast adopt root@pve01 --stack paris --import import.json");
    for (const register of [
        registerInit,
        registerLint,
        registerAdopt,
        registerPreview,
        registerChanges,
        registerDrift,
        registerReport,
        registerReady,
        registerReboot,
        registerRehearse,
        registerPublish,
        registerDrill,
        registerRestore,
        registerRedeploy,
        registerRunbook,
        registerDashboard,
        registerLab,
        registerCompletion,
    ])
        register(program);
    // A subcommand copies these when it is made: those that exist already are told.
    for (const command of everyCommand(program))
        command.exitOverride().showHelpAfterError("(add --help for the options and an example)");
    return program;
}

/** The command itself, and every one below it. */
export function everyCommand(command: Command): Command[] {
    return [command, ...command.commands.flatMap(everyCommand)];
}
