/** The files, units and commands. */
import type { FileSetArgs } from "../../model/contract/fileSet";
import { parsing, programText } from "../../programs";
import { renderFile } from "../../render/render";
import { ofConcern, type ConcernArgs } from "../concern";

export type ClusterMetricsArgs = ConcernArgs;

const program = "/usr/local/lib/holdfast/cluster-metrics";
const service = "/etc/systemd/system/holdfast-cluster-metrics.service";
const timer = "/etc/systemd/system/holdfast-cluster-metrics.timer";

export function planClusterMetrics(args: ClusterMetricsArgs): FileSetArgs {
    return {
        ...ofConcern("cluster-metrics", args),
        files: {
            [program]: { content: programText(program), mode: "0755" },
            [service]: { content: renderFile(service, {}) },
            [timer]: { content: renderFile(timer, {}) },
        },
        validate: [{ argv: parsing(program) }],
        activate: [{ argv: ["systemctl", "daemon-reload"] }],
        units: { "holdfast-cluster-metrics.timer": { enabled: true, active: true } },
        verify: [{ argv: ["systemctl", "start", "holdfast-cluster-metrics.service"], timeout: 60 }],
    };
}
