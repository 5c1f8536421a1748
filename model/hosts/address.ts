/** Addresses and names as the hosts file uses them. */
import { SocketAddress, isIP } from "node:net";
import type { NodeIdentity } from "../lintContext";
import type { HostsEntry } from "./format";

export type Family = 4 | 6;

/** `undefined` for what inet_pton, and so glibc, does not take: a prefix length, a zone, three numbers, leading zeros. */
export function familyOf(address: string): Family | undefined {
    const family = address.includes("%") ? 0 : isIP(address);
    return family === 4 || family === 6 ? family : undefined;
}

/** 127.0.0.0/8 and ::1 in every spelling: what pmxcfs passes over when it looks for the node's address. */
export function isLoopback(address: string): boolean {
    const canonical = canonicalAddress(address);
    return canonical.startsWith("127.") || canonical === "::1" || canonical.startsWith("::ffff:127.");
}

/** One spelling per address (`2001:DB8:0::1` is `2001:db8::1`); what is no address comes back as it is. */
export function canonicalAddress(address: string): string {
    return familyOf(address) === 6 ? new SocketAddress({ address, family: "ipv6" }).address : address;
}

/** Lower case: names compare without regard to it. */
export function canonicalName(name: string): string {
    return name.toLowerCase();
}

/** The names a node goes by, the fully qualified one first, since `hostname -f` prints the first. */
export function namesOf({ name, domain, aliases = [] }: NodeIdentity): string[] {
    return [...new Set([...(domain ? [`${name}.${domain}`] : []), name, ...aliases])];
}

/** The lines that a node's identity asks for: one per address family it has. */
export function entriesOf(node: NodeIdentity): HostsEntry[] {
    return [node.address, node.address6].filter((address) => address !== undefined).map((address) => ({ address, names: namesOf(node) }));
}
