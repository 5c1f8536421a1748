/** The management address by hand: on one network card, without the bridge and the bond that it stands on otherwise. */
import { canonicalAddress, familyOf, hostPrefix } from "../../model/values/address";
import { addressesOf } from "../../model/interfaces/addresses";
import { chainBelow, vlanTagOf } from "../../model/interfaces/below";
import { interfacesOf, optionsNamed } from "../../model/interfaces/network";
import { parseInterfaces } from "../../model/interfaces/parse";
import type { NodeIdentity } from "../../model/lint/lintContext";
import { physicalPorts } from "../interfaces/plan";

export interface ByHand {
    readonly card: string;
    /** `enp1s0.50` where the address is in a VLAN, else the card. */
    readonly link: string;
    readonly vlan: number | false;
    /** With their prefix lengths. */
    readonly addresses: readonly string[];
    readonly gateways: readonly string[];
    /** What it stands on by the file and does without here, the address's own link first; empty where nothing. */
    readonly above: string;
}

/** Undefined where no stanza of the file gives the address, or where no card below it is named. */
export function byHand(content: string, { address, address6 }: NodeIdentity): ByHand | undefined {
    const interfaces = interfacesOf(parseInterfaces(content));
    const declared = [address, address6].filter((each) => each !== undefined).map(canonicalAddress);
    const own = interfaces.flatMap(addressesOf).filter((each) => declared.includes(each.address));
    const [first] = own;
    if (!first) return undefined;
    const chain = chainBelow(first.interface.name, interfaces);
    const card = chain.at(-1)!;
    if (!physicalPorts(content).includes(card)) return undefined;
    const vlan = chain.map((name) => vlanTagOf(name, interfaces)).find((tag) => tag !== undefined) ?? false;
    // Another interface may have the gateway.
    const gateways = interfaces.flatMap((iface) => optionsNamed(iface, "gateway").map(({ value }) => value));
    const families = new Set(own.map(({ family }) => family));
    return {
        card,
        link: vlan === false ? card : `${card}.${vlan}`,
        vlan,
        addresses: own.map(({ address: bare, prefix, family }) => `${bare}/${prefix ?? hostPrefix(family)}`),
        gateways: [...new Set(gateways)].filter((gateway) => families.has(familyOf(gateway)!)),
        above: chain.slice(0, -1).join(", "),
    };
}
