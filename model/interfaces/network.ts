/** The interfaces that a document declares, with the stanzas of one name taken together. */
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
    /** Classes of the `allow-CLASS` lines that name it. */
    readonly allow: readonly string[];
}

/** In order of first mention. Ranges (`swp[1-4]`) are expanded, aliases (`eth0:1`) belong to their interface, as in ifupdown2. */
export function interfacesOf(document: InterfacesDocument): Interface[] {
    const stanzas = new Map<string, { readonly token: Token; readonly stanzas: Stanza[] }>();
    for (const stanza of ifaceStanzas(document)) {
        for (const name of expandRange(baseName(stanza.name.text))) {
            const known = stanzas.get(name);
            if (known) known.stanzas.push(stanza);
            else stanzas.set(name, { token: stanza.name, stanzas: [stanza] });
        }
    }
    const { auto, allow } = selectionsOf(document);
    return [...stanzas].map(([name, entry]) => ({
        name,
        ...entry,
        options: entry.stanzas.flatMap(optionsOf),
        auto: auto.has(name) || auto.has("all"),
        allow: allow.get(name) ?? [],
    }));
}

/** Paths and globs of `source`; a `source-directory` becomes the glob of its files. Relative ones lie in /etc/network. */
export function sourcedPatterns(document: InterfacesDocument): string[] {
    return sourceTokens(document).map(({ pattern }) => pattern);
}

export function sourceTokens(document: InterfacesDocument): { readonly token: Token; readonly pattern: string }[] {
    return document.items.flatMap((item) => {
        if (item.kind !== "source" && item.kind !== "source-directory") return [];
        return item.patterns.map((token) => {
            const path = token.text.startsWith("/") ? token.text : `/etc/network/${token.text}`;
            return { token, pattern: item.kind === "source" ? path : `${path.replace(/\/+$/, "")}/*` };
        });
    });
}

/** `eth0:1` is an address label of eth0. */
export function baseName(name: string): string {
    return name.split(":", 1)[0]!;
}

/** `swp[1-3].10` to its three names; ifupdown2 takes one range per name. At most 4,096, the VLAN ids there are. */
export function expandRange(name: string): string[] {
    const match = /^(.+)\[(\d{1,5})-(\d{1,5})\](.*)$/.exec(name);
    if (!match) return [name];
    const [, prefix, first, last, suffix] = match;
    const length = Math.min(Math.max(Number(last) - Number(first) + 1, 0), 4096);
    return Array.from({ length }, (_, index) => `${prefix}${Number(first) + index}${suffix}`);
}

export function optionsNamed(iface: Interface, ...names: readonly string[]): Option[] {
    return iface.options.filter(({ name }) => names.includes(name));
}

/** Options that hold a command to run: `post-up`, `pre-down`, … */
export function commandsOf(iface: Interface): Option[] {
    return iface.options.filter(({ name }) => commandKeywords.has(name));
}

/** Whether boot brings it up: `auto`, or a class that udev (`hotplug`) or Open vSwitch starts. */
export function isUpAtBoot(iface: Interface): boolean {
    return iface.auto || iface.allow.length > 0;
}

function selectionsOf(document: InterfacesDocument): { auto: Set<string>; allow: Map<string, string[]> } {
    const auto = new Set<string>();
    const allow = new Map<string, string[]>();
    for (const item of document.items) {
        if (item.kind !== "auto" && item.kind !== "allow") continue;
        // The label in `auto eth0:1` is not cut off: in ifupdown2 it brings up nothing by itself.
        for (const name of item.names.flatMap(({ text }) => expandRange(text))) {
            if (item.kind === "auto") auto.add(name);
            else allow.set(name, [...(allow.get(name) ?? []), item.className ?? ""]);
        }
    }
    return { auto, allow };
}
