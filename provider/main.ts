/** The plugin's entry: serve on a loopback port, print it, and end with the engine. */
import { fstatSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { Server, ServerCredentials } from "@grpc/grpc-js";
import { ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";
import { version } from "../package.json";
import { isOwnPeer } from "./peer";
import { providerService } from "./service";

/** Milliseconds between looks for the engine: it may be killed without a word. */
const ENGINE_WATCH = 500;
/** The engine's own limit: state with hundreds of files is larger than gRPC's 4 MiB. */
const MESSAGE_LIMIT = 400 * 1024 * 1024;

export function main(engineAddress: string | undefined): void {
    const server = new Server({
        "grpc.max_receive_message_length": MESSAGE_LIMIT,
        "grpc.max_send_message_length": MESSAGE_LIMIT,
    });
    server.addService(ResourceProviderService, providerService(engineAddress, version));
    const plugin = server.createConnectionInjector(ServerCredentials.createInsecure());
    // Asked before a byte of it is read.
    const port = createServer((socket) => {
        if (isOwnPeer(socket)) {
            plugin.injectConnection(socket);
            return;
        }
        console.error("holdfast: another user of this machine tried to use this plugin, and was refused");
        socket.destroy();
    });
    port.on("error", (error) => {
        throw error;
    });
    port.listen(0, "127.0.0.1", () => console.log((port.address() as AddressInfo).port));
    endWithEngine();
}

/** Transactions on the nodes end by themselves, so nothing is lost by an exit at any moment. */
function endWithEngine(): void {
    // The engine holds the other end of our standard input: the pipe closes when it dies, however it dies.
    if (fstatSync(0).isFIFO() || fstatSync(0).isSocket())
        process.stdin
            .on("error", () => undefined)
            .on("close", () => process.exit(1))
            .resume();
    const engine = process.ppid;
    setInterval(() => {
        if (process.ppid !== engine) process.exit(1); // killed: we have another parent
    }, ENGINE_WATCH).unref();
    // The engine's way to end a plugin that it is done with: it waits 5 s, then kills. A user's Ctrl-C does not come
    // here, since plugins have a process group of their own; that arrives as Cancel.
    process.on("SIGINT", () => process.exit(0));
    process.on("SIGTERM", () => process.exit(0));
}
