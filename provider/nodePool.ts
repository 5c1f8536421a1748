/** One NodeClient per way to a node, for the life of the provider: all FileSets of a node share its connection. */
import type { HostArgs } from "../model/contract/fileSet";
import { NodeClient } from "../host/nodeClient";
import type { Configuration } from "./configuration";

/** Who says how to reach the node: the stack as it is now, or what the last `up` left in state. */
export type Origin = "stack" | "state";

const PINNED_IN = {
    stack: "the key pinned in the stack (ssh.hostKey)",
    state: "the key that the last `up` left in state (holdfast:fleet of this stack declares no such node; a plain `up` goes by the program)",
} satisfies Record<Origin, string>;

export class NodePool {
    private readonly clients = new Map<string, NodeClient>();
    private readonly origins = new Map<string, Origin>();

    constructor(private readonly configuration: () => Configuration) {}

    readonly get = (host: HostArgs, origin: Origin = "stack"): NodeClient => {
        const { name, address, former, port, user, hostKey, sudo, proxy } = host;
        const key = JSON.stringify([name, address, former, port, user, hostKey, sudo, proxy]);
        if (this.origins.get(key) !== "stack") this.origins.set(key, origin);
        let client = this.clients.get(key);
        if (!client) {
            client = new NodeClient(host, {
                ...this.configuration().connect,
                pinnedIn: () => PINNED_IN[this.origins.get(key) ?? origin],
            });
            this.clients.set(key, client);
        }
        return client;
    };

    cancel(): void {
        for (const client of this.clients.values()) client.cancel();
    }
}
