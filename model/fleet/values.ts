/**
 * The single values of `holdfast:fleet`. Each is strict enough that nothing hostile passes: no line break, no shell
 * syntax, ASCII only.
 */
import { z } from "zod";
import { familyOf, isReachable } from "../values/address";
import { deviceTypes } from "../smartd/directives";
import { text, wholeNumber } from "../values/value";

export { hostKey, port, sshTarget, user } from "../values/ssh";

const label = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?";
/** The names that stand in every hosts file. */
const reserved = "(?:localhost|ip6-localhost|ip6-loopback|ip6-allnodes|ip6-allrouters)";
const domain = `${label}(?:\\.${label})*`;

/** Loopback included: further lines of /etc/hosts may point anywhere. */
export const anyAddress = z.union([z.ipv4(), z.ipv6()], {
    error: "expected an IPv4 or IPv6 address without prefix length",
});
const reachable = {
    error: "expected an address that other hosts can reach, not a loopback, link-local, multicast or unspecified one",
};
export const address = anyAddress.refine(isReachable, reachable);
export const address6 = z
    .ipv6({ error: "expected an IPv6 address without prefix length", abort: true })
    .refine(isReachable, reachable);

/** First label of a host name: what `uname -n` prints. */
export const hostName = text(
    new RegExp(`^(?!${reserved}$)(?=.*[A-Za-z])${label}$`),
    "a host name without domain: letters, digits and hyphens, at most 63",
);
export const domainName = text(new RegExp(`^(?=.{1,190}$)(?=.*[A-Za-z])${domain}$`), "a domain name");
/** A name in /etc/hosts. */
export const anyName = text(
    new RegExp(`^(?!${reserved}(?:$|\\.))(?=.{1,253}$)(?=.*[A-Za-z])${domain}$`),
    "a host name, and none of those of localhost",
);

export const mailAddress = text(
    new RegExp(`^[A-Za-z0-9](?:[A-Za-z0-9_+-]|\\.(?=[A-Za-z0-9_+-])){0,63}(?:@${domain})?$`),
    "one mail address or local user, without line breaks",
);
export const mailRelay = text(
    new RegExp(`^smtps?://(?:${domain}|\\[[0-9A-Fa-f:]+\\])(?::[0-9]{1,5})?$`),
    "smtp://HOST:PORT or smtps://HOST:PORT",
    { abort: true },
)
    .refine((relay) => URL.canParse(relay) && Number(new URL(relay).port || 25) > 0, {
        error: "expected smtp://HOST:PORT or smtps://HOST:PORT, with a valid address and a port from 1 to 65535",
    })
    .refine((relay) => !isBrokenAddress(relay), { error: "expected a name or a whole address as the relay's host" });

/** A last label that is a number makes it an address to every resolver, in whatever notation. */
function isBrokenAddress(relay: string): boolean {
    const { hostname } = URL.canParse(relay) ? new URL(relay) : { hostname: "" };
    return /(?:^|\.)(?:\d+|0x[0-9a-f]*)$/i.test(hostname) && familyOf(hostname) !== 4;
}

/** Its password is a secret of its own: holdfast:mailPassword. */
export const mailUser = text(/^[A-Za-z0-9][A-Za-z0-9@._+-]{0,127}$/, "a user name at the relay");

/** Listening address and web config are the concern's own. No blank: systemd splits the line there. */
export const exporterArgument = text(
    /^--(?!web\.)(?:no-)?[a-z][a-z0-9.-]*(?:=[A-Za-z0-9_.,:=/@^$|()[\]*+?-]*)?$/,
    "an argument of prometheus-node-exporter such as --no-collector.zfs, other than --web.…",
);
export const bcryptHash = text(
    /^\$2[aby]\$(?:0[4-9]|[12]\d|3[01])\$[./A-Za-z0-9]{53}$/,
    'a bcrypt hash, as `htpasswd -nBC 10 ""` prints it after the colon',
);

const backupPath = "(?:/(?!\\.{1,2}(?:/|$))[A-Za-z0-9._@:+=~-]+)+";
const backupUrl = `https?://${domain}(?::[0-9]{1,5})?${backupPath}`;
/**
 * As restic writes it; `user@host:/path`, as rsync and ssh do, is sftp. No login stands in it: that is a secret of its
 * own.
 */
export const backupTarget = text(
    new RegExp(
        `^(?:(?:sftp:)?[a-z_][a-z0-9_-]{0,31}@${domain}:${backupPath}|(?:rest|s3):${backupUrl}|${backupPath})/?$`,
    ),
    "sftp:USER@HOST:/PATH, rest:https://HOST:PORT/PATH, s3:https://HOST/BUCKET or a folder",
);
export const backupsKept = wholeNumber(1, 1000, "how many");

/** °C; what real hardware can reach (FACTS.md, "Thermal"). */
export const celsius = z
    .number({ error: "expected °C from 30 to 120" })
    .min(30, { error: "expected °C from 30 to 120" })
    .max(120, { error: "expected °C from 30 to 120" });
/**
 * A label may be anything; here it ends up between single quotes in a file that a shell reads, with `;` as separator.
 */
export const sensorName = text(
    /^[A-Za-z0-9_.:-]+(?:\/(?! )[A-Za-z0-9 _.:+()[\]{}<>°#%&@,=*/-]+)?$/,
    "a sensor as the watchdog logs it: coretemp, or nct6775-isa-0290/AUXTIN0",
);
export const timeOfDay = text(/^(?:[01]\d|2[0-3]):[0-5]\d$/, "a time of day such as 06:30");
export const seconds = wholeNumber(10, 3600, "seconds");
/**
 * A reload that nobody confirms is reverted after so long: too short for a slow switch, or too long to wait, helps
 * nobody.
 */
export const confirmWindow = wholeNumber(20, 1800, "seconds");
/** `192.0.2.1:53`, `[2001:db8::1]:53`, `nas.example.test:445`. */
export const tcpTarget = text(
    new RegExp(`^(?:${domain}|\\[[0-9A-Fa-f:]+\\]):[1-9][0-9]{0,4}$`),
    "ADDRESS:PORT, such as 192.0.2.1:53 or [2001:db8::1]:53",
    { abort: true },
).refine((target) => Number(/\d+$/.exec(target)?.[0]) < 65_536, { error: "expected a port from 1 to 65535" });
const webHost = `(?:${domain}|\\[[0-9A-Fa-f:]+\\])`;
/** No login stands in it. */
export const webAddress = text(
    new RegExp(`^https?://${webHost}(?::[1-9][0-9]{0,4})?(?:/[A-Za-z0-9._~/?&=%:+,@-]*)?$`),
    "http:// or https://, a host, and a path without blanks or quotes",
    { abort: true },
).refine((url) => URL.canParse(url), { error: "expected a web address with a valid host and port" });
export const pingTarget = text(new RegExp(`^(?:${domain}|[0-9A-Fa-f:]*:[0-9A-Fa-f:]+)$`), "an address or a host name");
/** As dig has it. */
export const dnsTarget = text(
    new RegExp(`^${domain}@${webHost}(?::[1-9][0-9]{0,4})?$`),
    "NAME@SERVER, such as wiki.example.test@192.0.2.53",
);
/** Of a probe, and in what is told of it. */
export const shortName = text(
    /^[A-Za-z0-9](?:[A-Za-z0-9._ -]{0,61}[A-Za-z0-9])?$/,
    "letters, digits, dots, hyphens, blanks inside, at most 63",
);
/** By what it is: a name alone is whatever a registry gives that day. */
export const imageByDigest = text(
    /^(?:[a-z0-9][A-Za-z0-9._:/-]{0,199}@)?sha256:[0-9a-f]{64}$/,
    "an image by its digest: NAME@sha256:… (or sha256:… of one that is there)",
);
/** Prometheus forgets a value after five minutes: one scrape may fail, and a rate of five minutes has two values. */
export const scrapeSeconds = wholeNumber(5, 120, "seconds");
export const retentionDays = wholeNumber(1, 3650, "days");
export const bootSeconds = wholeNumber(20, 1800, "seconds");
const atATime = "nodes at a time: a whole number up to 1000, a share of them such as 25%, or double";
const expected = { error: `expected ${atATime}` };
export const batchSize = z.union([
    z.int(expected).min(1, expected).max(1000, expected),
    text(/^(?:[1-9]\d?|100)%$/, atATime),
    z.literal("double"),
]);
export type BatchSize = z.infer<typeof batchSize>;
/** fs_freq and fs_passno of fstab(5). */
export const fstabNumber = wholeNumber(0, 9, "a digit");

/** A controller's node, such as /dev/bus/0, does not change its meaning with the order of detection. */
export const smartdPath = text(
    /^\/dev\/(?:disk\/by-(?:id|path)\/[A-Za-z0-9._:+-]+|bus\/\d+|tw[ael]\d+|sg\d+|cciss\/c\d+d\d+)$/,
    "a /dev/disk/by-id/… path (or /dev/bus/N of a RAID controller)",
);
/** Of smartd's -d, without those that name no kind of disk. */
export const smartdType = text(
    new RegExp(`^(?!(?:auto|removable|ignore|by-id)$)(?=[a-z0-9,+/-]+$)(?:${deviceTypes})$`),
    "a device type of smartd: ata, scsi, sat, nvme, megaraid,N, sat+megaraid,N, areca,N/E, 3ware,N, cciss,N, usbjmicron …",
);
/** 0 switches a limit off. */
export const smartdCelsius = wholeNumber(0, 120, "°C");

const segment = "(?!\\.{1,2}(?:/|$))[A-Za-z0-9._@:+=~-]+";
/** Absolute and clean: no `..`, no double or trailing slash. */
export const absolutePath = text(
    new RegExp(`^/(?:${segment}(?:/${segment})*)?$`),
    "an absolute path without ., .., // or a trailing /",
);
/** Of a file of the project: relative, forward slashes. */
export const projectFile = text(
    new RegExp(`^${segment}(?:/${segment})*$`),
    "a path inside the project, relative to Pulumi.yaml, without ..",
    {
        likely: (given) =>
            /^(?:\.\/+)+[^./]/.test(given)
                ? `a path without ./ in front: write ${given.replace(/^(?:\.\/+)+/, "")}`
                : undefined,
    },
);
export const mountTarget = text(
    new RegExp(`^(?:none|swap|/(?:${segment}(?:/${segment})*)?)$`),
    "an absolute mount point without .. or a trailing /, or none",
);
/** `UUID=…`, `LABEL=…`, `/dev/pve/root`, `server:/export`, `//server/share`, `[2001:db8::1]:/export`, `tmpfs`. */
export const fstabSource = text(
    /^(?!.*\/\.\.(?:\/|$))[A-Za-z0-9/[][A-Za-z0-9_/.:=@%+~[\]-]*$/,
    "UUID=…, LABEL=…, /dev/disk/by-id/…, a network share or a pseudo file system",
);
export const fstype = text(/^[a-z0-9][a-z0-9._-]*$/, "a file system type");
export const mountOption = text(
    /^(?!.*\/\.\.(?:\/|$))[A-Za-z][A-Za-z0-9_.:=/@%+~[\]-]*$/,
    "one mount option per list item",
);

/** IFNAMSIZ - 1; a pattern or range of ifupdown2 belongs into a file. */
export const linkName = text(/^[A-Za-z0-9][A-Za-z0-9_.:-]{0,14}$/, "an interface name of at most 15 characters");
/**
 * Words that start a statement of their own, in ifupdown2 or in classic ifupdown: such a line would end the stanza and
 * read other files, or configure another interface.
 */
const statement =
    "(?:auto|iface|source|source-directory|mapping|vlan|rename|template|no-auto-.*|no-scripts|allow(?:-.*)?)";
export const optionName = text(new RegExp(`^(?!${statement}$)[a-z][a-z0-9_-]*$`), "an option name of interfaces(5)", {
    likely: (given) =>
        new RegExp(`^${statement}$`).test(given)
            ? "an option of the interface, not a word that starts a statement of its own: auto, allow, source and further stanzas have settings of their own"
            : undefined,
});
/** `%` would be rendered by ifupdown2 through Mako, as root; a trailing backslash would join the next line. */
export const commandLine = text(/^(?=\S)[ -$&-~]+(?<![\s\\])$/, "one line of printable ASCII without %");
export const optionText = text(
    /^(?=\S)(?!.*\$[({])[A-Za-z0-9 _.,:=/@+*?^$|()[\]{}\\!~-]+(?<![\s\\])$/,
    "one line without quotes, %, $(…) or other shell syntax",
);
export const sourcePattern = text(
    new RegExp("^/(?!.*(?:^|/)\\.\\.(?:/|$))[A-Za-z0-9._@:+=~*?/-]+$"),
    "an absolute path or glob",
);
