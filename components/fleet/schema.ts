/** The shape of `holdfast:fleet`, as a user writes it. What spans several fields is in `checks.ts` and `settings/`. */
import { z } from "zod";
import type { NodeSetting, unbuiltSettings } from "../table";
import { commandKeywords } from "../../model/interfaces/keywords";
import { normalizeKeyword } from "../../model/interfaces/parse";
import { nearest } from "../../model/lint/nearest";
import * as value from "../../model/fleet/values";

const flag = z.boolean({ error: "expected true or false" });

/** An object whose unknown keys are faults, one line of message per key, with the known key that was probably meant. */
function object<Shape extends z.core.$ZodLooseShape>(shape: Shape, expected = "an object") {
    const known = Object.keys(shape);
    return z.strictObject(shape, {
        error: (issue) =>
            issue.code === "unrecognized_keys"
                ? issue.keys.map((key) => unknownKey(key, known)).join("\n")
                : `expected ${expected}`,
    });
}

function unknownKey(key: string, known: readonly string[]): string {
    if (known.length === 0) return "unknown key; this has no settings: expected true or false";
    const meant = nearest(key, known);
    return meant ? `unknown key; did you mean ${meant}?` : `unknown key; known are ${known.join(", ")}`;
}

/** A concern that has defaults of its own: its settings, `true`, or `false` for off. */
function concern<Shape extends z.core.$ZodLooseShape>(shape: Shape) {
    const settings = object(shape);
    return z.union([settings, flag], { error: "expected settings, true, or false" });
}

const proxy = object({
    host: value.sshTarget,
    port: value.port.optional(),
    user: value.user.optional(),
    hostKey: value.hostKey.optional(),
});
/** For every host. A host key is never shared, so it has no place here. */
const sshDefaults = {
    port: value.port.optional(),
    user: value.user.optional(),
    sudo: flag.optional().describe("run the program on the node through `sudo -n`; by default for every user but root"),
    proxy: proxy.optional().describe("jump host"),
};
const ssh = object({
    host: value.sshTarget.optional().describe("what to connect to; by default the address"),
    hostKey: value.hostKey
        .optional()
        .describe("pinned host key, as ssh-keyscan prints it after the name; without it known_hosts decides"),
    ...sshDefaults,
});

const hostsFile = object(
    {
        file: value.projectFile
            .optional()
            .describe("keep this file of the project, comments and all, with the fewest edits"),
        extra: z
            .array(
                object({
                    address: value.anyAddress,
                    names: z.array(value.anyName).min(1, { error: "expected at least one name" }),
                }),
            )
            .optional()
            .describe("further lines of /etc/hosts"),
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
    essential: flag.optional().describe("the node must not boot without it: no nofail, no time limit"),
});
const fstab = z.union(
    [
        z
            .array(fstabEntry)
            .min(1, { error: "expected at least the entry of / (leave fstab out to have the file left alone)" }),
        object({
            file: value.projectFile.describe("keep this file of the project, comments and all, with the fewest edits"),
            essential: z
                .array(value.mountTarget)
                .optional()
                .describe("mount points that the node must not boot without"),
        }),
        z.literal(false),
    ],
    { error: "expected a list of entries, { file: … }, or false" },
);

const optionValue = z.union([z.string(), z.number(), flag, z.array(z.union([z.string(), z.number()])).min(1)], {
    error: "expected text, a number, true, false, or a list of texts and numbers",
});
const stanza = object({
    name: value.linkName,
    auto: flag.optional().describe("bring it up at boot"),
    /** Classes of `allow-CLASS`: hotplug, ovs, or the name of an OVS bridge. */
    allow: z.array(value.linkName).optional(),
    family: z.enum(["inet", "inet6"], { error: "expected inet or inet6" }).optional(),
    method: z.enum(["loopback", "manual", "static", "dhcp", "auto"], {
        error: "expected loopback, manual, static, dhcp or auto",
    }),
    options: z.record(value.optionName, optionValue).superRefine(checkOptions).optional(),
    comments: z.array(value.commandLine).optional().describe("lines after the options, where Proxmox keeps them"),
});

/** Hook lines are shell commands by definition (interfaces(5)); nothing else may look like one. */
function checkOptions(options: Record<string, unknown>, context: z.core.$RefinementCtx): void {
    for (const [name, given] of Object.entries(options)) {
        const schema = commandKeywords.has(normalizeKeyword(name)) ? value.commandLine : value.optionText;
        for (const item of Array.isArray(given) ? given : [given]) {
            const result = schema.safeParse(String(item));
            if (!result.success)
                context.addIssue({
                    code: "custom",
                    path: [name],
                    input: item,
                    message: result.error.issues[0]?.message,
                });
        }
    }
}

const interfaces = z.union(
    [
        object({
            file: value.projectFile.optional().describe("take this file of the project as it is"),
            source: z.array(value.sourcePattern).optional().describe("files to read as well, as in interfaces(5)"),
            stanzas: z.array(stanza).min(1, { error: "expected at least one stanza" }).optional(),
            apply: z
                .enum(["boot", "reload"], { error: "expected boot or reload" })
                .optional()
                .describe("when the new file takes effect; boot by default, and the only one yet"),
            confirmWindow: value.seconds
                .optional()
                .describe("seconds after which the node reverts a reload that nobody confirms; 120 by default"),
        }),
        z.literal(false),
    ],
    { error: "expected { file: … }, { stanzas: … }, or false" },
);

/** What happens at the limit: mail only, or a graceful shutdown. */
const action = z
    .enum(["alert", "shutdown"], { error: "expected alert or shutdown" })
    .optional()
    .describe("at the limit: a mail, or a graceful shutdown");
const smartdDevice = z.union(
    [
        value.smartdPath,
        object({
            device: value.smartdPath,
            type: value.smartdType.optional(),
            action,
            temperature: object({
                difference: value.smartdCelsius.optional(),
                informal: value.smartdCelsius.optional(),
                critical: value.smartdCelsius.optional(),
            }).optional(),
        }),
    ],
    { error: "expected a /dev/disk/by-id/… path, or { device, type, action, temperature }" },
);
const smartdDevices = z.union(
    [z.literal("auto"), z.array(smartdDevice).min(1, { error: "expected at least one disk, or auto" })],
    { error: "expected auto, or a list of /dev/disk/by-id/… paths" },
);

const temperature = {
    warning: value.celsius.optional().describe("°C; mail; 75 by default"),
    critical: value.celsius.optional().describe("°C; the action; 90 by default"),
    action,
    /** Sensors that lie: a chip, a driver, or either with a label. */
    ignore: z.array(value.sensorName).optional().describe("sensors that lie"),
    schedule: z
        .enum(["timer", "cron"], { error: "expected timer or cron" })
        .optional()
        .describe("what runs it every five minutes; timer by default"),
};

const nodeExporter = {
    port: value.port.optional().describe("9100 by default"),
    /** Further command line arguments. */
    args: z.array(value.exporterArgument).optional().describe("further arguments of prometheus-node-exporter"),
    /** Files on the node, readable by the group `prometheus`. */
    tls: object({ certificate: value.absolutePath, key: value.absolutePath })
        .optional()
        .describe("files on the node, readable by the group prometheus"),
    /** Password hashes by user, as `htpasswd -nBC 10 ""` prints them after the colon. */
    basicAuth: z.record(value.user, value.bcryptHash).optional().describe("bcrypt hash by user"),
};

/** By concern; the same under `defaults` and under a node. */
const concerns = {
    hostsFile: hostsFile.optional().describe("/etc/hosts; always managed"),
    fstab: fstab.optional().describe("/etc/fstab, whole, or a file that is kept; only where declared"),
    interfaces: interfaces.optional().describe("/etc/network/interfaces; only where declared"),
    smartd: concern({ devices: smartdDevices.optional().describe("auto, or each disk"), action })
        .optional()
        .describe("/etc/smartd.conf and what a failing disk leads to; on by default"),
    temperature: concern(temperature).optional().describe("a look at the sensors every five minutes; on by default"),
    ipmievd: concern({}).optional().describe("events of the BMC in the log; on by default"),
    nodeExporter: concern(nodeExporter)
        .optional()
        .describe("metrics for the monitoring hosts, a closed port for all others; on by default"),
    logDigest: concern({ time: value.timeOfDay.optional().describe("when, HH:MM; 06:30 by default") })
        .optional()
        .describe("yesterday's errors of the journal by mail; off by default"),
    bootReadiness: concern({})
        .optional()
        .describe("would this node survive a reboot now? Accepted, and not applied yet"),
    configBackup: concern({ target: value.backupTarget })
        .optional()
        .describe("nightly, encrypted; off without a target. Accepted, and not applied yet"),
} satisfies Record<NodeSetting | (typeof unbuiltSettings)[number], z.ZodType>;

const onDelete = z.enum(["keep", "restore"], { error: "expected keep or restore" });
const reach = {
    address: value.address.describe("what the host's own name resolves to"),
    address6: value.address6.optional().describe("the same in IPv6"),
    maintenance: flag.optional().describe("true: not contacted; its state and its line in the peers' hosts files stay"),
    ssh: ssh.optional().describe("how to reach it"),
    onDelete: onDelete.optional().describe("of this one; the fleet's by default"),
};
const node = object({ ...reach, aliases: z.array(value.anyName).optional().describe("further names"), ...concerns });
const host = object({
    ...reach,
    roles: z.array(z.enum(["docker", "monitoring"], { error: "expected docker or monitoring" })).optional(),
    nodeExporter: concerns.nodeExporter,
});

export const fleetSchema = object({
    domain: value.domainName.optional(),
    ssh: object(sshDefaults).optional().describe("for every host; a host's own wins"),
    mail: object({
        to: z
            .union(
                [
                    value.mailAddress,
                    z.array(value.mailAddress).min(1, { error: "expected a mail address, or a list of at least one" }),
                ],
                { error: "expected a mail address, or a list of them" },
            )
            .describe("who is told"),
        from: value.mailAddress.optional().describe("holdfast@NODE.DOMAIN by default"),
        relay: value.mailRelay.optional().describe("smtp:// or smtps:// for nodes without a mail server of their own"),
        user: value.mailUser.optional().describe("at the relay; the password is the secret holdfast:mailPassword"),
    })
        .optional()
        .describe("who gets what the watch on the hardware has to say"),
    monitoring: object({
        hosts: z
            .array(value.address)
            .min(1, { error: "expected at least one address" })
            .describe("the only addresses that may scrape"),
    }).optional(),
    rollout: object({
        canary: z
            .array(value.hostName)
            .optional()
            .describe("nodes that get risky changes first; by default the first by name"),
        batch: value.batchSize.optional().describe("nodes at a time after that; 1 by default"),
    }).optional(),
    onDelete: onDelete
        .optional()
        .describe(
            "what `pulumi destroy`, or taking a node or concern out of the stack, does: keep the files as they are (default), or restore what stood there before Holdfast",
        ),
    defaults: object(concerns).optional().describe("any concern's settings, for every node that has none of its own"),
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
