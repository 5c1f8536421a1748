/** The smallest edits that make a hosts file sound: other lines, comments and markers stay byte for byte. */
import { canonicalAddress, familyOf, isLoopback } from "../values/address";
import type { NodeIdentity } from "../lint/lintContext";
import type { Token } from "../lint/text";
import { formatHosts, renderHostsEntry, type HostsEntry } from "./format";
import { canonicalName, entriesOf, namesOf } from "./names";
import { parseHosts, type HostsLine } from "./parse";

export interface HostsRepair {
    readonly node: NodeIdentity;
    readonly peers?: readonly NodeIdentity[];
    readonly extra?: readonly HostsEntry[];
}

/**
 * Takes the declared names off wrong addresses (127.0.1.1 first of all), and puts them on the declared ones.
 * Idempotent. Lines that are no entries stay: what a stray line was meant to be is for a human to say, and the lint
 * names it.
 */
export function repairHosts(content: string, { node, peers = [], extra = [] }: HostsRepair): string {
    const declared = [...entriesOf(node), ...peers.flatMap(entriesOf), ...extra];
    const nodeNames = new Set(namesOf(node).map(canonicalName));
    const readdressed = readdressLines(parseHosts(content), declared);
    const cleaned = readdressed.flatMap((line) => dropMisplacedNames(line, declared, nodeNames));
    const withLocalhost = ensureEntry(
        cleaned,
        { address: "127.0.0.1", names: ["localhost"] },
        firstEntryIndex(cleaned),
    );
    return formatHosts(
        declared.reduce((lines, entry) => ensureEntry(lines, entry, insertionIndex(lines, declared)), withLocalhost),
    );
}

/** A line that holds one declared host's names and nothing else moves to its address as a whole: a diff of one word. */
function readdressLines(lines: readonly HostsLine[], declared: readonly HostsEntry[]): HostsLine[] {
    return declared.reduce<HostsLine[]>(
        (current, { address, names }) => {
            if (current.some((line) => isAt(line, address))) return current;
            const wanted = new Set(names.map(canonicalName).filter((name) => name !== "localhost"));
            const index = current.findIndex((line) => {
                const from = line.address && familyOf(line.address.text);
                const movable = from === familyOf(address) && !declared.some((entry) => isAt(line, entry.address));
                return (
                    movable && line.names.length > 0 && line.names.every(({ text }) => wanted.has(canonicalName(text)))
                );
            });
            const found = current[index];
            return found
                ? replaceAt(current, index, { ...found, address: { ...found.address!, text: address } })
                : current;
        },
        [...lines],
    );
}

function dropMisplacedNames(
    line: HostsLine,
    declared: readonly HostsEntry[],
    nodeNames: ReadonlySet<string>,
): HostsLine[] {
    const at = line.address?.text;
    const family = at === undefined ? undefined : familyOf(at);
    if (at === undefined || family === undefined) return [line];
    const isMisplaced = ({ text }: Token) => {
        const name = canonicalName(text);
        const addresses = declared
            .filter(({ names }) => names.some((other) => canonicalName(other) === name))
            .map(({ address }) => address);
        if (name === "localhost" || addresses.length === 0 || addresses.some((address) => isAt(line, address)))
            return false;
        // A peer's address of a family that nobody declared may well be right; the node's own must be what pmxcfs
        // finds.
        return nodeNames.has(name) || isLoopback(at) || addresses.some((address) => familyOf(address) === family);
    };
    const names = line.names.filter((name) => !isMisplaced(name));
    if (names.length === line.names.length) return [line];
    if (names.length > 0) return [{ ...line, names }];
    const comment = line.tail.trimStart();
    return comment ? [{ ...line, address: undefined, names: [], tail: comment }] : [];
}

/** Completes the address's first line, or inserts a new one at `index`. */
function ensureEntry(lines: readonly HostsLine[], entry: HostsEntry, index: number): HostsLine[] {
    const present = new Set(
        lines
            .filter((line) => isAt(line, entry.address))
            .flatMap(({ names }) => names.map(({ text }) => canonicalName(text))),
    );
    const missing = entry.names.filter((name) => !present.has(canonicalName(name)));
    if (missing.length === 0) return [...lines];
    const at = lines.findIndex((line) => isAt(line, entry.address));
    return at === -1
        ? insertLine(lines, renderHostsEntry(entry), index)
        : replaceAt(lines, at, addNames(lines[at]!, entry, missing));
}

/** The canonical name goes first, because `hostname -f` prints the first; the others go last. */
function addNames(line: HostsLine, entry: HostsEntry, missing: readonly string[]): HostsLine {
    const token = (text: string): Token => ({ gap: " ", text, column: 0 });
    const canonicalMissing = missing[0] === entry.names[0];
    const front = canonicalMissing ? [{ ...token(missing[0]!), gap: line.names[0]?.gap ?? " " }] : [];
    const rest =
        canonicalMissing && line.names[0] ? [{ ...line.names[0], gap: " " }, ...line.names.slice(1)] : line.names;
    return { ...line, names: [...front, ...rest, ...missing.slice(front.length).map(token)] };
}

/** After the last line of a declared host, else after the last loopback line, but never inside Proxmox's own block. */
function insertionIndex(lines: readonly HostsLine[], declared: readonly HostsEntry[]): number {
    const lastDeclared = lastIndex(lines, (line) => declared.some(({ address }) => isAt(line, address)));
    const lastLoopback = lastIndex(lines, ({ address }) => address !== undefined && isLoopback(address.text));
    const index = (lastDeclared === -1 ? lastLoopback : lastDeclared) + 1;
    const begin = lastIndex(lines.slice(0, index), ({ tail }) => tail.includes("--- BEGIN PVE ---"));
    const end = lines.findIndex(({ tail }, at) => at >= begin && tail.includes("--- END PVE ---"));
    return begin !== -1 && end >= index ? end + 1 : index;
}

function firstEntryIndex(lines: readonly HostsLine[]): number {
    const index = lines.findIndex(({ address }) => address !== undefined);
    return index === -1 ? lines.length : index;
}

function lastIndex(lines: readonly HostsLine[], matches: (line: HostsLine) => boolean): number {
    return lines.map(matches).lastIndexOf(true);
}

function replaceAt(lines: readonly HostsLine[], index: number, replacement: HostsLine): HostsLine[] {
    return lines.map((line, at) => (at === index ? replacement : line));
}

function insertLine(lines: readonly HostsLine[], tail: string, index: number): HostsLine[] {
    const ending = lines.find((line) => line.ending)?.ending ?? "\n";
    const before = lines.slice(0, index).map((line) => ({ ...line, ending: line.ending || ending }));
    return parseHosts(formatHosts([...before, { number: 0, names: [], tail, ending }, ...lines.slice(index)]));
}

function isAt({ address }: HostsLine, wanted: string): boolean {
    return address !== undefined && canonicalAddress(address.text) === canonicalAddress(wanted);
}
