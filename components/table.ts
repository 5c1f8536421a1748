/**
 * The concerns: the one table from which the stack config, the components, the rollout, adopt, import and the reference know
 * them. What a row does not say, the compiler or tests/components/concerns.test.ts ask for; docs/writing-a-concern.md is the recipe.
 */
import type { FileArgs } from "../model/contract/fileSet";

interface Row {
    /** Class in the concern's folder. Part of every URN, as is the row's own name: neither ever changes. */
    readonly component: string;
    /** Key in the stack config, under `defaults` and under a node; `mail` stands beside the nodes. */
    readonly setting: string;
    /** `by default`: unless the setting is `false`, which is what adopt writes for a start. `where mail is sent`: by a concern that `sendsMail`. */
    readonly managed: "always" | "by default" | "where declared" | "where mail is sent";
    /** A node that has it gets the concern `mail` too. */
    readonly sendsMail: boolean;
    /** What a mistake in it can do to the node. All but `none` rolls out canary first, `power-off` where an `action` is `shutdown`. */
    readonly risk: "none" | "boot or network" | "power-off";
    /** Every file that it may manage: what `pulumi import` of `NODE/CONCERN` reads. */
    readonly files: Readonly<Record<string, Pick<FileArgs, "when" | "yields">>>;
}

export const concerns = {
    hosts: {
        component: "HostsFile",
        setting: "hostsFile",
        managed: "always",
        sendsMail: false,
        risk: "none",
        files: { "/etc/hosts": {}, "/etc/cloud/cloud.cfg.d/99-holdfast-hosts.cfg": { when: "/etc/cloud/cloud.cfg" } },
    },
    fstab: {
        component: "Fstab",
        setting: "fstab",
        managed: "where declared",
        sendsMail: false,
        risk: "boot or network",
        files: { "/etc/fstab": {}, "/etc/udev/rules.d/99-holdfast-fstab.rules": {} },
    },
    interfaces: {
        component: "NetworkInterfaces",
        setting: "interfaces",
        managed: "where declared",
        sendsMail: false,
        risk: "boot or network",
        files: { "/etc/network/interfaces": {} },
    },
    smartd: {
        component: "Smartd",
        setting: "smartd",
        managed: "by default",
        sendsMail: true,
        risk: "power-off",
        files: {
            "/etc/holdfast/smartd-policy": {},
            "/etc/smartd.conf": {},
            "/etc/smartmontools/run.d/60holdfast": {},
            "/etc/systemd/system/holdfast-nvme-selftest-long.timer": {},
            "/etc/systemd/system/holdfast-nvme-selftest-short.timer": {},
            "/etc/systemd/system/holdfast-nvme-selftest@.service": {},
            "/etc/systemd/system/smartmontools.service.d/holdfast.conf": {},
            "/usr/local/lib/holdfast/nvme-selftest": {},
        },
    },
    temperature: {
        component: "TemperatureWatchdog",
        setting: "temperature",
        managed: "by default",
        sendsMail: true,
        risk: "power-off",
        files: {
            "/etc/cron.d/holdfast-temperature": {},
            "/etc/holdfast/temperature.conf": {},
            "/etc/systemd/system/holdfast-temperature.service": {},
            "/etc/systemd/system/holdfast-temperature.timer": {},
            "/usr/local/lib/holdfast/temperature": {},
        },
    },
    ipmievd: {
        component: "Ipmievd",
        setting: "ipmievd",
        managed: "by default",
        sendsMail: true,
        risk: "none",
        files: {
            "/etc/systemd/system/holdfast-ipmi.service": {},
            "/etc/systemd/system/holdfast-sel.service": {},
            "/etc/systemd/system/holdfast-sel.timer": {},
            "/etc/systemd/system/ipmievd.service.d/holdfast.conf": {},
            "/etc/udev/rules.d/90-holdfast-ipmi.rules": {},
            "/usr/local/lib/holdfast/sel-fill": {},
        },
    },
    "node-exporter": {
        component: "NodeExporter",
        setting: "nodeExporter",
        managed: "by default",
        sendsMail: false,
        risk: "none",
        files: {
            "/etc/default/prometheus-node-exporter": {},
            "/etc/prometheus/node-exporter-web.yml": {},
            "/etc/systemd/system/prometheus-node-exporter.service.d/holdfast.conf": {},
            "/etc/tmpfiles.d/holdfast-node-exporter.conf": {},
        },
    },
    mail: {
        component: "Mail",
        setting: "mail",
        managed: "where mail is sent",
        sendsMail: false,
        risk: "none",
        files: {
            "/etc/holdfast/mail.conf": {},
            "/etc/msmtprc": { yields: true },
            "/etc/tmpfiles.d/holdfast-sendmail.conf": {},
            "/usr/local/lib/holdfast/mail": {},
        },
    },
    "log-digest": {
        component: "LogDigest",
        setting: "logDigest",
        // A node may well have a digest of its own.
        managed: "where declared",
        sendsMail: true,
        risk: "none",
        files: {
            "/etc/systemd/system/holdfast-log-digest.service": {},
            "/etc/systemd/system/holdfast-log-digest.timer": {},
            "/usr/local/lib/holdfast/log-digest": {},
        },
    },
} as const satisfies Readonly<Record<string, Row>>;

/** Second half of a FileSet's id: `pve01/hosts`. */
export type Concern = keyof typeof concerns;

export const concernNames = Object.keys(concerns) as Concern[];

/** `constructor` is a key of every object, and no concern. */
export function isConcern(name: string): name is Concern {
    return Object.hasOwn(concerns, name);
}

/** What a node has settings for. */
export type NodeSetting = Exclude<(typeof concerns)[Concern]["setting"], "mail">;

/** Accepted, validated, and not acted on yet. A concern that gets built moves from here into the table. */
export const unbuiltSettings = ["bootReadiness", "configBackup"] as const;

/** Settings with which a node has only what is always managed and what it declares itself. */
export const nothingByDefault: Readonly<Record<string, false>> = Object.fromEntries(
    Object.values(concerns).flatMap(({ managed, setting }) => (managed === "by default" ? [[setting, false]] : [])),
);
