/** Rules of `mail` and `nodeExporter` that span several fields: what each value allows, and what would not do what was meant. */
import { type Fault, describe } from "./faults";
import type { FleetConfig, NodeConfig } from "./schema";
import type { NodeExporterSettings } from "./watch";

type Path = readonly PropertyKey[];

export function checkMail({ mail }: FleetConfig): Fault[] {
    if (!mail) return [];
    const { relay, user, from } = mail;
    const recipients = typeof mail.to === "string" ? [{ path: ["mail", "to"], address: mail.to }] : mail.to.map((address, index) => ({ path: ["mail", "to", index], address }));
    const addresses = recipients.map(({ address }) => address.toLowerCase());
    const twice = recipients.flatMap(({ path, address }, index) => (addresses.indexOf(addresses[index]!) < index ? [{ path, message: `${address} is listed twice` }] : []));
    if (relay === undefined) return [...twice, ...(user === undefined ? [] : [{ path: ["mail", "user"], message: "is for mail.relay, which is missing: add relay: smtp://HOST:PORT, or remove user" }])];
    const local = recipients.flatMap(({ path, address }) => (address.includes("@") ? [] : [{ path, message: `expected an address with its domain, such as ops@example.test, got ${describe(address)}: at mail.relay it would be a user of the relay` }]));
    const sender = from === undefined || from.includes("@") ? [] : [{ path: ["mail", "from"], message: `expected an address with its domain, such as holdfast@example.test, got ${describe(from)}: mail.relay would refuse it, or add its own` }];
    return [...twice, ...local, ...sender, ...checkSecurity(relay)];
}

/** Where TLS begins is fixed by the port (RFC 8314): spoken otherwise, both sides wait until the time is up. */
function checkSecurity(relay: string): Fault[] {
    const { protocol, host, hostname, port } = new URL(relay);
    const path = ["mail", "relay"];
    if (protocol === "smtp:" && port === "465") return [{ path, message: `port 465 speaks TLS from the start: expected smtps://${host}, got ${describe(relay)}` }];
    if (protocol === "smtps:" && (port === "25" || port === "587")) return [{ path, message: `port ${port} speaks no TLS from the start: expected smtp://${host} or smtps://${hostname}:465, got ${describe(relay)}` }];
    return [];
}

export function checkNodeExporters(fleet: FleetConfig): Fault[] {
    const nodes = Object.entries(fleet.nodes).map(([name, { nodeExporter }]) => ({ path: ["nodes", name], nodeExporter }));
    const hosts = Object.entries(fleet.hosts ?? {}).map(([name, { nodeExporter }]) => ({ path: ["hosts", name], nodeExporter }));
    return [{ path: ["defaults"], nodeExporter: fleet.defaults?.nodeExporter }, ...nodes, ...hosts].flatMap(({ path, nodeExporter: settings }) =>
        typeof settings === "object" ? [...checkPort(settings, [...path, "nodeExporter", "port"], path[0] !== "hosts"), ...checkArguments(settings, [...path, "nodeExporter", "args"])] : [],
    );
}

type ExporterConfig = Exclude<NonNullable<NodeConfig["nodeExporter"]>, boolean>;

/** What listens on every Proxmox node (pve-docs, "Ports used by Proxmox VE"), and sshd everywhere. */
function checkPort({ port }: ExporterConfig, path: Path, isNode: boolean): Fault[] {
    const proxmox: Readonly<Record<number, string>> = { 85: "pvedaemon", 111: "rpcbind", 3128: "spiceproxy", 8006: "pveproxy" };
    const holder = port === undefined ? undefined : port === 22 ? "sshd" : !isNode ? undefined : port >= 5900 && port <= 5999 ? "the consoles of virtual machines" : proxmox[port];
    return holder === undefined ? [] : [{ path, message: `port ${port} belongs to ${holder}: expected a free one, such as the default 9100` }];
}

/** node_exporter does not start with a flag given twice; --version and --help end it. */
function checkArguments({ args = [] }: ExporterConfig, path: Path): Fault[] {
    return args.flatMap((argument, index): Fault[] => {
        const at = [...path, index];
        if (/^--(?:version|help(?:-.*)?)(?:=|$)/.test(argument)) return [{ path: at, message: `${argument} makes the exporter print and end: remove it` }];
        if (/^--(?:no-)?collector\.systemd(?:=|$)/.test(argument)) return [{ path: at, message: `${argument}: the systemd collector is always on, and the exporter does not start with a flag given twice: remove it` }];
        if (/^--collector\.textfile\.directory(?:=|$)/.test(argument)) return [{ path: at, message: `${argument}: the folder is always /var/lib/prometheus/node-exporter, and the exporter does not start with a flag given twice: remove it` }];
        if (/^--no-collector\.textfile(?:=|$)/.test(argument)) return [{ path: at, message: `${argument} would hide the metrics of temperature and ipmievd: remove it` }];
        if (argument === "--collector.disable-defaults" && !args.includes("--collector.textfile")) return [{ path: at, message: `${argument} would hide the metrics of temperature and ipmievd: add --collector.textfile` }];
        return [];
    });
}

/** In the clear, to whoever scrapes and to whoever listens. */
export function unencryptedPasswords(machines: readonly { readonly identity: { readonly name: string }; readonly nodeExporter?: NodeExporterSettings }[]): string[] {
    const names = machines.filter(({ nodeExporter: settings }) => settings && settings.scrapers.length > 0 && !settings.tls && Object.keys(settings.basicAuth ?? {}).length > 0).map(({ identity }) => identity.name);
    return names.length === 0 ? [] : [`${names.join(", ")}: nodeExporter.basicAuth without tls: the password travels in the clear; add nodeExporter.tls: { certificate: …, key: … }`];
}
