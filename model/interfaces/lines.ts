/** Logical lines: what ifupdown2 sees once it has joined lines that end in a backslash. */

/** A word and where it stands; both numbers are 1-based. */
export interface Token {
    readonly text: string;
    readonly line: number;
    readonly column: number;
}

export interface LogicalLine {
    /** Every byte, newlines included; joining all of them gives the file back. */
    readonly raw: string;
    /** The line without indentation, trailing blanks and continuation backslashes: pieces joined with one space. */
    readonly text: string;
    /** Number of the first physical line. */
    readonly line: number;
    readonly tokens: readonly Token[];
    /** The physical lines, without their newlines. */
    readonly physical: readonly string[];
}

const continuation = /\\[ \t\r]*$/;

/**
 * ifupdown2 strips all white space around a backslash, newlines included: a comment is continued too, and blank lines
 * after a backslash are swallowed with it.
 */
export function readLogicalLines(content: string): LogicalLine[] {
    const physicalLines = content.match(/[^\n]*\n|[^\n]+$/g) ?? [];
    const lines: LogicalLine[] = [];
    for (let index = 0; index < physicalLines.length; ) {
        const first = index;
        let joins = false;
        do {
            const text = physicalLines[index]!.replace(/\n$/, "");
            joins = continuation.test(text) || (joins && text.trim() === "");
            index += 1;
        } while (joins && index < physicalLines.length);
        lines.push(logicalLine(physicalLines.slice(first, index), first + 1));
    }
    return lines;
}

function logicalLine(rawLines: readonly string[], line: number): LogicalLine {
    const physical = rawLines.map((raw) => raw.replace(/\n$/, ""));
    const pieces = physical.map((text) => text.replace(continuation, ""));
    const text = pieces.map((piece) => piece.trim()).filter((piece) => piece !== "").join(" ");
    const tokens = pieces.flatMap((piece, offset) => words(piece, line + offset));
    return { raw: rawLines.join(""), text, line, tokens, physical };
}

function words(text: string, line: number): Token[] {
    return [...text.matchAll(/\S+/g)].map((match) => ({ text: match[0], line, column: match.index + 1 }));
}
