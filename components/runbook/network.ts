/** The management address by hand: on one network card, without the bridge and the bond that it stands on otherwise. */
import { canonicalAddress, familyOf } from "../../model/values/address";
import { lowerLinks, rawDeviceOf } from "../../model/interfaces/links";
import { type Interface, interfacesOf, optionsNamed } from "../../model/interfaces/network";
import { optionsOf, parseInterfaces } from "../../model/interfaces/parse";
import type { NodeIdentity } from "../../model/lint/lintContext";
import { physicalPorts } from "../interfaces/plan";

export interface ByHand {
    readonly card: string;
    /** `enp1s0.50` where the address is in a VLAN, else the card. */
    readonly link: string;
    readonly vlan: string | false;
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
    const given = interfaces.flatMap((iface) => addressesOf(iface).map((one) => ({ iface, ...one })));
    const own = given.filter(({ bare }) => declared.includes(bare));
    const [first] = own;
    if (!first) return undefined;
    const below = chainOf(first.iface, interfaces);
    const card = below.at(-1)?.name;
    if (card === undefined || !physicalPorts(content).includes(card)) return undefined;
    const vlan = below.map(tagOf).find((tag) => tag !== undefined) ?? false;
    // Another interface may have the gateway.
    const gateways = interfaces.flatMap((iface) => optionsNamed(iface, "gateway").map(({ value }) => value));
    const families = new Set(own.map(({ bare }) => familyOf(bare)));
    return {
        card,
        link: vlan === false ? card : `${card}.${vlan}`,
        vlan,
        addresses: own.map(({ full }) => full),
        gateways: [...new Set(gateways)].filter((gateway) => families.has(familyOf(gateway))),
        above: below
            .slice(0, -1)
            .map(({ name }) => name)
            .join(", "),
    };
}

/** `bare` to compare with, `full` with its prefix length. */
function addressesOf(iface: Interface): { bare: string; full: string }[] {
    return iface.stanzas.flatMap((stanza) => {
        const options = optionsOf(stanza);
        const netmask = options.find(({ name }) => name === "netmask")?.value;
        return options
            .filter(({ name }) => name === "address")
            .flatMap(({ value }) => {
                const [bare = "", prefix] = value.split("/");
                const length = prefix ?? (netmask === undefined ? undefined : lengthOf(netmask));
                const whole = length ?? (familyOf(bare) === 6 ? "128" : "32");
                return familyOf(bare) === undefined ? [] : [{ bare: canonicalAddress(bare), full: `${bare}/${whole}` }];
            });
    });
}

/** `255.255.255.0` or `24`. */
function lengthOf(netmask: string): string {
    if (/^\d+$/.test(netmask)) return netmask;
    const bits = netmask.split(".").map((part) => Number(part).toString(2).padStart(8, "0"));
    return String(bits.join("").replace(/0+$/, "").length);
}

/** From the address down to a card: the first port of each bridge, bond or VLAN. */
function chainOf(top: Interface, interfaces: readonly Interface[]): Pick<Interface, "name" | "options">[] {
    const chain: Pick<Interface, "name" | "options">[] = [];
    let next: string | undefined = top.name;
    while (next !== undefined && !chain.some(({ name }) => name === next)) {
        const name: string = next;
        const iface = interfaces.find((each) => each.name === name);
        chain.push(iface ?? { name, options: [] });
        next = iface && lowerOf(iface, interfaces);
    }
    return chain;
}

function lowerOf(iface: Interface, interfaces: readonly Interface[]): string | undefined {
    const bridge = isOvs(iface, "OVSIntPort") ? optionsNamed(iface, "ovs-bridge")[0]?.value : undefined;
    if (bridge !== undefined) return bridge;
    const ports = lowerLinks(iface).map(({ token }) => token.text);
    // A bridge's internal ports lead to no card.
    const outward = ports.filter((port) => {
        const declared = interfaces.find(({ name }) => name === port);
        return !(declared && isOvs(declared, "OVSIntPort"));
    });
    return outward[0] ?? rawDeviceOf(iface.name);
}

function isOvs(iface: Interface, type: string): boolean {
    return optionsNamed(iface, "ovs-type").some(({ value }) => value === type);
}

/** Of a VLAN by its name, its option, or Open vSwitch's. */
function tagOf({ name, options }: Pick<Interface, "name" | "options">): string | undefined {
    const valueOf = (wanted: string) => options.find((option) => option.name === wanted)?.value;
    if (valueOf("vlan-id") !== undefined) return valueOf("vlan-id");
    const dotted = /\.(\d{1,4})$/.exec(name)?.[1];
    if (dotted !== undefined) return dotted;
    if (valueOf("vlan-raw-device") !== undefined) return /^vlan(\d{1,4})$/.exec(name)?.[1];
    return valueOf("ovs-type") === "OVSIntPort"
        ? /\btag=(\d{1,4})\b/.exec(valueOf("ovs-options") ?? "")?.[1]
        : undefined;
}
