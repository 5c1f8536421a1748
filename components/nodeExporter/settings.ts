/** `nodeExporter`: its port, who may scrape it, and how. */
import type { Fault } from "../../model/fleet/faults";
import type { FleetConfig, NodeConfig } from "../fleet/schema";
import { settingsOf } from "../fleet/given";

type Path = readonly PropertyKey[];

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
export function resolveNodeExporter(
    given: NodeConfig["nodeExporter"],
    fleet: FleetConfig,
): NodeExporterSettings | undefined {
    const settings = settingsOf("node-exporter", given);
    if (!settings) return undefined;
    const { port = 9100, args = [], tls, basicAuth } = settings;
    return { port, scrapers: fleet.monitoring?.hosts ?? [], args, tls, basicAuth };
}

export function checkNodeExporters(fleet: FleetConfig): Fault[] {
    const nodes = Object.entries(fleet.nodes).map(([name, { nodeExporter }]) => ({
        path: ["nodes", name],
        nodeExporter,
    }));
    const hosts = Object.entries(fleet.hosts ?? {}).map(([name, { nodeExporter }]) => ({
        path: ["hosts", name],
        nodeExporter,
    }));
    return [{ path: ["defaults"], nodeExporter: fleet.defaults?.nodeExporter }, ...nodes, ...hosts].flatMap(
        ({ path, nodeExporter: settings }) =>
            typeof settings === "object"
                ? [
                      ...checkPort(settings, [...path, "nodeExporter", "port"], path[0] !== "hosts"),
                      ...checkArguments(settings, [...path, "nodeExporter", "args"]),
                  ]
                : [],
    );
}

type ExporterConfig = Exclude<NonNullable<NodeConfig["nodeExporter"]>, boolean>;

/** What listens on every Proxmox node (pve-docs, "Ports used by Proxmox VE"), and sshd everywhere. */
function checkPort({ port }: ExporterConfig, path: Path, isNode: boolean): Fault[] {
    const proxmox: Readonly<Record<number, string>> = {
        85: "pvedaemon",
        111: "rpcbind",
        3128: "spiceproxy",
        8006: "pveproxy",
    };
    const holder =
        port === undefined
            ? undefined
            : port === 22
              ? "sshd"
              : !isNode
                ? undefined
                : port >= 5900 && port <= 5999
                  ? "the consoles of virtual machines"
                  : proxmox[port];
    return holder === undefined
        ? []
        : [{ path, message: `port ${port} belongs to ${holder}: expected a free one, such as the default 9100` }];
}

/** node_exporter does not start with a flag given twice; --version and --help end it. */
function checkArguments({ args = [] }: ExporterConfig, path: Path): Fault[] {
    return args.flatMap((argument, index): Fault[] => {
        const at = [...path, index];
        if (/^--(?:version|help(?:-.*)?)(?:=|$)/.test(argument))
            return [{ path: at, message: `${argument} makes the exporter print and end: remove it` }];
        if (/^--(?:no-)?collector\.systemd(?:=|$)/.test(argument))
            return [
                {
                    path: at,
                    message: `${argument}: the systemd collector is always on, and the exporter does not start with a flag given twice: remove it`,
                },
            ];
        if (/^--collector\.textfile\.directory(?:=|$)/.test(argument))
            return [
                {
                    path: at,
                    message: `${argument}: the folder is always /var/lib/prometheus/node-exporter, and the exporter does not start with a flag given twice: remove it`,
                },
            ];
        if (/^--no-collector\.textfile(?:=|$)/.test(argument))
            return [{ path: at, message: `${argument} would hide the metrics of temperature and ipmievd: remove it` }];
        if (argument === "--collector.disable-defaults" && !args.includes("--collector.textfile"))
            return [
                {
                    path: at,
                    message: `${argument} would hide the metrics of temperature and ipmievd: add --collector.textfile`,
                },
            ];
        return [];
    });
}

/** In the clear, to whoever scrapes and to whoever listens. */
export function unencryptedPasswords(
    machines: readonly { readonly identity: { readonly name: string }; readonly nodeExporter?: NodeExporterSettings }[],
): string[] {
    const names = machines
        .filter(
            ({ nodeExporter: settings }) =>
                settings &&
                settings.scrapers.length > 0 &&
                !settings.tls &&
                Object.keys(settings.basicAuth ?? {}).length > 0,
        )
        .map(({ identity }) => identity.name);
    return names.length === 0
        ? []
        : [
              `${names.join(", ")}: nodeExporter.basicAuth without tls: the password travels in the clear; add nodeExporter.tls: { certificate: …, key: … }`,
          ];
}
