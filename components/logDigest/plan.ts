/** The files, units and commands. */
import type { FileSetArgs } from "../../model/contract/fileSet";
import type { LogDigestSettings } from "./settings";
import { parsing, programText } from "../../programs";
import { renderFile } from "../../render/render";
import { ofConcern, type ConcernArgs } from "../concern";

export interface LogDigestArgs extends ConcernArgs {
    readonly settings: LogDigestSettings;
}

const program = "/usr/local/lib/holdfast/log-digest";
const service = "/etc/systemd/system/holdfast-log-digest.service";
const timer = "/etc/systemd/system/holdfast-log-digest.timer";
const stamp = "/var/lib/systemd/timers/stamp-holdfast-log-digest.timer";

export function planLogDigest(args: LogDigestArgs): FileSetArgs {
    const { settings } = args;
    return {
        ...ofConcern("log-digest", args),
        files: {
            [program]: { content: programText(program), mode: "0755" },
            [service]: { content: renderFile(service, {}) },
            [timer]: { content: renderFile(timer, settings) },
        },
        validate: [{ argv: parsing(program) }],
        activate: [{ argv: ["systemctl", "daemon-reload"] }],
        units: { "holdfast-log-digest.timer": { enabled: true, active: true } },
        // Two days: one that was missed while the node was off is caught up.
        facts: { "log digest": { probe: "last-run", args: [stamp, String(2 * 86_400), "3600"], value: "on time" } },
    };
}
