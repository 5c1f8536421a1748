/** Rules on single lines: what never belongs into the file, and what ifupdown2 reads differently from what is meant. */
import { finding, type Finding } from "../../lint/finding";
import { lintText, strayLine } from "../../lint/text";
import { invisibleBlank } from "../lines";
import { isStanza, type LogicalLine } from "../parse";
import type { Subject } from "./subject";

export function textRules({ content }: Subject): Finding[] {
    // A lone carriage return ends a line here, see lines.ts.
    return lintText(content.replace(/\r(?!\n)/g, "\r\n"), { strict: true });
}

/**
 * ifupdown2 strips lines of spaces and tabs alone, and gateways not even of blanks behind them; elsewhere each kind
 * splits words.
 */
export function invisibleBlanks({ document }: Subject): Finding[] {
    const inBody = new Set(document.items.flatMap((item) => (isStanza(item) ? item.body.map(({ line }) => line) : [])));
    return linesOf(document).flatMap((line) =>
        line.physical.flatMap((text, offset) => {
            const index = text.search(invisibleBlank);
            if (index === -1 || line.tokens[0]?.text.startsWith("#")) return [];
            const [first, second] = line.tokens;
            const lost = first?.text === "" && !(inBody.has(line) && (!second || second.text.startsWith("#")));
            const severity = lost || /^\s*gateway\s.*[^\S \t\r]$/.test(text) ? "error" : "warning";
            const code = text.charCodeAt(index).toString(16).toUpperCase().padStart(4, "0");
            const effect =
                severity === "error"
                    ? "ifupdown2 does not understand the line with it"
                    : "not every program takes it for a blank";
            return [
                finding(
                    "invisible-blank",
                    severity,
                    { line: line.line + offset, column: index + 1 },
                    `Invisible blank U+${code}: ${effect}. Replace it by a space or tab.`,
                ),
            ];
        }),
    );
}

export function strayLines(subject: Subject): Finding[] {
    return statementLines(subject).flatMap((line) => {
        const stray = strayPart(line);
        if (!stray || line.tokens[0]!.text === "") return [];
        const message = `This is ${stray.what}, not configuration. Delete the line.`;
        return [finding("stray-line", "error", stray, message)];
    });
}

/** Whether the line is no configuration at all, so that no other rule need look at it. */
export function isStray(line: LogicalLine): boolean {
    return strayPart(line) !== undefined;
}

/**
 * Where python3-mako is installed ifupdown2 renders a file that holds a `%` through it, as root (tried with Mako
 * 1.2.4): `%` at the start of a line is code then, as is what stands in `<% %>`, in a comment too; and `${…}` anywhere
 * is an expression of Python, of which one that fails, as `${IFACE}` does, leaves the whole file as it was. Without
 * Mako a `%` does nothing.
 */
export function templateSyntax({ document, content, context: { facts } }: Subject): Finding[] {
    const hasMako = facts?.tools?.mako;
    const hasExpression = content.includes("${");
    return linesOf(document).flatMap((line) => {
        const comment = line.tokens[0]?.text.startsWith("#");
        const index = line.physical.findIndex((text) => text.includes(comment ? "<%" : "%"));
        if (index === -1) return [];
        const place = { line: line.line + index, column: line.physical[index]!.indexOf(comment ? "<%" : "%") + 1 };
        const isCode = /^\s*%|<%/.test(line.physical[index]!);
        const severity = hasMako && (isCode || hasExpression) ? "error" : "warning";
        const where = hasMako
            ? ""
            : hasMako === false
              ? ", once python3-mako is installed,"
              : ", where python3-mako is installed,";
        const effect = isCode
            ? `ifupdown2 runs this as Python code${where} as root`
            : `A '%' anywhere makes ifupdown2${where} take the whole file for a template, in which every \${…} is an expression of Python`;
        return [
            finding("percent-sign", severity, place, `${effect}. Remove the '%', or move the command into a script.`),
        ];
    });
}

/** ifupdown2 joins lines at every backslash, also in comments, and turns one inside a line into a space. */
export function backslashes({ document }: Subject): Finding[] {
    return linesOf(document).flatMap((line) => {
        const comment = line.tokens[0]?.text.startsWith("#") === true;
        const swallows = comment ? /^[^\s#]/ : /^(?:auto|iface|source|source-directory|mapping|allow-\S+)\s+\S/;
        const swallowed = line.physical.findIndex((text, index) => index > 0 && swallows.test(text.trim()));
        if (swallowed !== -1) {
            const place = { line: line.line + swallowed, column: line.physical[swallowed]!.search(/\S/) + 1 };
            return [
                finding(
                    "swallowed-line",
                    "error",
                    place,
                    `A backslash joins this line to the ${comment ? "comment" : "line"} above, so it is not read on its own. Remove the backslash.`,
                ),
            ];
        }
        const token = comment ? undefined : line.tokens.find(({ text }) => text.includes("\\"));
        if (!token) return [];
        return [
            finding(
                "backslash",
                "warning",
                token,
                "ifupdown2 replaces a backslash inside a line by a space. Move the command into a script, or write it without a backslash.",
            ),
        ];
    });
}

interface StrayPart {
    readonly what: string;
    readonly line: number;
    readonly column: number;
}

/** Nearly every rule asks, of every line. */
const known = new WeakMap<LogicalLine, StrayPart | "none">();

function strayPart(line: LogicalLine): StrayPart | undefined {
    let part = known.get(line);
    if (part === undefined) known.set(line, (part = findStrayPart(line) ?? "none"));
    return part === "none" ? undefined : part;
}

/** In hosts a network's name may start like this; `local` and `broadcast` are options here. */
export const routeWithoutLink =
    /^\s*(?:blackhole|unreachable|prohibit|throw) (?:default|[0-9a-fA-F]*[.:][0-9a-fA-F.:]*(?:\/\d+)?|\d+\/\d+)(?:\s|$)/;

function findStrayPart(line: LogicalLine): StrayPart | undefined {
    if (line.tokens.length === 0 || line.tokens[0]!.text.startsWith("#")) return undefined;
    for (const [index, text] of line.physical.entries()) {
        const what = strayLine(text) ?? (routeWithoutLink.test(text) ? "output of `ip route`" : undefined);
        // A continued `post-up ip route add \` may well go on with `default via … dev …`.
        if (what && !(index > 0 && what === "output of `ip route`"))
            return { what, line: line.line + index, column: text.search(/\S/) + 1 };
    }
    const keyword = line.tokens[0]!;
    return /^[A-Za-z][\w.-]*$/.test(keyword.text) ? undefined : { ...keyword, what: "no keyword of interfaces(5)" };
}

function statementLines(subject: Subject): LogicalLine[] {
    return linesOf(subject.document).filter((line) => line.tokens.length > 0);
}

function linesOf(document: Subject["document"]): LogicalLine[] {
    return document.items.flatMap((item) => [
        item.line,
        ...(isStanza(item) ? item.body.map((entry) => entry.line) : []),
    ]);
}
