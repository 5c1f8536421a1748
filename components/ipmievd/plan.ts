/** The files, units and commands. */
import type { FileSetArgs } from "../../model/contract/fileSet";
import { parsing, programText } from "../../programs";
import { renderFile } from "../../render/render";
import { ofConcern, type ConcernArgs } from "../concern";

export type IpmievdArgs = ConcernArgs;

const plain = [
    "/etc/systemd/system/ipmievd.service.d/holdfast.conf",
    "/etc/systemd/system/holdfast-ipmi.service",
    "/etc/systemd/system/holdfast-sel.service",
    "/etc/systemd/system/holdfast-sel.timer",
    "/etc/udev/rules.d/90-holdfast-ipmi.rules",
];
/** systemd's own: the timer runs without a BMC too, the program does not. */
const stamp = "/var/lib/systemd/timers/stamp-holdfast-sel.timer";
const program = "/usr/local/lib/holdfast/sel-fill";

export function planIpmievd(args: IpmievdArgs): FileSetArgs {
    return {
        ...ofConcern("ipmievd", args),
        packages: ["ipmitool"],
        files: {
            ...Object.fromEntries(plain.map((path) => [path, { content: renderFile(path, {}) }])),
            [program]: { content: programText(program), mode: "0755" },
        },
        validate: [{ argv: parsing(program) }],
        activate: [{ argv: ["systemctl", "daemon-reload"] }, { argv: ["systemctl", "try-restart", "ipmievd.service"] }],
        units: {
            "holdfast-ipmi.service": { enabled: true, active: true },
            // Whether it runs depends on the BMC, so it is a fact and no setting.
            "ipmievd.service": { enabled: true },
            "holdfast-sel.timer": { enabled: true, active: true },
        },
        // Without a BMC systemd skips both, which is no failure.
        verify: [
            { argv: ["systemctl", "start", "ipmievd.service"] },
            { argv: ["systemctl", "start", "holdfast-sel.service"], timeout: 120 },
        ],
        facts: {
            "BMC events": { probe: "ipmievd", value: "in syslog" },
            "BMC event log": { probe: "sel", value: "has room" },
            "BMC event log checks": { probe: "last-run", args: [stamp, String(3 * 3600), "3600"], value: "on time" },
        },
    };
}
