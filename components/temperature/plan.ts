/** The files, units and commands. */
import type { FileArgs, FileSetArgs } from "../../model/contract/fileSet";
import type { TemperatureSettings } from "./settings";
import { parsing, programText } from "../../programs";
import { renderFile } from "../../render/render";
import { ofConcern, type ConcernArgs } from "../concern";

export interface TemperatureWatchdogArgs extends ConcernArgs {
    readonly settings: TemperatureSettings;
}

const program = "/usr/local/lib/holdfast/temperature";
const service = "/etc/systemd/system/holdfast-temperature.service";
const timer = "/etc/systemd/system/holdfast-temperature.timer";
const conf = "/etc/holdfast/temperature.conf";
const cron = "/etc/cron.d/holdfast-temperature";
/** Seconds: three runs. */
const overdue = 15 * 60;

export function planTemperatureWatchdog(args: TemperatureWatchdogArgs): FileSetArgs {
    const { ignore, schedule, ...limits } = args.settings;
    const isTimer = schedule === "timer";
    return {
        ...ofConcern("temperature", args),
        packages: ["lm-sensors", ...(isTimer ? [] : ["cron"])],
        files: {
            [program]: { content: programText(program), mode: "0755" },
            [conf]: { content: renderFile(conf, { ...limits, ignore: ignore.join(";") }) },
            [service]: { content: renderFile(service, {}) },
            [timer]: presentIf(isTimer, timer),
            [cron]: presentIf(!isTimer, cron),
        },
        validate: [{ argv: parsing(program) }],
        activate: [{ argv: ["systemctl", "daemon-reload"] }],
        units: { "holdfast-temperature.timer": { enabled: isTimer, active: isTimer } },
        // One run now, which also shows in the log what can be read. Hung sensors and a dead mail relay are waited for
        // within this time.
        verify: [{ argv: ["systemctl", "start", "holdfast-temperature.service"], timeout: 60 }],
        facts: {
            temperature: { probe: "temperature" },
            "watchdog runs": {
                probe: "last-run",
                args: ["/run/holdfast/temperature/level", String(overdue)],
                value: "on time",
            },
        },
    };
}

function presentIf(wanted: boolean, path: string): FileArgs {
    return wanted ? { content: renderFile(path, {}) } : { absent: true };
}
