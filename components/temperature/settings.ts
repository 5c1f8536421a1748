/** `temperature`: limits of the watchdog, and what happens there. */
import { type Fault, formatPath } from "../../model/fleet/faults";
import { mergeSettings } from "../fleet/merge";
import type { FleetConfig, NodeConfig } from "../fleet/schema";
import { settingsOf } from "../fleet/given";

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
export function resolveTemperature(given: NodeConfig["temperature"]): TemperatureSettings | undefined {
    const settings = settingsOf("temperature", given);
    if (!settings) return undefined;
    const {
        warning = temperatureLimits.warning,
        critical = temperatureLimits.critical,
        action = "shutdown",
        ignore = [],
        schedule = "timer",
    } = settings;
    return { warning, critical, action, ignore, schedule };
}

/** As they come to each node; the fault is where the node has written a limit, else once at the defaults. */
export function checkTemperatures({ nodes, defaults = {} }: FleetConfig): Fault[] {
    const faults = Object.entries(nodes).flatMap(([name, { temperature: own }]) => {
        const settings = mergeSettings(defaults.temperature, own);
        if (typeof settings !== "object") return [];
        const { warning, critical } = { ...temperatureLimits, ...settings };
        const isOwn = typeof own === "object" && (own.warning ?? own.critical) !== undefined;
        const path = isOwn ? ["nodes", name, "temperature"] : ["defaults", "temperature"];
        return warning < critical
            ? []
            : [{ path, message: `expected warning below critical, got warning ${warning} and critical ${critical}` }];
    });
    return faults.filter(
        ({ path }, index) => faults.findIndex((other) => formatPath(other.path) === formatPath(path)) === index,
    );
}
