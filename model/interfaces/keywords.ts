/**
 * The options of an iface stanza. The table is data, made by keywords.py from ifupdown2's own addons and other
 * packages' pages.
 */
import { countSlips, nearest } from "../lint/nearest";
import table from "./keywordTable.json";
import { normalizeKeyword } from "./parse";

export interface Keyword {
    /** Who reads it: `ifupdown2: bridge`, `interfaces(5) of ifupdown`, … */
    readonly sources: readonly string[];
    /** Placeholders of ifupdown2's syntax help: `<interface-list>`, `<mac>`. */
    readonly types?: readonly string[];
    /** The only values that ifupdown2 takes, where it lists them and `types` is absent. */
    readonly values?: readonly string[];
    /**
     * Least and greatest number of ifupdown2's syntax help; it does not check them, and the kernel often takes more.
     */
    readonly range?: readonly number[];
    /** May stand several times in a stanza, each with its own value. */
    readonly multiline?: boolean;
    readonly deprecated?: boolean;
}

export const keywords: ReadonlyMap<string, Keyword> = new Map<string, Keyword>(Object.entries(table));

/** Options that repeat although ifupdown2's table does not say so. */
const repeated = new Set(["ovs-extra", "address-virtual"]);

/** Options that hold a shell command. */
export const commandKeywords: ReadonlySet<string> = new Set([
    "up",
    "pre-up",
    "post-up",
    "down",
    "pre-down",
    "post-down",
]);

/**
 * Options that wpa_supplicant's and wireless-tools' hooks pass on unseen, or Cumulus's clagd reads, so any name may be
 * right.
 */
export const openPrefixes = ["wpa-", "wireless-", "clagd-", "clag-"];

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
    const normalized = normalizeKeyword(name);
    const meant = nearest(normalized, keywords.keys());
    return meant && isLikePartByPart(normalized, meant) ? spelledLike(name, meant) : undefined;
}

/** Two slips in a part of four letters make another word of it: `clag-id` is no `vlan-id`. */
function isLikePartByPart(given: string, meant: string): boolean {
    const [from, to] = [given.toLowerCase().split("-"), meant.split("-")];
    if (from.length !== to.length) return true;
    return from.every((part, index) => {
        const other = to[index]!;
        return countSlips(part, other) <= (Math.min(part.length, other.length) < 5 ? 1 : 2);
    });
}

function spelledLike(name: string, keyword: string): string {
    return name.includes("_") ? keyword.replaceAll("-", "_") : keyword;
}
