/** Which grammar a path belongs to: the one table that Check, Update and `holdfast lint` share. */
import type { Finding } from "./finding";
import type { LintContext } from "./lintContext";
import { lintFstab } from "../fstab/lint";
import { lintHosts } from "../hosts/lint";
import { lintInterfaces, lintInterfacesFragment } from "../interfaces/lint";
import { lintSmartd } from "../smartd/lint";
import { lintSize } from "./limits";
import { lintText } from "./text";

/**
 * `interfaces.d` is a file that the main interfaces file sources; `alerts` what Prometheus or Alertmanager fills in
 * itself; `text` a file without a grammar here.
 */
export type FormatName = "hosts" | "fstab" | "interfaces" | "interfaces.d" | "smartd" | "alerts" | "text";

type Lint = (content: string, context: LintContext) => Finding[];

const lints: Record<FormatName, Lint> = {
    hosts: lintHosts,
    fstab: lintFstab,
    interfaces: lintInterfaces,
    "interfaces.d": lintInterfacesFragment,
    smartd: lintSmartd,
    alerts: (content) => lintText(content).filter(({ rule }) => rule !== "unrendered-template"),
    text: (content) => lintText(content),
};

/** The format of an absolute target path; `text` where no grammar is known. */
export function formatOfPath(path: string): FormatName {
    if (/(?:^|\/)interfaces\.d\/[^/]+$/.test(path)) return "interfaces.d";
    const name = path.slice(path.lastIndexOf("/") + 1);
    if (name === "interfaces.new") return "interfaces";
    if (name === "smartd.conf") return "smartd";
    if (name.endsWith(".rules.yml") || name === "alertmanager.yml") return "alerts";
    return name === "hosts" || name === "fstab" || name === "interfaces" ? name : "text";
}

/** `pve01-hosts`, `pve01.fstab`, `interfaces.bak`; but `hosts.allow` and `hosts.deny` have another grammar. */
const copyNames =
    /^(?:.+[.-])?(hosts|fstab|interfaces|smartd\.conf)(?:\.(?:new|txt|bak|orig|old|staged|dpkg-(?:new|old|dist)))*$/;

/**
 * The format that a file looks like, by name and then by content. For `holdfast lint` only: on a node the path alone
 * decides, since nothing managed may change its grammar with its content.
 */
export function guessFormat(path: string, content: string): FormatName {
    const byPath = formatOfPath(path);
    if (byPath !== "text") return byPath;
    const copyOf = copyNames.exec(path.slice(path.lastIndexOf("/") + 1))?.[1];
    if (copyOf) return formatOfPath(copyOf);
    if (/^[ \t]*(?:iface|auto|allow-\S+|source)[ \t]+\S/m.test(content)) return "interfaces";
    if (/^[ \t]*(?:DEVICESCAN|DEFAULT|\/dev\/\S+)[ \t]+-[A-Za-z]/m.test(content)) return "smartd";
    if (/^[ \t]*[^\s#]\S*[ \t]+(?:\/\S*|none|swap)[ \t]+\S+[ \t]+\S/m.test(content)) return "fstab";
    if (/^[ \t]*[0-9a-fA-F]*[.:][0-9a-fA-F.:]*[ \t]+[A-Za-z]/m.test(content)) return "hosts";
    return "text";
}

/**
 * Every finding of the format's rules, sorted by place; of a text that is too long to be checked, that alone. Pure: no
 * I/O.
 */
export function lintContent(format: FormatName, content: string, context: LintContext = {}): Finding[] {
    const tooLong = format === "text" ? [] : lintSize(content);
    if (tooLong.length > 0) return tooLong;
    return lints[format](content, context).sort((a, b) => a.line - b.line || a.column - b.column);
}
