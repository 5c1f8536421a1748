/** The shape of `holdfast:fleet`, as a user writes it. What spans several fields is in `checks.ts`. */
import leven from "leven";
import { z } from "zod";
import { commandKeywords } from "../interfaces/keywords";
import { normalizeKeyword } from "../interfaces/parse";
import * as value from "./values";

const flag = z.boolean({ error: "expected true or false" });

/** An object whose unknown keys are faults, one line of message per key, with the known key that was probably meant. */
function object<Shape extends z.core.$ZodLooseShape>(shape: Shape, expected = "an object") {
    const known = Object.keys(shape);
    return z.strictObject(shape, { error: (issue) => (issue.code === "unrecognized_keys" ? issue.keys.map((key) => unknownKey(key, known)).join("\n") : `expected ${expected}`) });
}

function unknownKey(key: string, known: readonly string[]): string {
    const [closest] = known.map((name) => ({ name, distance: leven(key.toLowerCase(), name.toLowerCase()) })).sort((a, b) => a.distance - b.distance);
    return closest && closest.distance <= Math.min(3, closest.name.length / 2) ? `unknown key; did you mean ${closest.name}?` : `unknown key; known are ${known.join(", ")}`;
}

/** A concern that has defaults of its own: its settings, `true`, or `false` for off. */
function concern<Shape extends z.core.$ZodLooseShape>(shape: Shape) {
    const settings = object(shape);
    return z.union([settings, flag], { error: "expected settings, true, or false" });
}

const proxy = object({ host: value.sshTarget, port: value.port.optional(), user: value.user.optional(), hostKey: value.hostKey.optional() });
/** For every host. A host key is never shared, so it has no place here. */
const sshDefaults = { port: value.port.optional(), user: value.user.optional(), sudo: flag.optional(), proxy: proxy.optional() };
const ssh = object({ host: value.sshTarget.optional(), hostKey: value.hostKey.optional(), ...sshDefaults });

const hostsFile = object(
    {
        file: value.projectFile.optional(),
        extra: z.array(object({ address: value.anyAddress, names: z.array(value.anyName).min(1, { error: "expected at least one name" }) })).optional(),
    },
    "settings: the hosts file is always managed",
);

const fstabEntry = object({
    source: value.fstabSource,
    target: value.mountTarget,
    fstype: value.fstype,
    options: z.array(value.mountOption).min(1, { error: "expected at least one option, such as defaults" }).optional(),
    freq: value.fstabNumber.optional(),
    passno: value.fstabNumber.optional(),
    essential: flag.optional(),
});
const fstab = z.union(
    [
        z.array(fstabEntry).min(1, { error: "expected at least one entry, or no fstab at all" }),
        object({ file: value.projectFile, essential: z.array(value.mountTarget).optional() }),
        z.literal(false),
    ],
    { error: "expected a list of entries, { file: … }, or false" },
);

const optionValue = z.union([z.string(), z.number(), flag, z.array(z.union([z.string(), z.number()])).min(1)], { error: "expected text, a number, true, false, or a list of texts and numbers" });
const stanza = object({
    name: value.linkName,
    auto: flag.optional(),
    /** Classes of `allow-CLASS`: hotplug, ovs, or the name of an OVS bridge. */
    allow: z.array(value.linkName).optional(),
    family: z.enum(["inet", "inet6"], { error: "expected inet or inet6" }).optional(),
    method: z.enum(["loopback", "manual", "static", "dhcp", "auto"], { error: "expected loopback, manual, static, dhcp or auto" }),
    options: z.record(value.optionName, optionValue).superRefine(checkOptions).optional(),
    comments: z.array(value.commandLine).optional(),
});

/** Hook lines are shell commands by definition (interfaces(5)); nothing else may look like one. */
function checkOptions(options: Record<string, unknown>, context: z.core.$RefinementCtx): void {
    for (const [name, given] of Object.entries(options)) {
        const schema = commandKeywords.has(normalizeKeyword(name)) ? value.commandLine : value.optionText;
        for (const item of Array.isArray(given) ? given : [given]) {
            const result = schema.safeParse(String(item));
            if (!result.success) context.addIssue({ code: "custom", path: [name], input: item, message: result.error.issues[0]?.message });
        }
    }
}

const interfaces = z.union(
    [
        object({
            file: value.projectFile.optional(),
            source: z.array(value.sourcePattern).optional(),
            stanzas: z.array(stanza).min(1, { error: "expected at least one stanza" }).optional(),
            apply: z.enum(["boot", "reload"], { error: "expected boot or reload" }).optional(),
            confirmWindow: value.seconds.optional(),
        }),
        z.literal(false),
    ],
    { error: "expected { file: … }, { stanzas: … }, or false" },
);

/** What happens at the limit: mail only, or a graceful shutdown. */
const action = z.enum(["alert", "shutdown"], { error: "expected alert or shutdown" }).optional();
const smartdDevice = z.union(
    [
        value.smartdPath,
        object({
            device: value.smartdPath,
            type: value.smartdType.optional(),
            action,
            temperature: object({ difference: value.smartdCelsius.optional(), informal: value.smartdCelsius.optional(), critical: value.smartdCelsius.optional() }).optional(),
        }),
    ],
    { error: "expected a /dev/disk/by-id/… path, or { device, type, action, temperature }" },
);
const smartdDevices = z.union([z.literal("auto"), z.array(smartdDevice).min(1, { error: "expected at least one disk, or auto" })], { error: "expected auto, or a list of /dev/disk/by-id/… paths" });

const temperature = {
    warning: value.celsius.optional(),
    critical: value.celsius.optional(),
    action,
    /** Sensors that lie: a chip, a driver, or either with a label. */
    ignore: z.array(value.sensorName).optional(),
    schedule: z.enum(["timer", "cron"], { error: "expected timer or cron" }).optional(),
};

const nodeExporter = {
    port: value.port.optional(),
    /** Further command line arguments. */
    args: z.array(value.exporterArgument).optional(),
    /** Files on the node, readable by the group `prometheus`. */
    tls: object({ certificate: value.absolutePath, key: value.absolutePath }).optional(),
    /** Password hashes by user, as `htpasswd -nBC 10 ""` prints them after the colon. */
    basicAuth: z.record(value.user, value.bcryptHash).optional(),
};

/** By concern; the same under `defaults` and under a node. */
export const concerns = {
    hostsFile: hostsFile.optional(),
    fstab: fstab.optional(),
    interfaces: interfaces.optional(),
    smartd: concern({ devices: smartdDevices.optional(), action }).optional(),
    temperature: concern(temperature).optional(),
    ipmievd: concern({}).optional(),
    nodeExporter: concern(nodeExporter).optional(),
    logDigest: concern({ time: value.timeOfDay.optional() }).optional(),
    bootReadiness: concern({}).optional(),
    configBackup: concern({ target: value.backupTarget }).optional(),
};

const reach = { address: value.address, address6: value.address6.optional(), maintenance: flag.optional(), ssh: ssh.optional() };
const node = object({ ...reach, aliases: z.array(value.anyName).optional(), ...concerns });
const host = object({ ...reach, roles: z.array(z.enum(["docker", "monitoring"], { error: "expected docker or monitoring" })).optional(), nodeExporter: concerns.nodeExporter });

export const fleetSchema = object({
    domain: value.domainName.optional(),
    ssh: object(sshDefaults).optional(),
    mail: object({ to: z.union([value.mailAddress, z.array(value.mailAddress).min(1)], { error: "expected a mail address, or a list of them" }), from: value.mailAddress.optional(), relay: value.mailRelay.optional(), user: value.mailUser.optional() }).optional(),
    monitoring: object({ hosts: z.array(value.address).min(1, { error: "expected at least one address" }) }).optional(),
    rollout: object({ canary: z.array(value.hostName).optional(), batch: value.batchSize.optional() }).optional(),
    defaults: object(concerns).optional(),
    nodes: z.record(value.hostName, node),
    hosts: z.record(value.hostName, host).optional(),
});

export type FleetConfig = z.infer<typeof fleetSchema>;
export type NodeConfig = z.infer<typeof node>;
export type HostConfig = z.infer<typeof host>;
export type FstabConfig = z.infer<typeof fstab>;
export type FstabEntryConfig = z.infer<typeof fstabEntry>;
export type InterfacesConfig = z.infer<typeof interfaces>;
export type StanzaConfig = z.infer<typeof stanza>;
