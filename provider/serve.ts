/** A plugin's service on a loopback port that it prints, for its engine alone, and for as long as that lives. */
import { fstatSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { Server, ServerCredentials, type ServiceDefinition, type UntypedServiceImplementation } from "@grpc/grpc-js";
import { isOwnPeer } from "./peer";

/** Milliseconds between looks for the engine: it may be killed without a word. */
const ENGINE_WATCH = 500;
/** The engine's own limit: state with hundreds of files is larger than gRPC's 4 MiB. */
const MESSAGE_LIMIT = 400 * 1024 * 1024;

export const messageLimits = {
    "grpc.max_receive_message_length": MESSAGE_LIMIT,
    "grpc.max_send_message_length": MESSAGE_LIMIT,
};

export function serve(definition: ServiceDefinition, implementation: UntypedServiceImplementation): void {
    const server = new Server(messageLimits);
    server.addService(definition, implementation);
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
