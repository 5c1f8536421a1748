/** The files, units and facts. The checks themselves are in the node's own program: `node/`. */
import type { FactArgs, FileSetArgs } from "../../model/contract/fileSet";
import { parsing, programText } from "../../programs";
import { renderFile } from "../../render/render";
import { ofConcern, type ConcernArgs } from "../concern";
import type { BootReadinessSettings } from "./settings";

export interface BootReadinessArgs extends ConcernArgs {
    readonly settings?: BootReadinessSettings;
}

/** As the checks' own files say; the proof is told beside them, since no `up` can bring it. */
const groups = ["name", "mounts", "network", "kernel", "room", "units", "cluster"];

const program = "/usr/local/lib/holdfast/boot-readiness";
const expected = "/etc/holdfast/boot-readiness.json";
const unit = (kind: string) => `/etc/systemd/system/holdfast-boot-readiness.${kind}`;

export function planBootReadiness(args: BootReadinessArgs): FileSetArgs {
    const { name, address, address6 } = args.node;
    const declared = { name, addresses: [address, ...(address6 === undefined ? [] : [address6])] };
    return {
        ...ofConcern("boot-readiness", args),
        files: {
            [expected]: { content: renderFile(expected, declared), mode: "0600" },
            [program]: { content: programText(program), mode: "0755" },
            [unit("service")]: { content: renderFile(unit("service"), {}) },
            [unit("timer")]: { content: renderFile(unit("timer"), {}) },
            [unit("path")]: { content: renderFile(unit("path"), {}) },
        },
        validate: [{ argv: parsing(program) }],
        activate: [{ argv: ["systemctl", "daemon-reload"] }],
        units: {
            "holdfast-boot-readiness.timer": { enabled: true, active: true },
            "holdfast-boot-readiness.path": { enabled: true, active: true },
        },
        facts: {
            ...Object.fromEntries(groups.map((group) => [`boot: ${group}`, fact(group)])),
            "boot: proof": { probe: "boot-proof" },
            "boot: looked at": { probe: "boot-looked-at", value: "on time" },
        },
    };
}

function fact(group: string): FactArgs {
    return { probe: "boot-readiness", args: [group], value: "ok" };
}
