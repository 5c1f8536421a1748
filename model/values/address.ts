/**
 * IP addresses. Node's own parser decides what one is: it takes what inet_pton takes, and so what glibc reads in
 * /etc/hosts (tests/model/address.test.ts compares them). The libraries tried take more: ipaddr.js has
 * `::ffff:01.2.3.4` for an address and reads `::1.2.3.4` as `::ffff:1.2.3.4`; ip-address takes `fe80::1%`.
 */
import { BlockList, SocketAddress, isIP } from "node:net";

export type Family = 4 | 6;

/** `undefined` for what inet_pton does not take: a prefix length, a zone, three numbers, leading zeros. */
export function familyOf(address: string): Family | undefined {
    const family = address.includes("%") ? 0 : isIP(address);
    return family === 4 || family === 6 ? family : undefined;
}

/**
 * `fe80::1%vmbr0` to `fe80::1`; any other text comes back as it is. Python's ipaddress, and so ifupdown2, takes any
 * zone without a further `%` behind any IPv6 address, and the kernel never sees it; inet_pton takes none.
 */
export function withoutZone(text: string): string {
    const [, address = ""] = /^([^%]+)%[^%]+$/.exec(text) ?? [];
    return familyOf(address) === 6 ? address : text;
}

/**
 * One spelling per address, inet_ntop's (RFC 5952): `2001:DB8:0::1` is `2001:db8::1`, `::ffff:c000:201` is
 * `::ffff:192.0.2.1`. What is no address comes back as it is.
 */
export function canonicalAddress(address: string): string {
    return familyOf(address) === 6 ? new SocketAddress({ address, family: "ipv6" }).address : address;
}

/** As it stands before a port: an IPv6 address in brackets; a name and an IPv4 address as they are. */
export function bracketed(host: string): string {
    return host.includes(":") ? `[${host}]` : host;
}

/** 127.0.0.0/8, also when mapped into IPv6, and ::1: what pmxcfs passes over when it looks for the node's address. */
export function isLoopback(address: string): boolean {
    return isWithin(address, loopback);
}

/** 0.0.0.0, also when mapped, and `::`. */
export function isUnspecified(address: string): boolean {
    return isWithin(address, unspecified);
}

/** IPv6's, which every interface has; of IPv4's, 169.254.0.0/16, an interface has one only where somebody wants it. */
export function isLinkLocal(address: string): boolean {
    return isWithin(address, linkLocal);
}

/**
 * By a cluster's peers: not loopback, unspecified, link-local of either family, multicast, broadcast or mapped
 * (`::ffff:0:0/96` is on no wire).
 */
export function isReachable(address: string): boolean {
    // BlockList would hold every IPv4 address against a rule for the mapped ones.
    return (
        familyOf(address) !== undefined &&
        !isWithin(address, unreachable) &&
        !/^::ffff:.*\./.test(canonicalAddress(address))
    );
}

/** @param prefix length, sound for the family; the two addresses are of one family */
export function isInSubnet(address: string, network: string, prefix: number): boolean {
    return isWithin(address, subnets([network, prefix]));
}

/** Prefix length that leaves one address. */
export function hostPrefix(family: Family): number {
    return family === 4 ? 32 : 128;
}

const loopback = subnets(["127.0.0.0", 8], ["::1", 128]);
const unspecified = subnets(["0.0.0.0", 32], ["::", 128]);
const linkLocal = subnets(["fe80::", 10]);
const unreachable = subnets(
    ["0.0.0.0", 8],
    ["127.0.0.0", 8],
    ["169.254.0.0", 16],
    ["224.0.0.0", 4],
    ["255.0.0.0", 8],
    ["::", 127],
    ["fe80::", 10],
    ["ff00::", 8],
);

function subnets(...ranges: readonly (readonly [network: string, prefix: number])[]): BlockList {
    const list = new BlockList();
    for (const [network, prefix] of ranges) list.addSubnet(network, prefix, typeOf(network));
    return list;
}

function isWithin(address: string, list: BlockList): boolean {
    return familyOf(address) !== undefined && list.check(address, typeOf(address));
}

function typeOf(address: string): "ipv4" | "ipv6" {
    return familyOf(address) === 6 ? "ipv6" : "ipv4";
}
