/** Which grammar a path belongs to: the one table that Check, Update and `holdfast lint` share. */
import type { Finding } from "./finding";
import type { LintContext } from "./lintContext";
import { lintFstab } from "./fstab/lint";
import { lintHosts } from "./hosts/lint";
import { lintInterfaces } from "./interfaces/lint";
import { lintText } from "./text";

export type FormatName = "hosts" | "fstab" | "interfaces" | "text";

type Lint = (content: string, context: LintContext) => Finding[];

const lints: Record<FormatName, Lint> = {
    hosts: lintHosts,
    fstab: lintFstab,
    interfaces: lintInterfaces,
    text: (content) => lintText(content),
};

/** The format of an absolute target path, or of a file given to `holdfast lint`; `text` where no grammar is known. */
export function formatOfPath(path: string): FormatName {
    const name = path.slice(path.lastIndexOf("/") + 1);
    if (/\/interfaces\.d\/[^/]+$/.test(path) || name === "interfaces" || name === "interfaces.new") return "interfaces";
    if (name === "hosts" || name === "fstab") return name;
    return "text";
}

/** Every finding of the format's rules, sorted by place. Pure: no I/O. */
export function lintContent(format: FormatName, content: string, context: LintContext = {}): Finding[] {
    return lints[format](content, context).sort((a, b) => a.line - b.line || a.column - b.column);
}
