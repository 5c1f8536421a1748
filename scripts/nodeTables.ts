/**
 * The words and patterns of the interfaces grammar as a Python module, for the guard on the node: made here, so that
 * the two cannot differ.
 */
import { keywords, openPrefixes, commandKeywords } from "../model/interfaces/keywords";
import { blank } from "../model/interfaces/lines";
import * as words from "../model/interfaces/rules/keywords";
import { routeWithoutLink } from "../model/interfaces/rules/text";
import { briefLink, strayPatterns } from "../model/lint/strayLine";

/** By path in the repository. */
export const nodeTablesPath = "programs/shared/interfaces_tables.py";

/** What JavaScript's `\s` takes, as the inside of a class of either language. */
const space = "\\t\\n\\v\\f\\r \\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000\\ufeff";
const classes: Readonly<Record<string, string>> = { s: space, d: "0-9", w: "A-Za-z0-9_" };

/**
 * A pattern of JavaScript's (without the flags m, s, u, v) as one of Python's `re` with `re.ASCII`.
 * @throws Error for what was never needed: a negated shorthand inside a class
 */
export function pythonPattern(source: string): string {
    let python = "";
    let inClass = false;
    for (let at = 0; at < source.length; at += 1) {
        const char = source[at]!;
        if (char === "\\") {
            const escaped = source[(at += 1)]!;
            const negated = classes[escaped.toLowerCase()];
            if (escaped in classes) python += inClass ? classes[escaped]! : `[${classes[escaped]!}]`;
            else if (negated !== undefined && inClass) throw new Error(`\\${escaped} in a class of ${source}`);
            else if (negated !== undefined) python += `[^${negated}]`;
            else python += escaped === "/" ? "/" : `\\${escaped}`;
        } else if (source.startsWith("[^]", at) && !inClass) {
            python += "[\\s\\S]";
            at += 2;
        } else if (inClass) {
            if (char === "]") inClass = false;
            python += char === "[" ? "\\[" : char;
        } else if (char === "[") {
            inClass = true;
            python += char;
        } else if (char === ".") python += "[^\\n\\r\\u2028\\u2029]";
        else python += char === "$" ? "\\Z" : char;
    }
    return python;
}

export function renderNodeTables(): string {
    const stray = strayPatterns.map(({ what, pattern, except }) => {
        const fields = [what, pythonPattern(pattern.source), except && pythonPattern(except.source)];
        return `    (${fields.map(literal).join(", ")}, ${pattern.flags.includes("i") ? "True" : "False"}),`;
    });
    const checked = [...keywords].map(([name, { values = [], types = [] }]) => {
        return `    ${literal(name)}: (${(types.length > 0 ? [] : values).map((value) => `${literal(value)},`).join(" ")}),`;
    });
    return `"""Made by \`npm run schema\` out of model/: the words and patterns of /etc/network/interfaces. Not to be edited."""

# Insides of a class: what JavaScript's \\\\s takes, and a blank to Python's str.strip, as a class of its own.
SPACE = ${literal(space)}
BLANK = ${literal(pythonPattern(blank))}
BRIEF_LINK = ${literal(pythonPattern(briefLink.source))}
ROUTE_WITHOUT_LINK = ${literal(pythonPattern(routeWithoutLink.source))}
# What a line is, its pattern, the pattern of what it is all the same, whether case is ignored.
STRAY: tuple[tuple[str, str, str | None, bool], ...] = (
${stray.join("\n")}
)
# Every option, with the only values that it takes; none where any will do.
KEYWORDS: dict[str, tuple[str, ...]] = {
${checked.join("\n")}
}
${(
    [
        ["OPEN_PREFIXES", openPrefixes],
        ["COMMANDS", commandKeywords],
        ["STATEMENTS", words.statements],
        ["CLASSIC_STATEMENTS", words.classicStatements],
        ["METHODS", words.methods],
        ["FAMILIES", words.families],
        ["BOOLEANS", words.booleanWords],
        ["SPOILED_BY_COMMENT", words.spoiledByComment],
        ["FREE_TEXT", words.freeText],
    ] as const
)
    .map(([name, values]) => `${name} = (${[...values].map((value) => `${literal(value)},`).join(" ")})`)
    .join("\n")}
`;
}

/** Of Python's; JSON's escapes are its own where all is ASCII. */
function literal(value: string | undefined): string {
    if (value === undefined) return "None";
    return JSON.stringify(value).replace(
        /[^\x20-\x7e]/g,
        (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
    );
}
