/**
 * How much text the lints look at: what is longer is a finding in itself, so that nothing passes for checked that was
 * not.
 */
import { finding, type Finding } from "./finding";

/** The longest file of these formats that public projects keep is a block list in hosts; a node's own have some kB. */
const mostCharacters = 1 << 20;
/** Long enough for a command with every path of a system written out; the kernel takes 128 KiB as one argument. */
const mostInLine = 1 << 14;
/** One tells what is wrong; a file of nothing else need not tell it thousands of times. */
const mostFindings = 10;

/** Empty where the other rules can look at the text. */
export function lintSize(content: string): Finding[] {
    if (content.length > mostCharacters)
        return [
            finding(
                "long-file",
                "error",
                { line: 1, column: 1 },
                `The file has ${number(content.length)} characters, and up to ${number(mostCharacters)} are checked. Take out what does not belong here, or do not manage this file.`,
            ),
        ];
    const findings: Finding[] = [];
    let start = 0;
    for (let line = 1; start < content.length && findings.length < mostFindings; line += 1) {
        const newline = content.indexOf("\n", start);
        const end = newline === -1 ? content.length : newline;
        if (end - start > mostInLine)
            findings.push(
                finding(
                    "long-line",
                    "error",
                    { line, column: mostInLine + 1 },
                    `This line has ${number(end - start)} characters, and the file is checked only if none has more than ${number(mostInLine)}. Split the line up, or move a command into a script.`,
                ),
            );
        start = end + 1;
    }
    return findings;
}

function number(value: number): string {
    return value.toLocaleString("en");
}
