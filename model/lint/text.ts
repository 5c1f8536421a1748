/**
 * Rules that hold for every text file, whatever its format, and the lines that belong in no configuration file at all.
 */
import type { Finding, Severity } from "./finding";

export interface TextOptions {
    /**
     * The file is a configuration file of lines and `#` comments (hosts, fstab, interfaces), so an empty one and a
     * placeholder outside a comment are errors. Elsewhere both are ordinary: an empty drop-in masks another file,
     * alert rules are full of `{{ $labels.instance }}`.
     */
    readonly strict?: boolean;
    /**
     * Severity of CR LF line ends; by default an error in a script (`#!/bin/sh\r` is no interpreter), else a warning.
     */
    readonly crlf?: Severity;
}

export interface TextLine {
    readonly text: string;
    /** `\n`, `\r\n`, or empty on a last line that lacks one. */
    readonly ending: string;
}

/**
 * Joining `text + ending` gives back `content`, byte for byte. No line for what follows the last newline, if nothing
 * does.
 */
export function splitLines(content: string): TextLine[] {
    return (content.match(/[^\n]+\n?|\n/g) ?? []).map((raw) => {
        const ending = /\r?\n$/.exec(raw)?.[0] ?? "";
        return { text: raw.slice(0, raw.length - ending.length), ending };
    });
}

/** A field of a line, with the blanks that stand before it, so that a line can be put together again byte for byte. */
export interface Token {
    readonly gap: string;
    readonly text: string;
    /** 1-based, in UTF-16 units as editors count. */
    readonly column: number;
}

/** Fields separated by blanks; `tail` is what is left after the last one. */
export function splitFields(text: string, blank: RegExp): { tokens: Token[]; tail: string } {
    const tokens: Token[] = [];
    const field = new RegExp(`(${blank.source}*)((?:(?!${blank.source})[^])+)`, "y");
    let end = 0;
    for (let match = field.exec(text); match; match = field.exec(text)) {
        tokens.push({ gap: match[1]!, text: match[2]!, column: match.index + match[1]!.length + 1 });
        end = field.lastIndex;
    }
    return { tokens, tail: text.slice(end) };
}

interface Placeholder {
    readonly rule: string;
    readonly find: (text: string) => Found[];
    readonly remedy: string;
}

interface Found {
    readonly text: string;
    readonly index: number;
}

function matching(pattern: RegExp): Placeholder["find"] {
    return (text) => [...text.matchAll(pattern)].map(({ 0: found, index }) => ({ text: found, index }));
}

/** `{{ … }}`. Not by a pattern, which would look for an end once for each beginning that has none. */
function findTemplates(text: string): Found[] {
    const found: Found[] = [];
    for (let start = text.indexOf("{{"); start !== -1;) {
        const end = text.indexOf("}}", start + 2);
        if (end === -1) break;
        found.push({ text: text.slice(start, end + 2), index: start });
        start = text.indexOf("{{", end + 2);
    }
    return found;
}

const placeholders: readonly Placeholder[] = [
    {
        rule: "unrendered-template",
        find: findTemplates,
        remedy: "Render the template, or write the value itself.",
    },
    {
        rule: "undefined-value",
        find: matching(/(?<![\w-])undefined(?![\w-])/g),
        remedy: "A value was missing when this file was made: set it.",
    },
    {
        rule: "object-object",
        find: matching(/\[object Object\]/g),
        remedy: "An object was printed as text: name the field that is meant.",
    },
    {
        rule: "unresolved-output",
        find: matching(/Calling \[toString\] on an \[Output/g),
        remedy: "A Pulumi Output was used as text: use pulumi.interpolate or .apply().",
    },
];

/**
 * Faults that no format allows. A missing final newline only warns: every reader copes, but the next `>>` joins two
 * lines.
 */
export function lintText(content: string, options: TextOptions = {}): Finding[] {
    const lines = splitLines(content);
    return [
        ...lintEmpty(lines, options),
        ...lintBytes(content, lines, options),
        ...lines.flatMap((line, index) => lintPlaceholders(line.text, index + 1, options)),
    ];
}

function lintEmpty(lines: readonly TextLine[], { strict }: TextOptions): Finding[] {
    if (!strict || lines.some(({ text }) => /^\s*[^\s#]/.test(text))) return [];
    const what = lines.length === 0 ? "The file is empty." : "The file holds only comments and blank lines.";
    return [
        {
            rule: "empty-file",
            severity: "error",
            message: `${what} Restore its entries, or do not manage this file.`,
            line: 1,
            column: 1,
        },
    ];
}

function lintBytes(content: string, lines: readonly TextLine[], options: TextOptions): Finding[] {
    const findings: Finding[] = [];
    const nulLine = lines.findIndex(({ text }) => text.includes("\0"));
    if (nulLine !== -1) {
        const message =
            "NUL byte: C programs take the line to end here. Remove it; the file may be damaged, so compare it with a backup.";
        findings.push({
            rule: "nul-byte",
            severity: "error",
            message,
            line: nulLine + 1,
            column: lines[nulLine]!.text.indexOf("\0") + 1,
        });
    }
    if (content.startsWith("\uFEFF")) {
        const severity = options.strict ? "error" : "warning";
        findings.push({
            rule: "byte-order-mark",
            severity,
            message: "Byte order mark: it becomes part of the first word. Save the file as UTF-8 without it.",
            line: 1,
            column: 1,
        });
    }
    const crLine = lines.findIndex(({ text, ending }) => ending === "\r\n" || text.includes("\r"));
    if (crLine !== -1) {
        const { text } = lines[crLine]!;
        const column = (text.includes("\r") ? text.indexOf("\r") : text.length) + 1;
        const severity = options.crlf ?? (content.startsWith("#!") ? "error" : "warning");
        findings.push({
            rule: "crlf",
            severity,
            message: "Carriage return: the line ends are not Unix's. Convert the file, for example with dos2unix.",
            line: crLine + 1,
            column,
        });
    }
    const last = lines[lines.length - 1];
    if (last && last.ending === "") {
        const message = "No newline at the end of the file: whatever is appended joins this line. Add one.";
        findings.push({
            rule: "missing-final-newline",
            severity: "warning",
            message,
            line: lines.length,
            column: last.text.length + 1,
        });
    }
    return findings;
}

function lintPlaceholders(text: string, line: number, { strict }: TextOptions): Finding[] {
    const commentStart = text.search(/(?:^|\s)#/);
    return placeholders.flatMap(({ rule, find, remedy }) =>
        find(text).map(({ text: found, index }) => {
            const inComment = commentStart !== -1 && index > commentStart;
            const severity: Severity = strict && !inComment ? "error" : "warning";
            return { rule, severity, message: `Found '${found.slice(0, 60)}'. ${remedy}`, line, column: index + 1 };
        }),
    );
}

export { strayLine } from "./strayLine";
