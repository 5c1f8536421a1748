/** The files, units and commands. */
import type { FileArgs, FileSetArgs } from "../../model/contract/fileSet";
import type { NodeExporterSettings } from "./settings";
import { renderFile } from "../../render/render";
import { ofConcern, type ConcernArgs } from "../concern";

export interface NodeExporterArgs extends ConcernArgs {
    readonly settings: NodeExporterSettings;
}

const unit = "prometheus-node-exporter.service";
const paths = {
    arguments: "/etc/default/prometheus-node-exporter",
    filter: `/etc/systemd/system/${unit}.d/holdfast.conf`,
    folder: "/etc/tmpfiles.d/holdfast-node-exporter.conf",
    web: "/etc/prometheus/node-exporter-web.yml",
};
/**
 * Where Holdfast's programs write: root's alone, unlike the folder of Debian's package, whose parent is the exporter's
 * own.
 */
const metrics = "/var/lib/prometheus-holdfast/node-exporter";
/** Both: node_exporter takes one folder before 1.9, and a pattern in every version. */
const textfiles = "/var/lib/prometheus*/node-exporter";

export function planNodeExporter(args: NodeExporterArgs): FileSetArgs {
    const { settings } = args;
    const { port, scrapers } = settings;
    return {
        ...ofConcern("node-exporter", args),
        packages: ["prometheus-node-exporter"],
        files: {
            [paths.arguments]: { content: renderFile(paths.arguments, { args: commandLine(settings) }) },
            [paths.filter]: { content: renderFile(paths.filter, { scrapers }) },
            [paths.folder]: { content: renderFile(paths.folder, {}) },
            [paths.web]: webConfig(settings),
        },
        validate: scrapers.length > 0 ? [{ argv: ["holdfast", "ip-filter"] }] : [],
        // Restarted only where it runs: it must never start without its filter, not even while a change is taken back.
        activate: [
            { argv: ["systemd-tmpfiles", "--create", paths.folder] },
            { argv: ["systemctl", "daemon-reload"] },
            { argv: ["systemctl", "try-restart", unit] },
        ],
        units: { [unit]: { enabled: true, active: true } },
        verify: [{ argv: ["holdfast", "exporter", String(port), ...scrapers] }],
        facts: {
            "metrics port": {
                probe: "exporter",
                args: [String(port), ...scrapers],
                value: "answers, and others are refused",
            },
            "metrics folder": { probe: "root-alone", args: [metrics], value: "root's alone" },
        },
    };
}

function commandLine(settings: NodeExporterSettings): string[] {
    return [
        `--web.listen-address=${listenAddress(settings)}`,
        ...(hasWebConfig(settings) ? [`--web.config.file=${paths.web}`] : []),
        "--collector.systemd",
        `--collector.textfile.directory=${textfiles}`,
        ...settings.args,
    ];
}

/** Go's `:9100` takes both families, which only a monitoring host with an IPv6 address needs. */
function listenAddress({ port, scrapers }: NodeExporterSettings): string {
    if (scrapers.length === 0) return `127.0.0.1:${port}`;
    return scrapers.some((address) => address.includes(":")) ? `:${port}` : `0.0.0.0:${port}`;
}

function hasWebConfig({ tls, basicAuth = {} }: NodeExporterSettings): boolean {
    return tls !== undefined || Object.keys(basicAuth).length > 0;
}

function webConfig(settings: NodeExporterSettings): FileArgs {
    if (!hasWebConfig(settings)) return { absent: true };
    const users = Object.entries(settings.basicAuth ?? {}).map(([name, hash]) => ({ name, hash }));
    return { content: renderFile(paths.web, { tls: settings.tls ?? false, users }), mode: "0640", group: "prometheus" };
}
