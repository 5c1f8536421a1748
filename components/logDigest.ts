/** Yesterday's errors of one node by mail every morning, for a node that has no such digest yet. */
import * as pulumi from "@pulumi/pulumi";
import type { FileSetArgs } from "../model/contract/fileSet";
import type { LogDigestSettings } from "../model/fleet";
import { FileSet } from "../provider/resource";
import { renderFile } from "../render/render";
import { ofConcern, type ConcernArgs } from "./concern";

export interface LogDigestArgs extends ConcernArgs {
    readonly settings: LogDigestSettings;
}

export class LogDigest extends pulumi.ComponentResource {
    readonly fileSet: FileSet;

    constructor(name: string, args: LogDigestArgs, options?: pulumi.ComponentResourceOptions) {
        super("holdfast:components:LogDigest", name, {}, options);
        this.fileSet = new FileSet(name, planLogDigest(args), { parent: this });
        this.registerOutputs({ observed: this.fileSet.observed });
    }
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
            [program]: { content: renderFile(program, {}), mode: "0755" },
            [service]: { content: renderFile(service, {}) },
            [timer]: { content: renderFile(timer, settings) },
        },
        validate: [{ argv: ["sh", "-n", `{staged:${program}}`] }],
        activate: [{ argv: ["systemctl", "daemon-reload"] }],
        units: { "holdfast-log-digest.timer": { enabled: true, active: true } },
        // Two days: one that was missed while the node was off is caught up.
        facts: { "log digest": { probe: "last-run", args: [stamp, String(2 * 86_400), "3600"], value: "on time" } },
    };
}
