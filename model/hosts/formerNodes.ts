/**
 * Lines of a kept hosts file that look like those of a node which the stack has no more. They may be somebody's own:
 * never taken out, only named.
 */
import { isLoopback } from "../values/address";
import type { NodeIdentity } from "../lint/lintContext";
import { mappingOf } from "./mapping";
import { canonicalName, namesOf } from "./names";
import { parseHosts } from "./parse";

export interface FormerNode {
    /** 1-based. */
    readonly line: number;
    readonly address: string;
    /** Without domain. */
    readonly name: string;
}

/**
 * One for each line with a name that differs from a node's in its digits alone, as `pve03` does beside `pve01` and
 * `pve02`.
 * @param known further names that somebody declared
 */
export function formerNodes(content: string, nodes: readonly NodeIdentity[], known: readonly string[]): FormerNode[] {
    const names = nodes.flatMap(namesOf);
    const declared = new Set([...names, ...known].map(shortName));
    const patterns = new Set(names.map(patternOf));
    return parseHosts(content)
        .flatMap(mappingOf)
        .filter(({ address }) => !isLoopback(address))
        .flatMap(({ line, address, names }) =>
            names
                .map(({ text }) => shortName(text))
                .filter((name) => !declared.has(name) && patterns.has(patternOf(name)))
                .slice(0, 1)
                .map((name) => ({ line: line.number, address, name })),
        );
}

function shortName(name: string): string {
    return canonicalName(name).split(".")[0]!;
}

function patternOf(name: string): string {
    return shortName(name).replace(/\d+/g, "#");
}
