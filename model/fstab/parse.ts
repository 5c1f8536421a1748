/** fstab(5): text to a document that keeps every byte. */
import { splitFields, splitLines, type Token } from "../lint/text";
import { decodeField, splitOptions } from "./field";

/** One mount, in findmnt's terms; octal escapes are decoded. */
export interface FstabEntry {
    /** Device, `UUID=…`, `server:/path`, or any word for a pseudo file system. */
    readonly source: string;
    /** Absolute path; `none` (or `swap`) for swap. */
    readonly target: string;
    readonly fstype: string;
    /** In the order of the file; empty where the field is missing. */
    readonly options: readonly string[];
    /** fs_freq: 1 asks dump(8) for a backup. */
    readonly dump?: number;
    /** fsck's pass: 1 for root, 2 for others, 0 or absent for none. */
    readonly passno?: number;
}

export interface FstabLine {
    /** 1-based. */
    readonly number: number;
    /** Empty on a blank or comment line. What follows the sixth field is ignored by mount(8), and kept here. */
    readonly fields: readonly Token[];
    /** Trailing blanks; on a blank or comment line, all of it. */
    readonly tail: string;
    /** `\n`, `\r\n`, or empty on an unterminated last line. */
    readonly ending: string;
    /** Present from three fields on: mount(8) ignores a line that has fewer. */
    readonly entry?: FstabEntry;
}

/** A line that mount(8) reads as an entry. */
export type EntryLine = FstabLine & { readonly entry: FstabEntry };

export function isEntryLine(line: FstabLine): line is EntryLine {
    return line.entry !== undefined;
}

/** Never fails: what is no entry keeps its fields, and the lint says what is wrong with it. */
export function parseFstab(content: string): FstabLine[] {
    return splitLines(content).map(({ text, ending }, index) => {
        const number = index + 1;
        if (/^[ \t]*(?:#|$)/.test(text)) return { number, fields: [], tail: text, ending };
        const { tokens, tail } = splitFields(text, /[ \t]/);
        return { number, fields: tokens, tail, ending, entry: entryOf(tokens) };
    });
}

function entryOf(fields: readonly Token[]): FstabEntry | undefined {
    const [source, target, fstype, options, dump, passno] = fields.map(({ text }) => text);
    if (source === undefined || target === undefined || fstype === undefined) return undefined;
    return {
        source: decodeField(source),
        target: decodeField(target),
        fstype: decodeField(fstype),
        options: options === undefined ? [] : splitOptions(decodeField(options)),
        dump: integerOf(dump),
        passno: integerOf(passno),
    };
}

/**
 * What libmount takes: a decimal integer. Anything else makes it ignore the whole line (tried with util-linux 2.38).
 */
export function integerOf(text: string | undefined): number | undefined {
    return text !== undefined && /^[+-]?\d+$/.test(text) ? Number(text) : undefined;
}
