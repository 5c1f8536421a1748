/** One NodeClient per way to a node, for the life of the provider: all FileSets of a node share its connection. */
import type { HostArgs } from "../model/contract/fileSet";
import { NodeClient } from "../host/nodeClient";
import type { Configuration } from "./configuration";

export class NodePool {
    private readonly clients = new Map<string, NodeClient>();

    constructor(private readonly configuration: () => Configuration) {}

    readonly get = (host: HostArgs): NodeClient => {
        const { name, address, port, user, hostKey, sudo, proxy } = host;
        const key = JSON.stringify([name, address, port, user, hostKey, sudo, proxy]);
        let client = this.clients.get(key);
        if (!client) {
            const { credentials, allowUnknownHostKey, connectTimeout } = this.configuration();
            client = new NodeClient(host, { credentials, allowUnknownHostKey, timeout: connectTimeout });
            this.clients.set(key, client);
        }
        return client;
    };

    end(): void {
        for (const client of this.clients.values()) client.end();
        this.clients.clear();
    }
}
