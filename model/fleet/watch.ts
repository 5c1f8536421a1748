/** The concerns that watch the hardware: their settings, completed with the defaults of the incident report. */
import type { FleetConfig, NodeConfig } from "./schema";

export interface NodeExporterSettings {
    readonly port: number;
    /** Addresses that may scrape besides loopback; none: it listens on loopback only. */
    readonly scrapers: readonly string[];
    readonly args: readonly string[];
    /** Paths on the node. */
    readonly tls?: { readonly certificate: string; readonly key: string };
    /** bcrypt hashes by user. */
    readonly basicAuth?: Readonly<Record<string, string>>;
}

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
    if (given === false) return undefined;
    const { warning = temperatureLimits.warning, critical = temperatureLimits.critical, action = "shutdown", ignore = [], schedule = "timer" } = settingsOf(given);
    return { warning, critical, action, ignore, schedule };
}

/** `true` and nothing at all mean the defaults. */
function settingsOf<Settings extends object>(given: Settings | true | undefined): Settings | Partial<Settings> {
    return given === true || given === undefined ? {} : given;
}

/** 9100 is node_exporter's own default. */
export function resolveNodeExporter(given: NodeConfig["nodeExporter"], fleet: FleetConfig): NodeExporterSettings | undefined {
    if (given === false) return undefined;
    const { port = 9100, args = [], tls, basicAuth } = settingsOf(given);
    return { port, scrapers: fleet.monitoring?.hosts ?? [], args, tls, basicAuth };
}
