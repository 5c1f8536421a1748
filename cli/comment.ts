/** What a comment on GitHub or GitLab takes. */

/** Characters. GitHub takes 65,536, pulumi/actions cuts at 64,000; the rest is for the marker that `holdfast publish` adds. */
export const COMMENT_LIMIT = 63_000;

/** For a code block: longer than any run of backticks inside. */
export function fenceAround(text: string): string {
    return "`".repeat(Math.max(3, ...[...text.matchAll(/`+/g)].map(([run]) => run.length + 1)));
}
