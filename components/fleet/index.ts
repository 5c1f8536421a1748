/** The declared fleet: `holdfast:fleet` of the stack config, validated, defaults merged, files read. Nothing downstream checks again. */
import { concerns, type NodeSetting, type unbuiltSettings } from "../table";
import type { HostArgs } from "../../model/contract/fileSet";
import { checkFleet } from "./checks";
import { type Fault, describe, formatPath } from "../../model/fleet/faults";
import { mergeConcerns, mergeSettings } from "./merge";
import { notApplied } from "./notApplied";
import type { FleetConfig, HostConfig, NodeConfig } from "./schema";
import { type FstabSettings, resolveFstab } from "../fstab/settings";
import { type DeepReadonly, type ProjectFile, settingsOf } from "./given";
import { type HostsFileSettings, resolveHostsFile } from "../hosts/settings";
import { type InterfacesSettings, resolveInterfaces } from "../interfaces/settings";
import { type LogDigestSettings, resolveLogDigest } from "../logDigest/settings";
import { type MailSettings, resolveMail } from "../mail/settings";
import { type NodeExporterSettings, resolveNodeExporter, unencryptedPasswords } from "../nodeExporter/settings";
import { resolveSmartd, type SmartdSettings } from "../smartd/settings";
import { resolveTemperature, type TemperatureSettings } from "../temperature/settings";
import { parseShape } from "./shape";
import type { NodeIdentity } from "../../model/lint/lintContext";

export { type Fault, formatFault } from "../../model/fleet/faults";
export type { FstabEntryConfig, StanzaConfig } from "./schema";
export type { FstabSettings } from "../fstab/settings";
export type { DeepReadonly, ProjectFile } from "./given";
export type { HostsFileSettings } from "../hosts/settings";
export type { InterfacesSettings } from "../interfaces/settings";
export type { LogDigestSettings } from "../logDigest/settings";
export type { MailRelay, MailSettings } from "../mail/settings";
export type { NodeExporterSettings } from "../nodeExporter/settings";
export type { SmartdSettings } from "../smartd/settings";
export type { TemperatureSettings } from "../temperature/settings";

/** Concerns that are validated but not built yet, defaults merged. */
export type UnbuiltSettings = DeepReadonly<Pick<NodeConfig, (typeof unbuiltSettings)[number]>>;

type OnDelete = NonNullable<FleetConfig["onDelete"]>;

export interface FleetNode extends UnbuiltSettings {
    readonly identity: NodeIdentity;
    readonly host: HostArgs;
    readonly maintenance: boolean;
    readonly onDelete: OnDelete;
    readonly hostsFile: HostsFileSettings;
    readonly fstab?: FstabSettings;
    readonly interfaces?: InterfacesSettings;
    /** Absent where it is switched off; so are the ones below. */
    readonly nodeExporter?: NodeExporterSettings;
    readonly temperature?: TemperatureSettings;
    readonly smartd?: SmartdSettings;
    readonly ipmievd: boolean;
    readonly logDigest?: LogDigestSettings;
    /** Where something on the node sends mail, or the stack says how to. */
    readonly mail?: MailSettings;
}

/** A Linux host that is no node of the cluster. */
export interface FleetHost {
    readonly identity: NodeIdentity;
    readonly host: HostArgs;
    readonly maintenance: boolean;
    readonly onDelete: OnDelete;
    readonly nodeExporter?: NodeExporterSettings;
}

export interface Fleet {
    /** By name, `pve2` before `pve10`: the order of the stack file does not reach a Pulumi program. */
    readonly nodes: readonly FleetNode[];
    /** By name. */
    readonly hosts: readonly FleetHost[];
    readonly rollout: { readonly canary: readonly string[]; readonly batch: number };
    /** One line each: accepted settings that change nothing yet, or that are unwise. */
    readonly warnings: readonly string[];
}

/** Reads a file of the project; throws with the reason. */
export type ReadFile = (path: string) => string;

/** Exactly one of the two is there. */
export interface ParsedFleet {
    readonly fleet?: Fleet;
    /** All faults, not just the first. */
    readonly faults: readonly Fault[];
}

/** @param given what `holdfast:fleet` holds, from YAML or JSON. */
export function parseFleet(given: unknown, readFile: ReadFile): ParsedFleet {
    const { config, faults } = parseShape(given);
    if (!config) return { faults };
    const nodes = namesOf(config.nodes).map((name) => resolveNode(config, name, config.nodes[name]!, readFileOrFault));
    const hosts = namesOf(config.hosts ?? {}).map((name) => resolveHost(config, name, config.hosts![name]!));
    faults.push(...checkFleet(config, declaredNodes(given)));
    if (faults.length > 0) return { faults };
    const rollout = {
        canary: config.rollout?.canary ?? nodes.slice(0, 1).map(({ identity }) => identity.name),
        batch: config.rollout?.batch ?? 1,
    };
    return {
        fleet: deepFreeze({
            nodes,
            hosts,
            rollout,
            warnings: [...notApplied(config), ...unencryptedPasswords([...nodes, ...hosts])],
        }),
        faults,
    };

    function readFileOrFault(path: string, at: readonly PropertyKey[]): ProjectFile {
        try {
            return { path, content: readFile(path) };
        } catch (error) {
            const isKnown = faults.some((fault) => formatPath(fault.path) === formatPath(at)); // once for `defaults`, not for every node
            if (!isKnown)
                faults.push({
                    path: at,
                    message: `cannot read ${describe(path)}: ${error instanceof Error ? error.message : String(error)}`,
                });
            return { path, content: "" };
        }
    }
}

function namesOf(machines: Readonly<Record<string, unknown>>): string[] {
    return Object.keys(machines).sort(new Intl.Collator("en", { numeric: true }).compare);
}

type ReadAt = (path: string, at: readonly PropertyKey[]) => ProjectFile;

function declaredNodes(given: unknown): string[] {
    const nodes: unknown = typeof given === "object" && given !== null && "nodes" in given ? given.nodes : undefined;
    return typeof nodes === "object" && nodes !== null ? Object.keys(nodes) : [];
}

function resolveNode(config: FleetConfig, name: string, own: NodeConfig, read: ReadAt): FleetNode {
    const {
        address,
        address6,
        aliases = [],
        maintenance = false,
        onDelete = config.onDelete ?? "keep",
        ssh,
        hostsFile,
        fstab,
        interfaces,
        smartd,
        temperature,
        ipmievd,
        nodeExporter,
        logDigest,
        ...unbuilt
    } = mergeConcerns(config.defaults ?? {}, own);
    const fileOf = (setting: "hostsFile" | "fstab" | "interfaces") => (path: string) => {
        const given = own[setting];
        // A node may add to a file that `defaults` name.
        const isOwn = typeof given === "object" && "file" in given;
        return read(path, [...(isOwn ? ["nodes", name] : ["defaults"]), setting, "file"]);
    };
    const settings = {
        hostsFile: resolveHostsFile(hostsFile, fileOf("hostsFile")),
        fstab: resolveFstab(fstab, fileOf("fstab")),
        interfaces: resolveInterfaces(interfaces, fileOf("interfaces")),
        smartd: resolveSmartd(smartd, config),
        temperature: resolveTemperature(temperature),
        ipmievd: settingsOf("ipmievd", ipmievd) !== undefined,
        nodeExporter: resolveNodeExporter(nodeExporter, config),
        logDigest: resolveLogDigest(logDigest),
    } satisfies Record<NodeSetting, unknown>;
    const sendsMail =
        config.mail !== undefined ||
        Object.values(concerns).some((concern) => concern.sendsMail && settings[concern.setting]);
    return {
        ...unbuilt,
        identity: { name, domain: config.domain, address, address6, aliases },
        host: hostArgs(config, name, { address, ssh }),
        maintenance,
        onDelete,
        ...settings,
        mail: sendsMail ? resolveMail(config, name) : undefined,
    };
}

function resolveHost(config: FleetConfig, name: string, own: HostConfig): FleetHost {
    const { address, address6, maintenance = false, onDelete = config.onDelete ?? "keep", ssh, nodeExporter } = own;
    return {
        identity: { name, domain: config.domain, address, address6 },
        host: hostArgs(config, name, { address, ssh }),
        maintenance,
        onDelete,
        nodeExporter: resolveNodeExporter(mergeSettings(config.defaults?.nodeExporter, nodeExporter), config),
    };
}

function hostArgs(config: FleetConfig, name: string, { address, ssh }: Pick<HostConfig, "address" | "ssh">): HostArgs {
    return { address, ...config.ssh, ...withoutHost(ssh), name };
}

/** In the resource's arguments the SSH target is called `address`. */
function withoutHost(ssh: NodeConfig["ssh"]): Partial<HostArgs> {
    const { host, ...rest } = ssh ?? {};
    return host === undefined ? rest : { ...rest, address: host };
}

function deepFreeze<T>(value: T): T {
    if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
        Object.freeze(value);
        Object.values(value).forEach(deepFreeze);
    }
    return value;
}
