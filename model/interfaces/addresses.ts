/** Addresses of an interface, as ifupdown2 pairs them with their netmasks. */
import { BlockList, isIP } from "node:net";
import type { Interface } from "./network";
import { optionsOf, type Token } from "./parse";

export interface InterfaceAddress {
    readonly interface: Interface;
    readonly token: Token;
    /** Without prefix, IPv6 in canonical form. */
    readonly address: string;
    readonly family: 4 | 6;
    /** Absent where neither a prefix nor a netmask is given; ifupdown2 then takes a host's (32 or 128). */
    readonly prefix?: number;
}

/** Sound addresses only; `addressFaults` of the rules reports the others. */
export function addressesOf(iface: Interface): InterfaceAddress[] {
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
export function parseAddress(text: string): { address: string; family: 4 | 6; prefix?: number } | undefined {
    const [address, prefix, ...more] = text.split("/");
    const family = familyOf(address!);
    if (!family || more.length > 0) return undefined;
    const canonical = canonicalAddress(address!);
    if (prefix === undefined) return { address: canonical, family };
    const length = prefixOfNetmask(prefix, family);
    return length === undefined ? undefined : { address: canonical, family, prefix: length };
}

/**
 * `24`, `255.255.255.0`, `64` and `ffff:ffff:ffff:ffff::` to their length; `undefined` where it is no netmask. Python, and
 * so ifupdown2, takes IPv4's `0.0.0.255` for `255.255.255.0`.
 */
export function prefixOfNetmask(netmask: string, family: 4 | 6): number | undefined {
    const bits = family === 4 ? 32 : 128;
    if (/^\d{1,3}$/.test(netmask)) return Number(netmask) <= bits ? Number(netmask) : undefined;
    if (familyOf(netmask) !== family) return undefined;
    const digits = binary(netmask, family);
    const network = /^1*(?=0*$)/.exec(digits) ?? (family === 4 ? /^0*(?=1*$)/.exec(digits) : null);
    return network?.[0].length;
}

export function familyOf(address: string): 4 | 6 | undefined {
    const family = isIP(address);
    return family === 4 || family === 6 ? family : undefined;
}

export function isInSubnet(address: string, { address: network, prefix, family }: InterfaceAddress): boolean {
    const type = family === 4 ? "ipv4" : "ipv6";
    const subnet = new BlockList();
    subnet.addSubnet(network, prefix ?? (family === 4 ? 32 : 128), type);
    return subnet.check(address, type);
}

/** One spelling for every spelling of an IPv6 address. */
export function canonicalAddress(address: string): string {
    return isIP(address) === 6 && !address.includes("%") ? new URL(`http://[${address}]/`).hostname.slice(1, -1) : address;
}

/** `fe80::/10`. */
export function isLinkLocal(address: string): boolean {
    return /^fe[89ab]/i.test(address);
}

function binary(address: string, family: 4 | 6): string {
    const groups = family === 4 ? address.split(".").map(Number) : expandedGroups(canonicalAddress(address));
    return groups.map((group) => group.toString(2).padStart(family === 4 ? 8 : 16, "0")).join("");
}

function expandedGroups(address: string): number[] {
    const [head = "", tail] = address.split("::");
    const left = head.split(":").filter((group) => group !== "");
    const right = (tail ?? "").split(":").filter((group) => group !== "");
    const zeros = tail === undefined ? [] : Array<string>(8 - left.length - right.length).fill("0");
    return [...left, ...zeros, ...right].map((group) => parseInt(group, 16));
}
