/** `holdfast init`: a project of one's own, which depends on the package and holds nothing but what is the user's. */
import { Option, type Command } from "commander";
import { forges, type InitOptions } from "./init/options";

export function registerInit(program: Command): void {
    program
        .command("init")
        .description("make a small project that depends on this package; overwrites nothing")
        .argument("<folder>", "where; it may be there already")
        .option("--name <name>", "name of the Pulumi project (default: the folder's)")
        .addOption(
            new Option("--forge <forge>", "workflows for lint, preview and drift").choices(forges).default("github"),
        )
        .option(
            "--package <spec>",
            "what package.json asks for: a version or range, or a tarball, which is kept in vendor/ (default: this version)",
        )
        .addHelpText("after", "\nExample:\n  npx holdfast init paris --forge gitlab")
        .action(async (folder: string, options: InitOptions) => {
            // Loaded only here: no other command pays for it.
            const { init } = await import("./init/run");
            process.stdout.write(await init(folder, options));
        });
}
