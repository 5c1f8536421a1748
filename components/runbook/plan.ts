/** The page, and what names it to whoever logs in or ends in an emergency shell. */
import type { FileSetArgs } from "../../model/contract/fileSet";
import { renderFile } from "../../render/render";
import { ofConcern } from "../concern";
import { pageOf, type RunbookArgs } from "./page";

export type { RunbookArgs } from "./page";

export const runbookPath = "/etc/holdfast/runbook.md";
const motd = "/etc/motd.d/holdfast-runbook";
const greetings = ["emergency", "rescue"].map((mode) => `/etc/systemd/system/${mode}.service.d/holdfast-runbook.conf`);

export function planRunbook(args: RunbookArgs): FileSetArgs {
    const { name } = args.node;
    return {
        ...ofConcern("runbook", args),
        files: {
            [runbookPath]: { content: renderFile(runbookPath, pageOf(args)), mode: "0600" },
            [motd]: { content: renderFile(motd, { name }) },
            ...Object.fromEntries(greetings.map((path) => [path, { content: renderFile(path, { name }) }])),
        },
        activate: [{ argv: ["systemctl", "daemon-reload"] }],
    };
}
