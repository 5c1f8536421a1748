/**
 * Rules about the node's own name, incident A's cause. pmxcfs asks the resolver for it and takes the first address that
 * is neither 127.* nor ::1 (pve-cluster 9.1.6); most other programs take the first address there is, so a name that
 * stands on 127.0.1.1 as well is wrong too (getaddrinfo returns 127.0.1.1 first, tried).
 */
import { canonicalAddress, familyOf, isLoopback, isUnspecified } from "../values/address";
import { at, finding, firstLine, type Finding } from "../lint/finding";
import type { LintContext, NodeIdentity } from "../lint/lintContext";
import type { HostsMapping } from "./mapping";
import { canonicalName, entriesOf, namesOf } from "./names";

export function lintNodeNames(mappings: readonly HostsMapping[], { node, peers = [] }: LintContext): Finding[] {
    const own = node
        ? [...lintOwnLoopback(mappings, node), ...lintOwnAddress(mappings, node)]
        : [...lintDebianConvention(mappings), notChecked()];
    return [...own, ...peers.flatMap((peer) => lintPeer(mappings, peer))];
}

function notChecked(): Finding {
    const message =
        "Whether the node's own name resolves to its LAN address depends on the node's identity. Declare the node in the stack to have it checked.";
    return finding("own-name", "not checked", firstLine, message);
}

function namesIn(mapping: HostsMapping, node: NodeIdentity) {
    const wanted = new Set(namesOf(node).map(canonicalName));
    return mapping.names.filter(({ text }) => wanted.has(canonicalName(text)));
}

function lintOwnLoopback(mappings: readonly HostsMapping[], node: NodeIdentity): Finding[] {
    if (isLoopback(node.address)) return [];
    return mappings
        .filter(({ address }) => isLoopback(address))
        .flatMap((mapping) =>
            namesIn(mapping, node).map(({ text, column }) => {
                const message = `The node's own name '${text}' stands on the loopback address ${mapping.address}, which pmxcfs does not accept. Put it on ${node.address} only.`;
                return finding("own-name-on-loopback", "error", { line: mapping.line.number, column }, message);
            }),
        );
}

/**
 * Without the node's identity: 127.0.1.1 is where Debian's installer puts the machine's own name, and nothing else goes
 * there.
 */
function lintDebianConvention(mappings: readonly HostsMapping[]): Finding[] {
    const elsewhere = new Set(
        mappings
            .filter(({ address }) => !isLoopback(address))
            .flatMap(({ names }) => names.map(({ text }) => canonicalName(text))),
    );
    return mappings
        .filter(({ address }) => address === "127.0.1.1")
        .flatMap(({ line, names }) =>
            names
                .filter(({ text }) => canonicalName(text) !== "localhost")
                .slice(0, 1)
                .map(({ text, column }) => {
                    const severity = names.some((name) => elsewhere.has(canonicalName(name.text)))
                        ? "warning"
                        : "error";
                    const message = `'${text}' stands on 127.0.1.1, where Debian puts the machine's own name: pmxcfs does not start with that. Put the name on the LAN address.`;
                    return finding("own-name-on-loopback", severity, { line: line.number, column }, message);
                }),
        );
}

function lintOwnAddress(mappings: readonly HostsMapping[], node: NodeIdentity): Finding[] {
    const carrying = mappings.filter((mapping) =>
        namesIn(mapping, node).some(({ text }) => canonicalName(text) === canonicalName(node.name)),
    );
    const declared = entriesOf(node).map(({ address }) => canonicalAddress(address));
    const hasDeclared = carrying.some(({ address }) => address === canonicalAddress(node.address));
    const others = carrying.filter(({ address }) => !declared.includes(address) && !isLoopback(address));
    // pmxcfs passes over loopback addresses only; 0.0.0.0 is where blocklists put names.
    // Beside the declared address another one may be a second ring: which comes first is then the resolver's choice.
    const wrong = others.map(({ line, address }) => {
        const severity = hasDeclared && !isUnspecified(address) ? "warning" : "error";
        const message = isUnspecified(address)
            ? `The node's own name '${node.name}' stands on ${address}, which pmxcfs takes for the node's address. Put it on ${node.address} only.`
            : `The node's own name '${node.name}' stands on ${address}, but its declared address is ${node.address}. Correct the line, or the declaration.`;
        return finding("own-name-elsewhere", severity, at(line.number, line.address!), message);
    });
    const missing = declared
        .filter((address) => !carrying.some((mapping) => mapping.address === address))
        .map((address) => {
            const isMain = address === canonicalAddress(node.address);
            const message = `The node's own name '${node.name}' is not on ${address}. Add the line '${address} ${namesOf(node).join(" ")}'.`;
            return finding("missing-own-name", isMain ? "error" : "warning", firstLine, message);
        });
    return [...wrong, ...missing];
}

/** Only warnings: corosync and DNS may know the peer's address without this file. */
function lintPeer(mappings: readonly HostsMapping[], peer: NodeIdentity): Finding[] {
    const wanted = canonicalAddress(peer.address);
    const carrying = mappings.filter(({ names }) =>
        names.some(({ text }) => canonicalName(text) === canonicalName(peer.name)),
    );
    const sameFamily = carrying.filter(
        ({ address, family }) => isLoopback(address) || family === familyOf(peer.address),
    );
    const wrong = sameFamily
        .filter(({ address }) => address !== wanted)
        .map(({ line, address }) => {
            const message = `The peer '${peer.name}' stands on ${address}, but its declared address is ${peer.address}. Correct the line, or the declaration.`;
            return finding("peer-elsewhere", "warning", at(line.number, line.address!), message);
        });
    if (sameFamily.some(({ address }) => address === wanted)) return wrong;
    const message = `The peer '${peer.name}' is not in the file. Add the line '${peer.address} ${namesOf(peer).join(" ")}'.`;
    return [...wrong, finding("missing-peer", "warning", firstLine, message)];
}
