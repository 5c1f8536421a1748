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
    /** The line that names it in vain: ifupdown2 decides while it reads the stanza, so a later `auto` or `allow-CLASS` is lost. */
    readonly late?: Token;
    /** Classes of the `allow-CLASS` lines that name it. */
    readonly allow: readonly string[];
}

/** In order of first mention. Ranges (`swp[1-4]`) are expanded, aliases (`eth0:1`) belong to their interface, as in ifupdown2. */
export function interfacesOf(document: InterfacesDocument): Interface[] {
    const stanzas = new Map<string, { readonly token: Token; readonly stanzas: Stanza[] }>();
    const lastLines = new Map<string, number>();
    for (const stanza of ifaceStanzas(document)) {
        for (const name of expandRange(baseName(stanza.name.text))) {
            const known = stanzas.get(name);
            lastLines.set(name, stanza.name.line);
            if (known) known.stanzas.push(stanza);
            else stanzas.set(name, { token: stanza.name, stanzas: [stanza] });
        }
    }
    const selections = selectionsOf(document);
    return [...stanzas].map(([name, entry]) => {
        const named = selections.filter(
            (selection) => selection.name === name || (selection.name === "all" && selection.className === undefined),
        );
        const heeded = named.filter(({ token }) => token.line < lastLines.get(name)!);
        return {
            name,
            ...entry,
            options: entry.stanzas.flatMap(optionsOf),
            auto: heeded.some(({ className }) => className === undefined),
            allow: heeded.flatMap(({ className }) => className ?? []),
            late: named.find((selection) => !heeded.includes(selection))?.token,
        };
    });
}

/** Paths and globs of `source`; a `source-directory` becomes the glob of its files. Relative ones lie in /etc/network. */
export function sourcedPatterns(document: InterfacesDocument): string[] {
    return sourceTokens(document).map(({ pattern }) => pattern);
}

export function sourceTokens(document: InterfacesDocument): { readonly token: Token; readonly pattern: string }[] {
    return document.items.flatMap((item) => {
        if (item.kind !== "source" && item.kind !== "source-directory") return [];
        // ifupdown2 reads the first word only.
        return item.patterns.slice(0, 1).map((token) => {
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
function expandRange(name: string): string[] {
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
function selectionsOf(document: InterfacesDocument): Named[] {
    return document.items.flatMap((item) => {
        if (item.kind !== "auto" && item.kind !== "allow") return [];
        const className = item.kind === "auto" ? undefined : (item.className ?? "");
        return item.names.flatMap((token) => expandRange(token.text).map((name) => ({ name, token, className })));
    });
}
