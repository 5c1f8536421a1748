/** Lines that got into a configuration file by a slip of redirection or pasting: incident B was one of these. */
import { familyOf } from "../values/address";

export interface StrayPattern {
    readonly what: string;
    readonly pattern: RegExp;
    /** A line that is one all the same: a valid line that looks alike. */
    readonly except?: RegExp;
}

const month = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)";
const linkState = "(?:UP|DOWN|UNKNOWN|LOWERLAYERDOWN|DORMANT|NOTPRESENT|TESTING)";
const routeDetail =
    "(?:proto (?:kernel|static|boot|dhcp|ra|bird|zebra|\\d+)|scope (?:link|host|global|\\d+)|metric \\d+|src [0-9a-fA-F.:]+|uid \\d+|onlink|linkdown)";
const mac = "[0-9a-f]{2}(?::[0-9a-f]{2}){5}";

/**
 * Matched against the line without leading blanks. Every pattern needs something that no valid line has at that place:
 * a hosts line starts with an address, an fstab line has an absolute path or `none` second, and an interfaces line
 * starts with a keyword.
 */
export const strayPatterns: readonly StrayPattern[] = [
    { what: "output of `ip link`", pattern: /^\d+: \S+: <[A-Z0-9_,-]*>/ },
    { what: "output of `ip link`", pattern: /^link\/\S+ / },
    { what: "output of `ip addr`", pattern: /^inet6? [0-9a-fA-F:.]+(?:[/ ]|$)/ },
    { what: "output of `ip addr`", pattern: /^valid_lft \S+ preferred_lft / },
    { what: "output of `ip -s link`", pattern: /^[RT]X(?: errors)?: +(?:bytes|length|crc|aborted)\b/ },
    {
        what: "output of `ip -br`",
        pattern: new RegExp(
            `^\\S+\\s+${linkState}\\s+(?:${mac}\\b|<[A-Z]|\\d+\\.\\d+\\.\\d+\\.\\d+/|[0-9a-f]*:[0-9a-f:]*/\\d)`,
            "i",
        ),
    },
    { what: "output of `ip -br`", pattern: /^\S+\s+(?:UP|DOWN|UNKNOWN)\s+[0-9a-f.:]+ peer [0-9a-f.:]+\/\d+/i },
    { what: "output of `ip -d link`", pattern: /^vlan protocol 802\.1(?:q|ad) id \d+/i },
    { what: "output of `ip route`", pattern: /^default (?:via \S+ )?dev \S+/ },
    {
        what: "output of `ip route`",
        pattern: new RegExp(
            `^(?:(?:local|broadcast|multicast|anycast|unreachable|blackhole|prohibit) )?[0-9a-fA-F.:]+(?:/\\d+)? (?:via \\S+ )?dev \\S+ (?:.* )?${routeDetail}(?: |$)`,
        ),
    },
    {
        what: "output of `ip route`",
        pattern:
            /^(?:\d+\.\d+\.\d+\.\d+|[0-9a-f]*:[0-9a-f:.]*)(?:\/\d+)? (?:from \S+ )?via (?:inet6? )?(?:\d+\.\d+\.\d+\.\d+|[0-9a-f]*:[0-9a-f:.]*) dev \S+(?: |$)/i,
    },
    { what: "output of `ip route`", pattern: /^(?:\d+\.\d+\.\d+\.\d+|[0-9a-f]*:[0-9a-f:.]*)\/\d+ dev \S+(?: |$)/i },
    { what: "output of `route`", pattern: /^(?:Kernel IP routing table$|Destination +Gateway +Genmask +Flags )/ },
    { what: "output of `route`", pattern: /^\S+\s+\S+\s+\d+\.\d+\.\d+\.\d+\s+[U!][A-Z!]*\s+\d+\s+\d+\s+\d+\s+\S+$/ },
    { what: "output of `ip route`", pattern: /^nexthop via \S+ / },
    {
        what: "output of `ip neigh`",
        pattern: new RegExp(`^[0-9a-fA-F.:]+ dev \\S+ (?:lladdr ${mac} |(?:FAILED|INCOMPLETE)$)`),
    },
    { what: "output of `brctl show`", pattern: /^bridge name\s+bridge id\s/ },
    { what: "output of `brctl show`", pattern: /^\S+\s+[0-9a-f]{4}\.[0-9a-f]{12}(?:\s|$)/ },
    { what: "output of `ovs-vsctl show`", pattern: /^(?:Bridge|Port|Interface) \S+$/ },
    { what: "output of `ovs-vsctl show`", pattern: /^ovs_version: / },
    { what: "output of `ifconfig`", pattern: /^\S+: flags=\d+</ },
    { what: "output of `ifconfig`", pattern: /^\S+ +Link encap:/ },
    { what: "output of `ifconfig`", pattern: new RegExp(`^ether ${mac} +txqueuelen `) },
    { what: "output of `ifconfig`", pattern: /^[RT]X (?:packets|errors|bytes)[ :]/ },
    { what: "output of `blkid`", pattern: /^\/dev\/\S+: (?:.* )?(?:UUID|TYPE|LABEL|PARTUUID|PARTLABEL|PTTYPE)="/ },
    { what: "output of `lsblk`", pattern: /^(?:NAME +(?:MAJ:MIN|FSTYPE) |[├└│])/ },
    {
        what: "output of `lsblk`",
        pattern: /^\S+ +\d+:\d+ +[01] +\S+ +[01] +(?:disk|part|rom|loop|lvm|crypt|raid\d+)(?: |$)/,
    },
    { what: "output of `mount`", pattern: /^\S+ on \/\S* type \S+ \(/ },
    { what: "output of `df`", pattern: /^Filesystem\s.*\sMounted on$/ },
    { what: "output of `df`", pattern: /^\S+\s+\S+\s+\S+\s+\S+\s+\d+% +\/\S*$/ },
    // An sshfs source such as root@nas:/srv/disk# is the one valid line of this shape.
    { what: "a shell prompt", pattern: /^[\w.-]+@[\w.-]+:[~/]\S*[#$](?: |$)/, except: /^\S+\s+\/\S*\s+(?:fuse|sshfs)/ },
    { what: "a shell prompt", pattern: /^\[[\w.-]+@[\w.-]+ [^\]]+\][#$]/ },
    { what: "a shell prompt", pattern: /^\$ \S/ },
    { what: "a shell's error message", pattern: /^-?(?:ba|z|da)?sh: / },
    { what: "a program's message", pattern: /^(?:warning|error|info): /i },
    { what: "output of `systemctl status`", pattern: /^[●○×] \S+/ },
    { what: "a log line", pattern: new RegExp(`^${month} [ \\d]\\d \\d\\d:\\d\\d:\\d\\d `) },
    { what: "a log line", pattern: /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d/ },
    { what: "a log line", pattern: /^(?:<\d+>)?\[ *\d+\.\d{3,}\]/ },
    { what: "a log line", pattern: /^-- (?:Journal begins|Logs begin|Boot [0-9a-f]{32}|No entries)/ },
    { what: "a merge conflict marker", pattern: /^(?:<{7} |={7}$|>{7} |\|{7} )/ },
    { what: "a line of a diff", pattern: /^(?:@@ -\d|diff --git |\+\+\+ \S*\/|--- \S*\/)/ },
    { what: "the end marker of a here-document", pattern: /^(?:EOF|EOT|END)$/ },
];

/**
 * What a line is, as a noun phrase ("output of `ip link`"), where it cannot belong into hosts, fstab or interfaces.
 * Takes one logical line, without its newline; lines continued with a backslash have to be joined first.
 */
export function strayLine(line: string): string | undefined {
    const text = line.trim();
    return isBriefLink(text)
        ? "output of `ip -br`"
        : strayPatterns.find(({ pattern, except }) => pattern.test(text) && !except?.test(text))?.what;
}

/** Its first group is the link's name. */
export const briefLink = new RegExp(`^(\\S{1,31}) +${linkState}$`);

/** `ip -br` of a link without address: nothing but iproute2's column width (17) tells it from `hostname DOWN`. */
function isBriefLink(text: string): boolean {
    const match = briefLink.exec(text);
    return (
        match !== null && familyOf(match[1]!) === undefined && text.lastIndexOf(" ") === Math.max(16, match[1]!.length)
    );
}
