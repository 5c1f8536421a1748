/** Names as the hosts file uses them. */
import type { NodeIdentity } from "../lint/lintContext";
import type { HostsEntry } from "./format";

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
    return [node.address, node.address6]
        .filter((address) => address !== undefined)
        .map((address) => ({ address, names: namesOf(node) }));
}
