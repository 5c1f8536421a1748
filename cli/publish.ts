/** `holdfast publish`: a report of ours onto GitHub or GitLab, once: what is there already is updated. */
import { readFile } from "node:fs/promises";
import { InvalidArgumentError, type Command } from "commander";
import type { CommentOptions, IssueOptions } from "./publish/options";

export function registerPublish(program: Command): void {
    const publish = program
        .command("publish")
        .description("put a report onto the pull request or the issue of a CI run (GitHub, GitLab)")
        .addHelpText("after", "\nExample:\n  npx holdfast publish comment preview.md");

    publish
        .command("comment")
        .description("comment on this run's pull or merge request; its earlier comment is replaced")
        .argument("<file>", "markdown")
        .option("--key <name>", "tells this comment from others, where there are several", "preview")
        .addHelpText("after", "\nExample:\n  GITHUB_TOKEN=… npx holdfast publish comment preview.md")
        .action(async (file: string, options: CommentOptions) => {
            const [{ publishComment }, { openForge }] = await Promise.all([
                import("./publish/run"),
                import("./publish/openForge"),
            ]);
            console.log(await publishComment(openForge(process.env), await reportIn(file), options));
        });
    publish
        .command("issue")
        .description("open the one issue of this key, update it where it is open, close it when all is well")
        .argument("<file>", "markdown")
        .requiredOption("--title <text>", "title of the issue")
        .requiredOption(
            "--status <number>",
            "exit status of what wrote the file: 0 closes the issue, any other keeps it open",
            parseStatus,
        )
        .option("--key <name>", "tells this issue from others, where there are several", "drift")
        .addHelpText(
            "after",
            "\nExample:\n  GITHUB_TOKEN=… npx holdfast publish issue drift.md --title 'Drift on prod' --status 2",
        )
        .action(async (file: string, options: IssueOptions) => {
            const [{ publishIssue }, { openForge }] = await Promise.all([
                import("./publish/run"),
                import("./publish/openForge"),
            ]);
            console.log(await publishIssue(openForge(process.env), await reportIn(file), options));
        });
}

/** Empty where the run was cut before it could write one: that is published as such. */
async function reportIn(file: string): Promise<string> {
    return readFile(file, "utf8").catch((error: unknown) => {
        if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
        throw error;
    });
}

function parseStatus(text: string): number {
    if (!/^\d{1,3}$/.test(text)) throw new InvalidArgumentError("expected an exit status, such as 0 or 2.");
    return Number(text);
}
