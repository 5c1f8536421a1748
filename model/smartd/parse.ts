/**
 * smartd.conf(5): one device per line, then directives; `#` to the end of the line, a backslash joins the next line.
 */
import { splitFields, splitLines, type Token } from "../lint/text";

export interface SmartdWord {
    readonly text: string;
    /** 1-based, of the physical line the word stands in. */
    readonly line: number;
    readonly column: number;
}

export interface SmartdDirective {
    /** `-d` */
    readonly name: SmartdWord;
    /** One for most, none for flags, two for `-M exec PATH`. */
    readonly values: readonly SmartdWord[];
}

export interface SmartdEntry {
    /** A path, `DEVICESCAN` or `DEFAULT`. */
    readonly device: SmartdWord;
    readonly directives: readonly SmartdDirective[];
    /** Words where a directive should stand. */
    readonly stray: readonly SmartdWord[];
}

/** Directives without a value; all others take one. */
const flags = new Set(["-H", "-p", "-u", "-t", "-f", "-a"]);

export function parseSmartd(content: string): SmartdEntry[] {
    return logicalLines(content).flatMap(([device, ...words]) => (device ? [toEntry(device, words)] : []));
}

function logicalLines(content: string): SmartdWord[][] {
    const lines: SmartdWord[][] = [];
    let joined = false;
    splitLines(content).forEach(({ text }, index) => {
        const [code = ""] = text.split("#", 1);
        const isContinued = /\\[ \t\r]*$/.test(code);
        const { tokens } = splitFields(code.replace(/\\[ \t\r]*$/, ""), /[ \t\r]/);
        const words = tokens.map((token: Token) => ({ text: token.text, line: index + 1, column: token.column }));
        if (joined) for (const word of words) lines.at(-1)!.push(word);
        else lines.push(words);
        joined = isContinued;
    });
    return lines;
}

function toEntry(device: SmartdWord, words: readonly SmartdWord[]): SmartdEntry {
    const directives: SmartdDirective[] = [];
    const stray: SmartdWord[] = [];
    for (let at = 0; at < words.length;) {
        const name = words[at++]!;
        if (!name.text.startsWith("-")) {
            stray.push(name);
            continue;
        }
        const values: SmartdWord[] = [];
        if (!flags.has(name.text) && words[at]) values.push(words[at++]!);
        if (name.text === "-M" && values[0]?.text === "exec" && words[at]) values.push(words[at++]!);
        directives.push({ name, values });
    }
    return { device, directives, stray };
}
