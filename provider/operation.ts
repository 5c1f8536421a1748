/** What all verbs of one engine operation share: the way to the nodes, and what has been asked and said already. */
import type { NodeClient } from "../host/nodeClient";
import type { FileSetArgs } from "../model/contract/fileSet";
import type { Configuration } from "./configuration";
import { declaredNode, declaredNodes, importedNode } from "./declared";
import type { FileSetState } from "./fileState";
import { type Origin } from "./nodePool";
import { newNames, PeerNames, type NewName } from "./peerNames";
import { Proofs } from "./proofs";

export type Nodes = (host: FileSetArgs["host"], origin?: Origin) => NodeClient;

/** How a node is reached. */
export interface Reach {
    readonly host: FileSetArgs["host"];
    readonly maintenance: boolean;
    readonly origin: Origin;
}

export class Operation {
    constructor(
        readonly configuration: Configuration,
        readonly nodes: Nodes,
        /** What has been said of a node already, of all its FileSets. */
        private readonly said = new Set<string>(),
        readonly peerNames = new PeerNames(nodes),
        readonly proofs = new Proofs(nodes),
    ) {}

    /** As the stack says now, not as the last `up` left it in state. */
    async reach({ host, maintenance = false }: FileSetArgs): Promise<Reach> {
        const declared = await declaredNode(this.configuration, host.name);
        return declared ? { ...declared, origin: "stack" } : { host, maintenance, origin: "state" };
    }

    declared() {
        return declaredNodes(this.configuration);
    }

    imported(name: string) {
        return importedNode(this.configuration, name);
    }

    /** Names that its hosts file would give to other nodes from now on. */
    async newNames(last: FileSetState | undefined, expected: FileSetArgs): Promise<NewName[]> {
        if (expected.files["/etc/hosts"] === undefined) return []; // without reading the fleet
        return newNames(last, expected, await this.declared());
    }

    sayOnce(message: string, say: (message: string) => void): void {
        if (this.said.has(message)) return;
        this.said.add(message);
        say(message);
    }
}
