/** The files, units and commands. */
import type { FactArgs, FileSetArgs } from "../../model/contract/fileSet";
import type { SmartdSettings } from "./settings";
import type { NodeIdentity } from "../../model/lint/lintContext";
import { formatSmartdLine, selfTestDay, selfTestSchedule } from "../../model/smartd";
import { parsing, programText } from "../../programs";
import { renderFile } from "../../render/render";
import { ofConcern, type ConcernArgs } from "../concern";

export interface SmartdArgs extends ConcernArgs {
    readonly settings: SmartdSettings;
}

const unit = "smartmontools.service";
const conf = "/etc/smartd.conf";
const hook = "/etc/smartmontools/run.d/60holdfast";
const policy = "/etc/holdfast/smartd-policy";
const dropIn = `/etc/systemd/system/${unit}.d/holdfast.conf`;
const nvme = {
    program: "/usr/local/lib/holdfast/nvme-selftest",
    service: "/etc/systemd/system/holdfast-nvme-selftest@.service",
    short: "/etc/systemd/system/holdfast-nvme-selftest-short.timer",
    long: "/etc/systemd/system/holdfast-nvme-selftest-long.timer",
};

export function planSmartd(args: SmartdArgs): FileSetArgs {
    const { node, settings } = args;
    const timers = ["holdfast-nvme-selftest-short.timer", "holdfast-nvme-selftest-long.timer"];
    return {
        ...ofConcern("smartd", args),
        packages: ["smartmontools", "nvme-cli"],
        files: {
            [conf]: { content: renderFile(conf, { lines: smartdLines(node, settings) }) },
            [policy]: { content: renderFile(policy, { policies: policies(settings), action: settings.action }) },
            [hook]: { content: programText(hook), mode: "0755" },
            [dropIn]: { content: renderFile(dropIn, {}) },
            [nvme.program]: { content: programText(nvme.program), mode: "0755" },
            [nvme.service]: { content: renderFile(nvme.service, {}) },
            [nvme.short]: { content: renderFile(nvme.short, {}) },
            [nvme.long]: { content: renderFile(nvme.long, { day: selfTestDay(node.name) }) },
        },
        // Looks at every disk once; one that spins up takes its time.
        validate: [{ argv: ["holdfast", "smartd", `{staged:${conf}}`], timeout: 120 }, { argv: parsing(hook) }],
        activate: [
            { argv: ["systemctl", "daemon-reload"] },
            { argv: ["systemctl", "try-restart", unit], timeout: 120 },
        ],
        units: Object.fromEntries([unit, ...timers].map((name) => [name, { enabled: true, active: true }])),
        facts: {
            "disks without smartd": {
                probe: "smartd-coverage",
                args: [unit, ...declaredPaths(settings)],
                value: "none",
            },
            "self-tests": { probe: "self-tests", value: "on time" },
            ...Object.fromEntries([nvmeTimerFact("short", 8), nvmeTimerFact("long", 32)]),
        },
    };
}

function nvmeTimerFact(kind: string, days: number): [string, FactArgs] {
    const stamp = `/var/lib/systemd/timers/stamp-holdfast-nvme-selftest-${kind}.timer`;
    return [
        `NVMe ${kind} self-test`,
        { probe: "last-run", args: [stamp, String(days * 86_400), "3600"], value: "on time" },
    ];
}

function smartdLines({ name }: NodeIdentity, { devices, mailTo }: SmartdSettings): string[] {
    const shared = { selfTests: selfTestSchedule(name), mailTo: mailTo.join(",") };
    if (devices === "auto") return [formatSmartdLine({ device: "DEVICESCAN", temperature: scanLimits, ...shared })];
    return devices.map((device) => formatSmartdLine({ ...device, ...shared }));
}

/** °C. One line for all kinds of disk, so the limits are the warmest kind's: NVMe drives are rated for 70 °C. */
const scanLimits = { difference: 0, informal: 60, critical: 70 };

function policies({ devices }: SmartdSettings): { device: string; action: string }[] {
    if (devices === "auto") return [];
    return devices.map(({ device, type, action }) => ({
        device: type === undefined ? device : `${device}[${type}]`,
        action,
    }));
}

function declaredPaths({ devices }: SmartdSettings): string[] {
    return devices === "auto" ? [] : [...new Set(devices.map(({ device }) => device))];
}
