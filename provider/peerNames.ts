/**
 * Names that a hosts file would give to other nodes: none before that node says itself that it is called so. A node
 * that is renamed in the stack alone refuses, and its peers must not know it by the new name then.
 */
import type { FileSetArgs } from "../model/contract/fileSet";
import { mappingOf } from "../model/hosts/mapping";
import { canonicalName, entriesOf, namesOf } from "../model/hosts/names";
import { parseHosts } from "../model/hosts/parse";
import { canonicalAddress } from "../model/values/address";
import { OtherNameError } from "../host/errors";
import type { NodeClient } from "../host/nodeClient";
import type { Declared } from "./declared";
import type { FileSetState } from "./fileState";
import { RefusedError } from "./refused";

const PATH = "/etc/hosts";

export interface NewName {
    readonly node: Declared;
    /** As the node's own lines have it. */
    readonly address: string;
    /** What the file called the address until now; none of the node's names. Canonical. */
    readonly instead: readonly string[];
}

/**
 * The nodes whose names the file of `expected` puts on addresses that had them not in `last`.
 * @param last without it (a first push) all of them are new
 */
export function newNames(
    last: Pick<FileSetState, "files"> | undefined,
    { host, files }: Pick<FileSetArgs, "host" | "files">,
    nodes: Iterable<Declared>,
): NewName[] {
    const wanted = files[PATH]?.content;
    if (typeof wanted !== "string") return [];
    const [before, after] = [namesByAddress(last?.files[PATH]?.content ?? ""), namesByAddress(wanted)];
    const peers = [...nodes].filter(({ identity, isNode }) => isNode && identity.name !== host.name);
    return peers.flatMap((node) => {
        const own = new Set(namesOf(node.identity).map(canonicalName));
        const name = canonicalName(node.identity.name);
        const fresh = entriesOf(node.identity).filter(({ address }) => {
            const at = canonicalAddress(address);
            return after.get(at)?.has(name) && !before.get(at)?.has(name);
        });
        return fresh.slice(0, 1).map(({ address }) => {
            const known = [...(before.get(canonicalAddress(address)) ?? [])];
            return { node, address, instead: known.some((each) => own.has(each)) ? [] : known };
        });
    });
}

function namesByAddress(content: string): Map<string, Set<string>> {
    const found = new Map<string, Set<string>>();
    for (const { address, names } of parseHosts(content).flatMap(mappingOf)) {
        const all = found.get(address) ?? new Set();
        for (const { text } of names) all.add(canonicalName(text));
        found.set(address, all);
    }
    return found;
}

/**
 * Each node is asked once in an operation: by the look of its own push where one is under way, on the same connection
 * else.
 */
export class PeerNames {
    private readonly asked = new Map<NodeClient, Promise<Error | undefined>>();

    constructor(private readonly nodes: (host: FileSetArgs["host"]) => NodeClient) {}

    /**
     * A node that cannot be asked is believed, unless its address had another name: a peer that is down keeps no line
     * from the others.
     * @throws RefusedError where a node calls itself otherwise, or may be another node's new name
     */
    async prove(owner: string, names: readonly NewName[]): Promise<void> {
        const complaints = await Promise.all(names.map((name) => this.complaint(name)));
        const [first] = complaints.flat();
        if (first !== undefined) throw new RefusedError(`${owner}: ${PATH} was left as it is: ${first}`);
    }

    private async complaint({ node, address, instead }: NewName): Promise<string[]> {
        const { identity, host, maintenance } = node;
        const refusal = maintenance ? new Error(`${identity.name}: it is under maintenance`) : await this.ask(host);
        if (!refusal) return [];
        if (refusal instanceof OtherNameError)
            return [`it would call ${address} ${identity.name}, but ${refusal.message}`];
        if (instead.length === 0) return [];
        return [
            `it calls ${address} ${instead.join(" ")}, the stack calls it ${identity.name}, and the node cannot be asked which is right (${refusal.message}). A Proxmox node cannot be renamed by its stack: give it its name back there. Where another machine stands there by now, run \`up\` again when it answers`,
        ];
    }

    /** What it was refused with, if it was. */
    private ask(host: FileSetArgs["host"]): Promise<Error | undefined> {
        const client = this.nodes(host);
        const known =
            this.asked.get(client) ??
            client.meet().then(
                () => undefined,
                (error: unknown) => (error instanceof Error ? error : new Error(String(error))),
            );
        this.asked.set(client, known);
        return known;
    }
}

/** What a preview says, which asks no node. */
export function renameInWords({ node: { identity }, address, instead }: NewName): string {
    return `${identity.name} stands at ${address}, which was ${instead.join(" ")}: \`up\` asks the node whether it is called so before any other node takes the name over. A Proxmox node cannot be renamed by its stack`;
}
