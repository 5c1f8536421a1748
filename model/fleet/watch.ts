/** The concerns that watch the hardware: their settings, completed with the defaults of the incident report. */
import type { SmartdLine, TemperatureLimits } from "../smartd/format";
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

/** What happens when a disk really fails. */
type Action = "alert" | "shutdown";

export interface SmartdDevice extends Pick<SmartdLine, "device" | "type" | "temperature"> {
    readonly action: Action;
}

export interface SmartdSettings {
    /** `auto`: smartd looks for disks whenever it starts. */
    readonly devices: "auto" | readonly SmartdDevice[];
    readonly action: Action;
    readonly mailTo: readonly string[];
}

/** Powers off as the incident report's helper does; `holdfast adopt` writes `alert` for a start. */
export function resolveSmartd(given: NodeConfig["smartd"], fleet: FleetConfig): SmartdSettings | undefined {
    if (given === false) return undefined;
    const { devices = "auto", action = "shutdown" } = settingsOf(given);
    return { devices: devices === "auto" ? devices : devices.map((device) => resolveDevice(device, action)), action, mailTo: mailRecipients(fleet) };
}

export type SmartdDeviceConfig = Exclude<Exclude<NonNullable<NodeConfig["smartd"]>, boolean>["devices"], "auto" | undefined>[number];

function resolveDevice(given: SmartdDeviceConfig, action: Action): SmartdDevice {
    const { device, type = smartdTypeOf(device), ...own } = typeof given === "string" ? { device: given } : given;
    return { device, type, action: own.action ?? action, temperature: { ...smartdLimits(device), ...own.temperature } };
}

/** A USB bridge nearly always speaks SAT, but smartd asks it only where it knows the bridge. */
export function smartdTypeOf(device: string): string | undefined {
    const kind = /^\/dev\/disk\/by-id\/(nvme|usb)-/.exec(device)?.[1];
    return kind === "usb" ? "sat" : kind;
}

/**
 * °C. Makers rate hard disks for 60 °C and NVMe drives for 70 °C (data sheets of Seagate's Exos and WD's Ultrastar, and of
 * Samsung's and Intel's data centre drives); a solid-state disk with SATA gets the hard disk's, the lower ones.
 */
export function smartdLimits(device: string): TemperatureLimits {
    return device.startsWith("/dev/disk/by-id/nvme-") ? { difference: 0, informal: 65, critical: 70 } : { difference: 5, informal: 50, critical: 60 };
}

export interface LogDigestSettings {
    /** `06:30`, the node's own time. */
    readonly time: string;
}

/** Off unless asked for: a node may well have a digest of its own. */
export function resolveLogDigest(given: NodeConfig["logDigest"]): LogDigestSettings | undefined {
    if (given === undefined || given === false) return undefined;
    return { time: settingsOf(given).time ?? "06:30" };
}

export interface MailRelay {
    readonly host: string;
    readonly port: number;
    readonly security: "none" | "starttls" | "tls";
    readonly user?: string;
}

export interface MailSettings {
    readonly to: readonly string[];
    readonly from: string;
    /** For nodes without a sendmail. */
    readonly relay?: MailRelay;
}

/** @param name of the node */
export function resolveMail(fleet: FleetConfig, name: string): MailSettings {
    const { from = `holdfast@${fleet.domain === undefined ? name : `${name}.${fleet.domain}`}`, relay, user } = fleet.mail ?? {};
    return { to: mailRecipients(fleet), from, relay: relay === undefined ? undefined : resolveRelay(relay, user) };
}

/** A password is never sent in the clear; port 587 is for submission, which has STARTTLS (RFC 6409). */
function resolveRelay(relay: string, user: string | undefined): MailRelay {
    const { protocol, hostname, port } = new URL(relay);
    const host = hostname.replace(/^\[|\]$/g, "");
    if (protocol === "smtps:") return { host, port: Number(port || 465), security: "tls", user };
    return { host, port: Number(port || 25), security: port === "587" || user !== undefined ? "starttls" : "none", user };
}

/** root: whoever reads root's mail of the node. */
export function mailRecipients({ mail }: FleetConfig): string[] {
    const to = mail?.to ?? "root";
    return typeof to === "string" ? [to] : to;
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
