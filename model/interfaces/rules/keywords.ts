/** Rules on statements, option names and their values. */
import { finding, hasErrors, type Finding } from "../../lint/finding";
import { nearest } from "../../lint/nearest";
import { splitLines } from "../../lint/text";
import { commandKeywords, findKeyword, isKnownKeyword, suggestKeyword } from "../keywords";
import { isStanza, optionsOf, type Option, type Stanza } from "../parse";
import type { Subject } from "./subject";
import { isStray } from "./text";

export const statements = ["auto", "iface", "source", "source-directory", "mapping", "allow-hotplug", "allow-ovs"];
/** Of classic ifupdown's interfaces(5). */
export const classicStatements = new Set(["mapping", "no-auto-down", "no-scripts", "rename", "template"]);

/**
 * ifupdown2's own, `auto` of Proxmox's build, and those of classic ifupdown's interfaces(5) and its add-on packages.
 */
export const methods = new Set([
    "static",
    "manual",
    "loopback",
    "dhcp",
    "dhcp6",
    "ppp",
    "tunnel",
    "auto",
    "bootp",
    "wvdial",
    "ipv4ll",
    "v4tunnel",
    "6to4",
    "batman",
    "wireguard",
]);
export const families = new Set(["inet", "inet6", "ipx", "can"]);

/** Every word that ifupdown2 takes for yes or no. */
export const booleanWords = new Set(["yes", "no", "on", "off", "true", "false", "1", "0", "y", "n"]);

/** Lines outside any stanza that start no statement: classic ifupdown refuses the whole file, ifupdown2 exits 1. */
export function unknownStatements({ document }: Subject): Finding[] {
    return document.items.flatMap((item) => {
        if (item.kind !== "unknown" || isStray(item.line)) return [];
        const [keyword] = item.line.tokens;
        if (classicStatements.has(keyword!.text)) return [unsupported(keyword!)];
        const near = nearest(keyword!.text, statements);
        const remedy = isKnownKeyword(keyword!.text)
            ? "Move it under its iface line."
            : near
              ? `Write '${near}'.`
              : "Delete it, or put it under the iface line it belongs to.";
        return [
            finding(
                "unknown-statement",
                "error",
                keyword!,
                `'${keyword!.text}' stands outside any iface stanza and starts none. ${remedy}`,
            ),
        ];
    });
}

/** ifupdown2 reads the first word after `source`; a comment behind it does no harm. */
export function extraSources({ document }: Subject): Finding[] {
    return document.items.flatMap((item) => {
        if (item.kind !== "source" && item.kind !== "source-directory") return [];
        const [, extra] = item.patterns;
        if (!extra || extra.text.startsWith("#")) return [];
        return [
            finding(
                "source-words",
                "warning",
                extra,
                `ifupdown2 reads one path per line, so '${extra.text}' is not read. Give it a '${item.kind}' line of its own.`,
            ),
        ];
    });
}

/** A comma belongs to the name for ifupdown2, and no such link comes up. */
export function selectedNames({ document }: Subject): Finding[] {
    return document.items.flatMap((item) => {
        if (item.kind !== "auto" && item.kind !== "allow") return [];
        return item.names
            .filter(({ text }) => /[,;"']/.test(text))
            .map((token) =>
                finding(
                    "name-separator",
                    "warning",
                    token,
                    `ifupdown2 looks for an interface that is named '${token.text}'. Separate names with blanks only.`,
                ),
            );
    });
}

export function statementArguments({ document }: Subject): Finding[] {
    return document.items.flatMap((item) => {
        const [keyword, ...rest] = item.line.tokens;
        const complete = item.kind === "blank" || item.kind === "comment" || item.kind === "unknown" || rest.length > 0;
        if (complete) return item.kind === "mapping" ? [unsupported(keyword!)] : [];
        return [
            finding(
                "missing-argument",
                "error",
                keyword!,
                `'${keyword!.text}' names nothing. Add the name, or delete the line.`,
            ),
        ];
    });
}

export function familiesAndMethods({ document }: Subject): Finding[] {
    return document.items.flatMap((item) => {
        if (item.kind !== "iface" || isStray(item.line)) return [];
        const { family, method } = item;
        if (family && !families.has(family.text)) {
            return [
                finding(
                    "unknown-family",
                    "error",
                    family,
                    `'${family.text}' is no address family. Write 'inet' or 'inet6'.`,
                ),
            ];
        }
        if (method && !methods.has(method.text)) {
            const near = nearest(method.text, methods, 2);
            return [
                finding(
                    "unknown-method",
                    near ? "error" : "warning",
                    method,
                    `ifupdown2 knows no method '${method.text}'. Write '${near ?? "static' or 'manual"}'.`,
                ),
            ];
        }
        const inherits = item.line.tokens.find(({ text }) => text === "inherits");
        return inherits ? [unsupported(inherits)] : [];
    });
}

/** Of a file; nobody mends more at a time. */
const mostTries = 20;
/** Characters of a file that is linted anew for each of them. */
const mostTried = 65_536;

/** What the rules would say of the option's line under another name, beside what they say of it as it is. */
function trialOf({ content, tryOut }: Subject): (keyword: string, option: Option) => Finding[] {
    if (!tryOut || content.length > mostTried) return () => [];
    let tries = mostTries;
    let before: ReadonlySet<string> | undefined;
    return (keyword, { keyword: given }) => {
        if ((tries -= 1) < 0) return [];
        before ??= new Set(tryOut(content).map(({ line, rule }) => `${line} ${rule}`));
        const lines = splitLines(content);
        const { text = "", ending = "" } = lines[given.line - 1] ?? {};
        // Lines are counted otherwise where a carriage return ends one.
        if (!text.startsWith(given.text, given.column - 1)) return [];
        const changed = text.slice(0, given.column - 1) + keyword + text.slice(given.column - 1 + given.text.length);
        lines[given.line - 1] = { text: changed, ending };
        return tryOut(lines.map((line) => line.text + line.ending).join("")).filter(
            ({ line, rule, severity }) =>
                line === given.line && severity !== "not checked" && !before!.has(`${line} ${rule}`),
        );
    };
}

/** ifupdown2 ignores an option that no addon knows, so a misspelt one is lost without a word. */
export function optionNames(subject: Subject): Finding[] {
    const faultsAs = trialOf(subject);
    return namesOf(subject, (suggestion, option) => {
        const { keyword } = option;
        const faults = faultsAs(suggestion, option);
        if (faults[0])
            return finding(
                "misspelt-keyword",
                hasErrors(faults) ? "error" : "warning",
                keyword,
                `ifupdown2 ignores '${keyword.text}'. It looks like '${suggestion}', of which the lint would then say: ${faults[0].message}`,
            );
        return finding(
            "misspelt-keyword",
            "error",
            keyword,
            `ifupdown2 ignores '${keyword.text}'. Write '${suggestion}'.`,
        );
    });
}

/** The same where nobody can try what the other name would bring: then a likeness proves nothing. */
export function likelyOptionNames(subject: Subject): Finding[] {
    return namesOf(subject, (suggestion, { keyword }) =>
        finding("misspelt-keyword", "warning", keyword, `ifupdown2 ignores '${keyword.text}'. Write '${suggestion}'.`),
    );
}

function namesOf({ document }: Subject, judge: (suggestion: string, option: Option) => Finding): Finding[] {
    return ifaceOptions(document.items.filter(isStanza)).flatMap((option) => {
        const { keyword, value } = option;
        const known = isKnownKeyword(keyword.text);
        if (!known && value === "") {
            return [
                finding(
                    "missing-value",
                    "error",
                    keyword,
                    `'${keyword.text}' stands alone on its line: ifupdown2 reports invalid syntax and exits 1. Delete the line, or join it to the option it belongs to.`,
                ),
            ];
        }
        if (!known) {
            const statement = nearest(keyword.text, statements);
            if (statement)
                return [
                    finding(
                        "misspelt-keyword",
                        "error",
                        keyword,
                        `ifupdown2 takes '${keyword.text}' for an option and ignores it. Write '${statement}'.`,
                    ),
                ];
            const suggestion = suggestKeyword(keyword.text);
            if (suggestion) return [judge(suggestion, option)];
            return [
                finding(
                    "unknown-keyword",
                    "warning",
                    keyword,
                    `No package known here reads '${keyword.text}', so it may be ignored. Check the name, or delete the line.`,
                ),
            ];
        }
        if (value === "")
            return [
                finding(
                    "missing-value",
                    "error",
                    keyword,
                    `'${keyword.text}' has no value: ifupdown2 reports invalid syntax and exits 1. Add one, or delete the line.`,
                ),
            ];
        return [];
    });
}

export function optionValues({ document }: Subject): Finding[] {
    return ifaceOptions(document.items.filter(isStanza)).flatMap((option) => {
        const { values = [], types = [] } = findKeyword(option.name) ?? {};
        const [value] = option.values;
        if (values.length === 0 || types.length > 0 || option.values.length !== 1 || !value || value.text.includes("="))
            return [];
        const given = value.text.toLowerCase();
        const accepted =
            values.some((known) => known.toLowerCase() === given) ||
            (booleanWords.has(given) && values.some((known) => booleanWords.has(known)));
        if (accepted) return [];
        // Any other ovs_type makes ifupdown2 skip the interface.
        const severity = option.name === "ovs-type" ? "error" : "warning";
        return [
            finding(
                "invalid-value",
                severity,
                value,
                `'${value.text}' is none of the values of ${option.keyword.text}. Use one of: ${values.join(", ")}.`,
            ),
        ];
    });
}

/** Values that ifupdown2 cannot read with a comment behind them, so that they are lost. */
export const spoiledByComment = new Set([
    "address",
    "gateway",
    "netmask",
    "mtu",
    "ovs-mtu",
    "vlan-raw-device",
    "vlan-id",
]);

/** Options whose value is any text. */
export const freeText = new Set(["alias", "description", "ovs-extra", "ovs-options"]);

/**
 * interfaces(5) has no comments at the end of a line: they become part of the value. In a command they are the shell's.
 */
export function trailingComments({ document }: Subject): Finding[] {
    return ifaceOptions(document.items.filter(isStanza)).flatMap(({ name, keyword, values }) => {
        const comment = values.find(({ text }) => text.startsWith("#"));
        if (!comment || commandKeywords.has(name) || freeText.has(name)) return [];
        const spoiled = spoiledByComment.has(name);
        const effect = spoiled ? `and '${keyword.text}' is not set` : "and what it makes of it is uncertain";
        return [
            finding(
                "trailing-comment",
                spoiled ? "error" : "warning",
                comment,
                `ifupdown2 takes the comment for a part of the value, ${effect}. Put the comment on a line of its own.`,
            ),
        ];
    });
}

function ifaceOptions(stanzas: readonly Stanza[]): Option[] {
    return stanzas
        .filter(({ kind }) => kind !== "mapping")
        .flatMap(optionsOf)
        .filter(({ line }) => !isStray(line));
}

function unsupported(token: { text: string; line: number; column: number }): Finding {
    return finding(
        "unsupported-statement",
        "warning",
        token,
        `ifupdown2 ignores '${token.text}', a statement of classic ifupdown. Write the stanza out without it.`,
    );
}
