/** The interfaces that a document declares, with the stanzas of one name taken together. */
import { groupBy } from "../lint/groupBy";
import { commandKeywords } from "./keywords";
import type { InterfacesDocument, Option, Stanza, Token } from "./parse";
import { ifaceStanzas, optionsOf } from "./parse";

export interface Interface {
    readonly name: string;
    /** The name in its first `iface` line. */
    readonly token: Token;
    /** Several where a file has `inet` and `inet6` apart, or aliases such as `eth0:1`. */
    readonly stanzas: readonly Stanza[];
    readonly options: readonly Option[];
    /** Named by `auto`; `auto all` counts. */
    readonly auto: boolean;
    /**
     * The line that names it in vain: ifupdown2 decides while it reads the stanza, so a later `auto` or `allow-CLASS`
     * is lost.
     */
    readonly late?: Token;
    /** Classes of the `allow-CLASS` lines that name it. */
    readonly allow: readonly string[];
}

/**
 * In order of first mention. Ranges (`swp[1-4]`) are expanded, aliases (`eth0:1`) belong to their interface, as in
 * ifupdown2.
 */
export function interfacesOf(document: InterfacesDocument): Interface[] {
    const stanzas = new Map<string, { readonly token: Token; readonly stanzas: Stanza[] }>();
    const lastLines = new Map<string, number>();
    const budget = { names: mostNames };
    for (const stanza of ifaceStanzas(document)) {
        for (const name of expandRange(baseName(stanza.name.text), budget)) {
            const known = stanzas.get(name);
            lastLines.set(name, stanza.name.line);
            if (known) known.stanzas.push(stanza);
            else stanzas.set(name, { token: stanza.name, stanzas: [stanza] });
        }
    }
    const selections = groupBy(selectionsOf(document, budget), ({ name }) => name);
    // `auto all` counts from its first line on; only the first can come too late for a stanza that no other line names.
    const everything = selections.get("all")?.find(({ className }) => className === undefined);
    return [...stanzas].map(([name, entry]) => {
        const named = (selections.get(name) ?? []).concat(everything && name !== "all" ? [everything] : []);
        const isHeeded = ({ token }: Named) => token.line < lastLines.get(name)!;
        const heeded = named.filter(isHeeded);
        return {
            name,
            ...entry,
            options: entry.stanzas.flatMap(optionsOf),
            auto: heeded.some(({ className }) => className === undefined),
            allow: heeded.flatMap(({ className }) => className ?? []),
            late: firstOf(named.filter((selection) => !isHeeded(selection)))?.token,
        };
    });
}

function firstOf(selections: readonly Named[]): Named | undefined {
    return [...selections].sort((a, b) => a.token.line - b.token.line || a.token.column - b.token.column)[0];
}

/**
 * Paths and globs of `source`; a `source-directory` becomes the glob of its files. Relative ones lie in /etc/network.
 */
export function sourcedPatterns(document: InterfacesDocument): string[] {
    return sourceTokens(document).map(({ pattern }) => pattern);
}

export function sourceTokens(document: InterfacesDocument): { readonly token: Token; readonly pattern: string }[] {
    return document.items.flatMap((item) => {
        if (item.kind !== "source" && item.kind !== "source-directory") return [];
        // ifupdown2 reads the first word only.
        return item.patterns.slice(0, 1).map((token) => {
            const path = token.text.startsWith("/") ? token.text : `/etc/network/${token.text}`;
            return { token, pattern: item.kind === "source" ? path : `${withoutFinalSlashes(path)}/*` };
        });
    });
}

function withoutFinalSlashes(path: string): string {
    let end = path.length;
    while (path[end - 1] === "/") end -= 1;
    return path.slice(0, end);
}

/** `eth0:1` is an address label of eth0. */
export function baseName(name: string): string {
    return name.split(":", 1)[0]!;
}

/** In all ranges of a file: a few bytes stand for thousands of names, and so could fill the memory. */
const mostNames = 65_536;

/** `swp[1-3].10` to its three names; ifupdown2 takes one range per name. At most 4,096, the VLAN ids there are. */
function expandRange(name: string, budget: { names: number }): string[] {
    const match = name.includes("[") ? /^([^[]+)\[(\d{1,5})-(\d{1,5})\](.*)$/.exec(name) : null;
    if (!match) return [name];
    const [, prefix, first, last, suffix] = match;
    const length = Math.min(Math.max(Number(last) - Number(first) + 1, 0), 4096, budget.names);
    budget.names -= length;
    return Array.from({ length }, (_, index) => `${prefix}${Number(first) + index}${suffix}`);
}

/** Nearly every rule asks for several names, of interfaces that may have thousands of options. */
const optionIndexes = new WeakMap<Interface, ReadonlyMap<string, readonly (readonly [index: number, Option])[]>>();

/** In the order of the file. */
export function optionsNamed(iface: Interface, ...names: readonly string[]): Option[] {
    // An index of the few that most interfaces have costs more than it saves.
    if (iface.options.length < 16) return iface.options.filter(({ name }) => names.includes(name));
    let index = optionIndexes.get(iface);
    if (!index) {
        const entries = iface.options.map((option, at) => [at, option] as const);
        optionIndexes.set(iface, (index = groupBy(entries, ([, { name }]) => name)));
    }
    const found = names.flatMap((name) => index.get(name) ?? []);
    if (names.length > 1) found.sort(([a], [b]) => a - b);
    return found.map(([, option]) => option);
}

/** Options that hold a command to run: `post-up`, `pre-down`, … */
export function commandsOf(iface: Interface): Option[] {
    return optionsNamed(iface, ...commandKeywords);
}

/** Classes that ifupdown2's start-networking, udev or Open vSwitch start; a port's class is its bridge's name. */
const startedClasses = new Set(["hotplug", "mgmt", "ovs"]);

/** Whether boot brings it up: `auto`, or a class that something starts. */
export function isUpAtBoot(iface: Interface): boolean {
    const bridges = optionsNamed(iface, "ovs-bridge").map(({ value }) => value);
    return iface.auto || iface.allow.some((className) => startedClasses.has(className) || bridges.includes(className));
}

interface Named {
    readonly name: string;
    readonly token: Token;
    /** Absent for `auto`. */
    readonly className?: string;
}

/** The label in `auto eth0:1` is not cut off: in ifupdown2 it brings up nothing by itself. */
function selectionsOf(document: InterfacesDocument, budget: { names: number }): Named[] {
    return document.items.flatMap((item) => {
        if (item.kind !== "auto" && item.kind !== "allow") return [];
        const className = item.kind === "auto" ? undefined : (item.className ?? "");
        return item.names.flatMap((token) =>
            expandRange(token.text, budget).map((name) => ({ name, token, className })),
        );
    });
}
