/** Which cards lead to the node's address, and through which VLAN, by its interfaces file. Pure. */
import { physicalPorts } from "../../components/interfaces/plan";
import { addressesOf } from "../../model/interfaces/addresses";
import { lowerLinks } from "../../model/interfaces/links";
import { interfacesOf, optionsNamed, type Interface } from "../../model/interfaces/network";
import { parseInterfaces } from "../../model/interfaces/parse";
import { canonicalAddress } from "../../model/values/address";
import type { Way } from "./blueprint";

export interface Network {
    /** Names of all cards that the file uses, in its order. */
    readonly cards: readonly string[];
    /** Undefined where no stanza has the address. */
    readonly way?: Omit<Way, "port">;
}

/** @param files the interfaces file, and those that it sources */
export function networkOf(files: readonly string[], address: string): Network {
    const interfaces = files.flatMap((content) => interfacesOf(parseInterfaces(content)));
    const cards = [...new Set(files.flatMap(physicalPorts))];
    const wanted = canonicalAddress(address);
    for (const one of interfaces) {
        const held = addressesOf(one).find((each) => each.address === wanted);
        if (!held) continue;
        const below = linksBelow(one.name, interfaces);
        const vlan = [one.name, ...below].map((name) => vlanOf(name, interfaces)).find((tag) => tag !== undefined);
        const leading = cards.filter((name) => name === one.name || below.includes(name));
        const prefix = held.prefix ?? (held.family === 4 ? 32 : 128);
        return { cards, way: { address: wanted, prefix, cards: leading, ...(vlan !== undefined && { vlan }) } };
    }
    return { cards };
}

/** Names, the link itself not among them. */
function linksBelow(name: string, interfaces: readonly Interface[], seen: readonly string[] = []): string[] {
    if (seen.includes(name)) return [];
    const own = interfaces
        .filter((each) => each.name === name)
        .flatMap((each) => lowerLinks(each).map(({ token }) => token.text));
    // A port such as `eno1.10` need not be declared.
    const raw = own.flatMap((port) => (/^(.+)\.\d+$/.exec(port) ?? []).slice(1));
    const direct = [...own, ...raw];
    return [...direct, ...direct.flatMap((port) => linksBelow(port, interfaces, [...seen, name]))];
}

function vlanOf(name: string, interfaces: readonly Interface[]): number | undefined {
    const declared = interfaces.filter((each) => each.name === name);
    const given = declared.flatMap((each) => optionsNamed(each, "vlan-id")).map(({ value }) => Number(value))[0];
    const isOnLink = declared.some((each) => optionsNamed(each, "vlan-raw-device").length > 0);
    const [, tag] = (isOnLink ? /^vlan(\d+)$|\.(\d+)$/ : /\.(\d+)$/).exec(name)?.filter(Boolean) ?? [];
    return given ?? (tag === undefined ? undefined : Number(tag));
}
