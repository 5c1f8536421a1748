/** `temperature`: limits of the watchdog, and what happens there. */
import { z } from "zod";
import type { Fault } from "../../model/fleet/faults";
import { action, concern } from "../../model/fleet/kit";
import * as value from "../../model/fleet/values";
import type { Place, Settings } from "../concern";

export const schema = concern({
    warning: value.celsius.optional().describe("°C; mail; 75 by default"),
    critical: value.celsius.optional().describe("°C; the action; 90 by default"),
    action,
    /** Sensors that lie: a chip, a driver, or either with a label. */
    ignore: z.array(value.sensorName).optional().describe("sensors that lie"),
    schedule: z
        .enum(["timer", "cron"], { error: "expected timer or cron" })
        .optional()
        .describe("what runs it every five minutes; timer by default"),
})
    .optional()
    .describe("a look at the sensors every five minutes; on by default");

export interface TemperatureSettings {
    /** °C at which a mail is sent. */
    readonly warning: number;
    /** °C at which the node is powered off, or a second mail is sent. */
    readonly critical: number;
    readonly action: "alert" | "shutdown";
    /** `chip`, `driver`, `chip/label` or `driver/label`. */
    readonly ignore: readonly string[];
    readonly schedule: "timer" | "cron";
}

/** °C; the incident report's. */
export const temperatureLimits = { warning: 75, critical: 90 };

/** The incident's watchdog powers off; `holdfast adopt` writes `alert` for a start. */
export function resolveTemperature(settings: Settings<z.infer<typeof schema>>): TemperatureSettings {
    const {
        warning = temperatureLimits.warning,
        critical = temperatureLimits.critical,
        action = "shutdown",
        ignore = [],
        schedule = "timer",
    } = settings;
    return { warning, critical, action, ignore, schedule };
}

/** As they come to each node; the fault is where the node has written a limit, else at the defaults. */
export function checkTemperature({ machine, own, merged, path }: Place<z.infer<typeof schema>>): Fault[] {
    if (!machine || typeof merged !== "object") return [];
    const { warning, critical } = { ...temperatureLimits, ...merged };
    const isOwn = typeof own === "object" && (own.warning ?? own.critical) !== undefined;
    return warning < critical
        ? []
        : [
              {
                  path: isOwn ? path : ["defaults", "temperature"],
                  message: `expected warning below critical, got warning ${warning} and critical ${critical}`,
              },
          ];
}
