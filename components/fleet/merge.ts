/** `defaults` under each node's own settings. */
import type { FleetConfig, NodeConfig } from "./schema";

export type Concerns = NonNullable<FleetConfig["defaults"]>;

/** A node's own setting wins, key by key; `false` turns a concern off, `true` turns it on with the defaults' settings. */
export function mergeConcerns(defaults: Concerns, own: NodeConfig): NodeConfig {
    const merged = {
        hostsFile: { ...defaults.hostsFile, ...own.hostsFile },
        fstab: own.fstab ?? defaults.fstab,
        interfaces: mergeInterfaces(defaults.interfaces, own.interfaces),
        smartd: mergeSettings(defaults.smartd, own.smartd),
        temperature: mergeSettings(defaults.temperature, own.temperature),
        ipmievd: mergeSettings(defaults.ipmievd, own.ipmievd),
        nodeExporter: mergeSettings(defaults.nodeExporter, own.nodeExporter),
        logDigest: mergeSettings(defaults.logDigest, own.logDigest),
        bootReadiness: mergeSettings(defaults.bootReadiness, own.bootReadiness),
        configBackup: mergeSettings(defaults.configBackup, own.configBackup),
    } satisfies Record<keyof Concerns, unknown>;
    return { ...own, ...merged };
}

export function mergeSettings<Settings extends object>(
    base: Settings | boolean | undefined,
    own: Settings | boolean | undefined,
): Settings | boolean | undefined {
    if (own === undefined || (own === true && typeof base === "object")) return base;
    return typeof own === "object" && typeof base === "object" ? { ...base, ...own } : own;
}

/** A node's own file replaces the defaults' stanzas, and the other way round: the two cannot be mixed. */
function mergeInterfaces(base: Concerns["interfaces"], own: Concerns["interfaces"]): Concerns["interfaces"] {
    if (own === undefined) return base;
    if (!own || !base) return own;
    const { file, source, stanzas, ...rest } = base;
    const content = own.file !== undefined || own.stanzas !== undefined ? {} : { file, source, stanzas };
    return { ...content, ...rest, ...own };
}
