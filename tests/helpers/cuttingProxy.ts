/**
 * A TCP proxy that cuts its first connection after so many bytes; later ones pass, so that the client can come back.
 */
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";

export interface Cut {
    readonly direction: "upload" | "download";
    /** Bytes that are still passed on. */
    readonly after: number;
}

export class CuttingProxy {
    /** Of the first connection. */
    readonly passed = { upload: 0, download: 0 };
    connections = 0;
    private readonly sockets = new Set<Socket>();

    private constructor(private readonly server: Server) {}

    static async start(target: { host: string; port: number }, cut?: Cut): Promise<CuttingProxy> {
        const server = createServer();
        const proxy = new CuttingProxy(server);
        server.on("connection", (client) => proxy.join(client, connect(target), cut));
        server.listen(0, "127.0.0.1");
        await once(server, "listening");
        return proxy;
    }

    get port(): number {
        return (this.server.address() as { port: number }).port;
    }

    stop(): void {
        for (const socket of this.sockets) socket.destroy();
        this.server.close();
    }

    private join(client: Socket, node: Socket, cut?: Cut): void {
        const isFirst = this.connections++ === 0;
        const end = (): void => {
            client.destroy();
            node.destroy();
        };
        const pass = (from: Socket, to: Socket, direction: Cut["direction"]): void => {
            this.sockets.add(from);
            from.on("error", () => undefined).on("close", end);
            from.on("data", (data) => {
                if (!isFirst) return void to.write(data);
                const limit = cut?.direction === direction ? cut.after - this.passed[direction] : Infinity;
                this.passed[direction] += Math.min(data.length, limit);
                // What was passed on arrives: the cut is a close, not a reset.
                if (data.length >= limit) to.end(data.subarray(0, limit), end);
                else to.write(data);
            });
        };
        pass(client, node, "upload");
        pass(node, client, "download");
    }
}
