/** Addresses of an interface, as ifupdown2 pairs them with their netmasks. */
import { canonicalAddress, familyOf, hostPrefix, isInSubnet, withoutZone, type Family } from "../values/address";
import type { Interface } from "./network";
import { optionsOf, type Token } from "./parse";

export interface InterfaceAddress {
    readonly interface: Interface;
    readonly token: Token;
    /** Canonical, without prefix and zone. */
    readonly address: string;
    readonly family: Family;
    /** Absent where neither a prefix nor a netmask is given; ifupdown2 then takes a host's (32 or 128). */
    readonly prefix?: number;
}

const known = new WeakMap<Interface, readonly InterfaceAddress[]>();

/** Sound addresses only; `addressFaults` of the rules reports the others. */
export function addressesOf(iface: Interface): readonly InterfaceAddress[] {
    let found = known.get(iface);
    if (!found) known.set(iface, (found = readAddresses(iface)));
    return found;
}

function readAddresses(iface: Interface): InterfaceAddress[] {
    return iface.stanzas.flatMap((stanza) => {
        const found: InterfaceAddress[] = [];
        for (const { name, values } of optionsOf(stanza)) {
            const [token] = values;
            if (!token) continue;
            const last = found[found.length - 1];
            if (name === "netmask" && last && last.prefix === undefined) {
                const prefix = prefixOfNetmask(token.text, last.family);
                found.pop();
                // With a netmask that is none, ifupdown2 does not set the address.
                if (prefix !== undefined) found.push({ ...last, prefix });
            }
            const parsed = name === "address" ? parseAddress(token.text) : undefined;
            if (parsed) found.push({ interface: iface, token, ...parsed });
        }
        return found;
    });
}

/** `undefined` where it is no address or its prefix is out of range. */
export function parseAddress(text: string): { address: string; family: Family; prefix?: number } | undefined {
    const [before, prefix, ...more] = text.split("/");
    const address = withoutZone(before!);
    const family = familyOf(address);
    if (!family || more.length > 0) return undefined;
    const canonical = canonicalAddress(address);
    if (prefix === undefined) return { address: canonical, family };
    const length = prefixOfNetmask(prefix, family);
    return length === undefined ? undefined : { address: canonical, family, prefix: length };
}

/**
 * `24`, `255.255.255.0` and `64` to their length; `undefined` where it is no netmask. Python, and so ifupdown2, takes
 * IPv4's `0.0.0.255` for `255.255.255.0`; for `ffff:ffff:ffff:ffff::` ifupdown2 drops the address (tried with 3.0.0).
 */
export function prefixOfNetmask(netmask: string, family: Family): number | undefined {
    if (/^\d{1,3}$/.test(netmask)) return Number(netmask) <= hostPrefix(family) ? Number(netmask) : undefined;
    if (family === 6 || familyOf(netmask) !== 4) return undefined;
    const digits = netmask
        .split(".")
        .map((octet) => Number(octet).toString(2).padStart(8, "0"))
        .join("");
    return (/^1*(?=0*$)/.exec(digits) ?? /^0*(?=1*$)/.exec(digits))?.[0].length;
}

/** Without a prefix length an interface's subnet is its address alone. */
export function isInSubnetOf(address: string, { address: network, prefix, family }: InterfaceAddress): boolean {
    return isInSubnet(address, network, prefix ?? hostPrefix(family));
}
