/** Which cards lead to the node's address, and through which VLAN, by its interfaces file. Pure. */
import { physicalPorts } from "../../components/interfaces/plan";
import { addressesOf } from "../../model/interfaces/addresses";
import { allBelow, vlanTagOf } from "../../model/interfaces/below";
import { commandsOf, interfacesOf, optionsNamed, type Interface } from "../../model/interfaces/network";
import { parseInterfaces } from "../../model/interfaces/parse";
import { canonicalAddress, familyOf, hostPrefix, type Family } from "../../model/values/address";
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
        const below = allBelow(one.name, interfaces);
        const vlan = [one.name, ...below].map((name) => vlanTagOf(name, interfaces)).find((tag) => tag !== undefined);
        const leading = cards.filter((name) => name === one.name || below.includes(name));
        const prefix = held.prefix ?? hostPrefix(held.family);
        const gateway = gatewayOf(interfaces, held.family);
        const more = { ...(vlan !== undefined && { vlan }), ...(gateway !== undefined && { gateway }) };
        return { cards, way: { address: wanted, prefix, cards: leading, ...more } };
    }
    return { cards };
}

/** Of whichever link: there is one default route. */
function gatewayOf(interfaces: readonly Interface[], family: Family): string | undefined {
    const given = interfaces.flatMap((each) => optionsNamed(each, "gateway", "pointopoint").map(({ value }) => value));
    const routed = interfaces
        .flatMap(commandsOf)
        .flatMap(({ value }) => /\bdefault\s+via\s+(\S+)/.exec(value)?.slice(1) ?? []);
    return [...given, ...routed].find((address) => familyOf(address) === family);
}
