/**
 * CHANGELOG.md as data: what each version says to its users, and what it says of the nodes' files.
 *
 * A section is `## VERSION`, newest first, `## Unreleased` before all; a change is one line that begins with `- `.
 * Below `### On the nodes` a line begins with the paths that an upgrade changes (`*` for any name, `**` for any below).
 */

export interface Change {
    /** Patterns of paths on a node; none: no file of a node changes by it. */
    readonly paths: readonly string[];
    readonly text: string;
}

export interface Section {
    /** `1.2.3`, or `Unreleased`. */
    readonly version: string;
    readonly changes: readonly Change[];
}

const ON_THE_NODES = "On the nodes";

export function parseChangelog(text: string): Section[] {
    return text
        .split(/^## /m)
        .slice(1)
        .map((section) => {
            const [title = "", ...lines] = section.split("\n");
            let heading = "";
            const changes = lines.flatMap((line): Change[] => {
                if (line.startsWith("### ")) heading = line.slice(4).trim();
                if (!line.startsWith("- ")) return [];
                return [heading === ON_THE_NODES ? onTheNodes(line.slice(2)) : { paths: [], text: line.slice(2) }];
            });
            return { version: title.trim().split(" ")[0] ?? "", changes };
        });
}

function onTheNodes(line: string): Change {
    const [, named = "", text = line] = /^((?:`\/[^`]+`(?:, )?)+): (.*)$/.exec(line) ?? [];
    return { paths: [...named.matchAll(/`([^`]+)`/g)].map(([, path = ""]) => path), text };
}

/**
 * What lies between two versions, oldest first; of a return to an older one, what goes. `Unreleased` is part of every
 * upgrade to a build that has such a section.
 */
export function changesBetween(sections: readonly Section[], from: string | undefined, to: string): Section[] {
    const [low, high] = from !== undefined && compareVersions(from, to) > 0 ? [to, from] : [from, to];
    return sections
        .filter(({ version, changes }) => {
            if (changes.length === 0) return false;
            if (version === "Unreleased") return true;
            return (low === undefined || compareVersions(version, low) > 0) && compareVersions(version, high) <= 0;
        })
        .reverse();
}

/** Numbers of `1.2.3`, and `1.2.3-rc.1` before `1.2.3`. */
export function compareVersions(one: string, other: string): number {
    const [a, b] = [one, other].map((version) => {
        const [numbers = "", rest] = version.split("-", 2);
        return { numbers: numbers.split(".").map(Number), rest };
    }) as [{ numbers: number[]; rest?: string }, { numbers: number[]; rest?: string }];
    for (let part = 0; part < 3; part++) {
        const difference = (a.numbers[part] ?? 0) - (b.numbers[part] ?? 0);
        if (difference !== 0) return difference;
    }
    if (a.rest === b.rest) return 0;
    if (a.rest === undefined) return 1;
    return b.rest === undefined ? -1 : a.rest.localeCompare(b.rest, "en", { numeric: true });
}

/** The sentences that say why a file of a node changes. */
export function reasonsFor(path: string, sections: readonly Section[]): string[] {
    return sections.flatMap(({ changes }) =>
        changes.filter(({ paths }) => paths.some((pattern) => matches(pattern, path))).map(({ text }) => text),
    );
}

export function matches(pattern: string, path: string): boolean {
    const source = pattern
        .split(/(\*\*|\*)/)
        .map((part) => (part === "**" ? ".*" : part === "*" ? "[^/]*" : part.replace(/[.+?^${}()|[\]\\]/g, "\\$&")))
        .join("");
    return new RegExp(`^${source}$`).test(path);
}
