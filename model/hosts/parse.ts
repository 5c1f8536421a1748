/** hosts(5): text to a document that keeps every byte. */
import { splitFields, splitLines, type Token } from "../lint/text";

export interface HostsLine {
    /** 1-based. */
    readonly number: number;
    /** Absent on a blank or comment line. */
    readonly address?: Token;
    /** The canonical name first. */
    readonly names: readonly Token[];
    /** Trailing blanks and the comment; on a blank or comment line, all of it. */
    readonly tail: string;
    /** `\n`, `\r\n`, or empty on an unterminated last line. */
    readonly ending: string;
}

/** What glibc takes for a blank inside a hosts line: C's isspace. */
const blank = /[ \t\v\f\r]/;

/** Never fails: what is no entry shows as an entry with an invalid address, and the lint says so. */
export function parseHosts(content: string): HostsLine[] {
    return splitLines(content).map(({ text, ending }, index) => {
        const commentStart = text.indexOf("#");
        const body = commentStart === -1 ? text : text.slice(0, commentStart);
        const { tokens, tail } = splitFields(body, blank);
        const [address, ...names] = tokens;
        return { number: index + 1, address, names, tail: tail + text.slice(body.length), ending };
    });
}
