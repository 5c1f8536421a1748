/** What a comment on GitHub or GitLab takes. */
import { showControls } from "../model/lint/controls";

/**
 * Characters. GitHub takes 65,536, pulumi/actions cuts at 64,000; the rest is for the marker that `holdfast publish`
 * adds.
 */
export const COMMENT_LIMIT = 63_000;

/**
 * Last line of a report that could not tell because somebody is at work: `holdfast publish` opens no issue for that.
 */
export const UNDER_WAY = "<!-- holdfast: under way -->";

/**
 * A code block of what somebody else wrote: no mention, link, reference or command of the forge's lives in one, and
 * what steers a terminal or hides from its reader is shown.
 */
export function fenced(text: string, language: "diff" | "text" = "text"): string {
    const shown = showControls(text);
    const fence = fenceAround(shown);
    return `${fence}${language}\n${shown}${shown.endsWith("\n") ? "" : "\n"}${fence}\n`;
}

/**
 * A word in a line of markdown or in a table: a name that the stack declares, without what could end the code span or
 * the cell.
 */
export function codeWord(text: string): string {
    return `\`${
        showControls(text)
            .replace(/[`|\\\n]/g, " ")
            .trim() || "?"
    }\``;
}

/** For a code block: longer than any run of backticks inside. */
export function fenceAround(text: string): string {
    return "`".repeat(Math.max(3, ...[...text.matchAll(/`+/g)].map(([run]) => run.length + 1)));
}
