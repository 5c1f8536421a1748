/** Which grammar a path belongs to: the one table that Check, Update and `holdfast lint` share. */
import type { Finding } from "./finding";
import type { LintContext } from "./lintContext";
import { lintFstab } from "./fstab/lint";
import { lintHosts } from "./hosts/lint";
import { lintInterfaces, lintInterfacesFragment } from "./interfaces/lint";
import { lintText } from "./text";

/** `interfaces.d` is a file that the main interfaces file sources; `text` a file without a grammar here. */
export type FormatName = "hosts" | "fstab" | "interfaces" | "interfaces.d" | "text";

type Lint = (content: string, context: LintContext) => Finding[];

const lints: Record<FormatName, Lint> = {
    hosts: lintHosts,
    fstab: lintFstab,
    interfaces: lintInterfaces,
    "interfaces.d": lintInterfacesFragment,
    text: (content) => lintText(content),
};

/** What a copy of a file may carry after its name. `hosts.allow` and `hosts.deny` have another grammar. */
const copySuffix = "(?:\\.(?:new|txt|bak|orig|old|staged|dpkg-(?:new|old|dist)))*";
const copyNames = new RegExp(`^(?:.+[.-])?(hosts|fstab|interfaces)${copySuffix}$`);

/**
 * The format of an absolute target path, or of a file given to `holdfast lint`: `/etc/fstab`, `nodes/pve01/interfaces`,
 * `pve01-hosts`, `interfaces.new`. `text` where no grammar is known.
 */
export function formatOfPath(path: string): FormatName {
    if (/(?:^|\/)interfaces\.d\/[^/]+$/.test(path)) return "interfaces.d";
    const match = copyNames.exec(path.slice(path.lastIndexOf("/") + 1));
    return (match?.[1] as "hosts" | "fstab" | "interfaces" | undefined) ?? "text";
}

/**
 * The format that a text of unknown name looks like. For `holdfast lint` only: on a node the path tells, and nothing
 * managed may change its grammar with its content.
 */
export function guessFormat(content: string): FormatName {
    if (/^[ \t]*(?:iface|auto|allow-\S+|source)[ \t]+\S/m.test(content)) return "interfaces";
    if (/^[ \t]*[^\s#]\S*[ \t]+(?:\/\S*|none|swap)[ \t]+\S+[ \t]+\S/m.test(content)) return "fstab";
    if (/^[ \t]*[0-9a-fA-F]*[.:][0-9a-fA-F.:]*[ \t]+[A-Za-z]/m.test(content)) return "hosts";
    return "text";
}

/** Every finding of the format's rules, sorted by place. Pure: no I/O. */
export function lintContent(format: FormatName, content: string, context: LintContext = {}): Finding[] {
    return lints[format](content, context).sort((a, b) => a.line - b.line || a.column - b.column);
}
