/** `nodeExporter`: its port, who may scrape it, and how. */
import { z } from "zod";
import type { Fault } from "../../model/fleet/faults";
import { concern, object } from "../../model/fleet/kit";
import * as value from "../../model/fleet/values";
import type { Place, ResolveContext, Settings } from "../concern";

export const schema = concern({
    port: value.port.optional().describe("9100 by default"),
    /** Further command line arguments. */
    args: z.array(value.exporterArgument).optional().describe("further arguments of prometheus-node-exporter"),
    /** Files on the node, readable by the group `prometheus`. */
    tls: object({ certificate: value.absolutePath, key: value.absolutePath })
        .optional()
        .describe("files on the node, readable by the group prometheus"),
    /** Password hashes by user, as `htpasswd -nBC 10 ""` prints them after the colon. */
    basicAuth: z.record(value.user, value.bcryptHash).optional().describe("bcrypt hash by user"),
})
    .optional()
    .describe("metrics for the monitoring hosts, a closed port for all others; on by default");

type ExporterConfig = Settings<z.infer<typeof schema>>;
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
    { port = 9100, args = [], tls, basicAuth }: ExporterConfig,
    { fleet }: ResolveContext,
): NodeExporterSettings {
    return { port, scrapers: fleet.monitoring?.hosts ?? [], args, tls, basicAuth };
}

export function checkNodeExporter({ machine, own: settings, path }: Place<z.infer<typeof schema>>): Fault[] {
    if (typeof settings !== "object") return [];
    const isNode = machine?.isNode ?? true;
    return [...checkPort(settings, [...path, "port"], isNode), ...checkArguments(settings, [...path, "args"])];
}

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
                    message: `${argument}: the folders are always /var/lib/prometheus/node-exporter and Holdfast's own, and the exporter does not start with a flag given twice: remove it`,
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
    machines: readonly { readonly name: string; readonly settings: NodeExporterSettings }[],
): string[] {
    const names = machines
        .filter(
            ({ settings: { scrapers, tls, basicAuth = {} } }) =>
                scrapers.length > 0 && !tls && Object.keys(basicAuth).length > 0,
        )
        .map(({ name }) => name);
    return names.length === 0
        ? []
        : [
              `${names.join(", ")}: nodeExporter.basicAuth without tls: the password travels in the clear; add nodeExporter.tls: { certificate: …, key: … }`,
          ];
}
