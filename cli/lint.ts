/** `holdfast lint`: the lints of the preview, offline, for a pre-commit hook or a pull request. */
import type { Command } from "commander";

export interface LintOptions {
    /** `hosts`, `fstab`, `interfaces` or `smartd`; by default the file's name tells. */
    readonly kind?: string;
    /** `text` (the default), `json` or `github` (workflow commands, shown beside the lines of a pull request). */
    readonly format?: string;
}

export function registerLint(program: Command): void {
    program
        .command("lint")
        .description("check hosts, fstab, interfaces and smartd.conf files, offline")
        .argument("[files...]", "files to check; - reads standard input")
        .option("--kind <kind>", "hosts, fstab, interfaces or smartd (default: by the file's name)")
        .option("--format <format>", "text, json or github", "text")
        .addHelpText("after", "\nExample:\n  npx holdfast lint nodes/*/interfaces\n  ssh root@pve01 cat /etc/fstab | npx holdfast lint --kind fstab -")
        .action(async (files: string[], options: LintOptions) => {
            // Loaded only here: no other command pays for it.
            const { lintFiles } = await import("./lint/run");
            const { exitCode, stdout, stderr } = await lintFiles(files, options);
            process.stdout.write(stdout);
            process.stderr.write(stderr);
            process.exitCode = exitCode;
        });
}
