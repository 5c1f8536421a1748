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
    /** The physical lines, without their line ends. */
    readonly physical: readonly string[];
}

/**
 * What Python's `str.strip()` and `\s` take for a blank; JavaScript's `\s` differs (U+FEFF, U+0085, U+001C to U+001F).
 */
export const blank = "[\\t\\v\\f\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]";
const blankOrBackslash = new RegExp(`${blank}|\\\\`);
const isBlank = new RegExp(blank);
const backwardContinuation = new RegExp(`^(?:${blank}*\\\\)+`);
const onlyBlanks = new RegExp(`^${blank}*$`);
const word = new RegExp(`(?:(?!${blank})[^])+`, "g");

/**
 * A blank that splits words, but that ifupdown2 strips from no line: one before the first word makes that word empty.
 */
export const invisibleBlank = new RegExp(`(?![\\t\\r ])${blank}`);
const emptyFirstWord = new RegExp(`^[\\t\\r ]*(?=${invisibleBlank.source})`);

/**
 * ifupdown2 strips all white space around a backslash, newlines included. So a comment is continued too, blank lines
 * beside a backslash are swallowed with it, and a line that starts with one belongs to the line before. Python ends a
 * line at a lone carriage return, too.
 */
export function readLogicalLines(content: string): LogicalLine[] {
    const raw = content.match(/[^\r\n]+(?:\r\n|\r|\n)?|\r\n|\r|\n/g) ?? [];
    const texts = raw.map((line) => line.replace(/\r?\n$|\r$/, ""));
    const continuesBackward = backwardContinuations(texts);
    const lines: LogicalLine[] = [];
    for (let index = 0; index < texts.length;) {
        const first = index;
        let joins = false;
        do {
            const text = texts[index]!;
            joins = withoutContinuation(text).length < text.length || (joins && onlyBlanks.test(text));
            index += 1;
        } while (index < texts.length && (joins || continuesBackward[index]));
        lines.push(logicalLine(raw.slice(first, index).join(""), texts.slice(first, index), first + 1));
    }
    return lines;
}

/** Of each line, whether the next one that is not blank starts with a backslash. */
function backwardContinuations(texts: readonly string[]): boolean[] {
    const continues: boolean[] = [];
    for (let index = texts.length - 1; index >= 0; index -= 1) {
        const text = texts[index]!;
        const next = continues[index + 1];
        continues[index] = next !== undefined && onlyBlanks.test(text) ? next : backwardContinuation.test(text);
    }
    return continues;
}

/** Without the backslashes at its end, and the blanks between and behind them; blanks without a backslash stay. */
function withoutContinuation(text: string): string {
    let end = text.length;
    while (end > 0 && blankOrBackslash.test(text[end - 1]!)) end -= 1;
    const first = text.indexOf("\\", end);
    return first === -1 ? text : text.slice(0, first);
}

/** Python's `strip`. A pattern that ends in `$` would look at each run of blanks once for each of its characters. */
function strip(text: string): string {
    let [start, end] = [0, text.length];
    while (start < end && isBlank.test(text[start]!)) start += 1;
    while (end > start && isBlank.test(text[end - 1]!)) end -= 1;
    return text.slice(start, end);
}

function logicalLine(raw: string, physical: readonly string[], line: number): LogicalLine {
    // Blanks in place of leading backslashes keep the columns right.
    const pieces = physical.map((text) =>
        withoutContinuation(text).replace(backwardContinuation, (found) => " ".repeat(found.length)),
    );
    const text = pieces
        .map(strip)
        .filter((piece) => piece !== "")
        .join(" ");
    const tokens = pieces.flatMap((piece, offset) => words(piece, line + offset));
    // ifupdown2 strips the start of the file, alone, of every kind of blank.
    const empty = line > 1 ? emptyFirstWord.exec(pieces[0]!) : null;
    if (empty) tokens.unshift({ text: "", line, column: empty[0].length + 1 });
    return { raw, text, line, tokens, physical };
}

function words(text: string, line: number): Token[] {
    return [...text.matchAll(word)].map((match) => ({ text: match[0], line, column: match.index + 1 }));
}
