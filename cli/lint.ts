/** `holdfast lint`: the lints of the preview, offline, for a pre-commit hook or a pull request. */
import { Option, type Command } from "commander";
import { lintFormats, lintKinds, type LintOptions } from "./lint/options";

export function registerLint(program: Command): void {
    program
        .command("lint")
        .description("check hosts, fstab, interfaces and smartd.conf files, and stack files, offline")
        .argument("[files...]", "files to check; - reads standard input")
        .addOption(new Option("--kind <kind>", "what they are (default: by the file's name)").choices(lintKinds))
        .addOption(
            new Option("--format <format>", "how to print it; github notes it beside the lines of a pull request")
                .choices(lintFormats)
                .default("text"),
        )
        .addHelpText(
            "after",
            "\nExample:\n  npx holdfast lint Pulumi.*.yaml nodes/*/interfaces\n  ssh root@pve01 cat /etc/fstab | npx holdfast lint --kind fstab -",
        )
        .action(async (files: string[], options: LintOptions) => {
            // Loaded only here: no other command pays for it.
            const { lintFiles } = await import("./lint/run");
            const { exitCode, stdout, stderr } = await lintFiles(files, options);
            process.stdout.write(stdout);
            process.stderr.write(stderr);
            process.exitCode = exitCode;
        });
}
