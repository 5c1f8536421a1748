/** The options of an iface stanza. The table is data, made by keywords.py from ifupdown2's own addons and other packages' pages. */
import table from "./keywordTable.json";
import { normalizeKeyword } from "./parse";

export interface Keyword {
    /** Who reads it: `ifupdown2: bridge`, `interfaces(5) of ifupdown`, … */
    readonly sources: readonly string[];
    /** Placeholders of ifupdown2's syntax help: `<interface-list>`, `<mac>`. */
    readonly types?: readonly string[];
    /** The only values that ifupdown2 takes, where it lists them and `types` is absent. */
    readonly values?: readonly string[];
    /** Least and greatest number of ifupdown2's syntax help; it does not check them, and the kernel often takes more. */
    readonly range?: readonly number[];
    /** May stand several times in a stanza, each with its own value. */
    readonly multiline?: boolean;
    readonly deprecated?: boolean;
}

const keywords = new Map<string, Keyword>(Object.entries(table));

/** Options that repeat although ifupdown2's table does not say so. */
const repeated = new Set(["ovs-extra", "address-virtual"]);

/** Options that hold a shell command. */
export const commandKeywords: ReadonlySet<string> = new Set(["up", "pre-up", "post-up", "down", "pre-down", "post-down"]);

/** Options that wpa_supplicant's and wireless-tools' hooks pass on unseen, or Cumulus's clagd reads, so any name may be right. */
const openPrefixes = ["wpa-", "wireless-", "clagd-"];

export function findKeyword(name: string): Keyword | undefined {
    return keywords.get(normalizeKeyword(name));
}

export function isKnownKeyword(name: string): boolean {
    const normalized = normalizeKeyword(name);
    return keywords.has(normalized) || openPrefixes.some((prefix) => normalized.startsWith(prefix));
}

/** Whether a list of values is written as one line each (`address`) rather than as one line (`bridge-ports`). */
export function isRepeated(name: string): boolean {
    const normalized = normalizeKeyword(name);
    return repeated.has(normalized) || keywords.get(normalized)?.multiline === true;
}

/** The known keyword that a misspelt one most likely stands for, in the writer's spelling (`_` or `-`). */
export function suggestKeyword(name: string): string | undefined {
    const normalized = normalizeKeyword(name).toLowerCase();
    if (keywords.has(normalized)) return spelledLike(name, normalized);
    const tolerated = normalized.length < 5 ? 1 : 2;
    let best: { readonly keyword: string; readonly distance: number } | undefined;
    for (const keyword of keywords.keys()) {
        if (Math.abs(keyword.length - normalized.length) > tolerated || keyword.length < 3) continue;
        const distance = editDistance(normalized, keyword);
        if (distance <= tolerated && distance < (best?.distance ?? Infinity)) best = { keyword, distance };
    }
    return best && spelledLike(name, best.keyword);
}

function spelledLike(name: string, keyword: string): string {
    return name.includes("_") ? keyword.replaceAll("-", "_") : keyword;
}

/** Insertions, deletions, replacements and swaps of neighbours that turn one word into the other (optimal string alignment). */
export function editDistance(from: string, to: string): number {
    let beforePrevious: number[] = [];
    let previous = Array.from({ length: to.length + 1 }, (_, column) => column);
    for (let row = 1; row <= from.length; row += 1) {
        const current = [row];
        for (let column = 1; column <= to.length; column += 1) {
            const replaced = previous[column - 1]! + (from[row - 1] === to[column - 1] ? 0 : 1);
            let cost = Math.min(replaced, previous[column]! + 1, current[column - 1]! + 1);
            const swapped = row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
            if (swapped) cost = Math.min(cost, beforePrevious[column - 2]! + 1);
            current.push(cost);
        }
        beforePrevious = previous;
        previous = current;
    }
    return previous[to.length]!;
}
