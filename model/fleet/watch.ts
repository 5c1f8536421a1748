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

/** 9100 is node_exporter's own default. */
export function resolveNodeExporter(given: NodeConfig["nodeExporter"], fleet: FleetConfig): NodeExporterSettings | undefined {
    if (given === false) return undefined;
    const { port = 9100, args = [], tls, basicAuth } = given === true || given === undefined ? {} : given;
    return { port, scrapers: fleet.monitoring?.hosts ?? [], args, tls, basicAuth };
}
