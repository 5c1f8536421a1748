/** An SSH server in this process that stands where a node would: what it says to a request is the test's own affair. */
import { spawn } from "node:child_process";
import type { AddressInfo } from "node:net";
import { Server, utils, type Connection, type ServerChannel } from "ssh2";
import { NodeClient } from "../../host/nodeClient";
import { greeting } from "../../host/program";

export type Request = Readonly<Record<string, unknown>>;
/** What it says to each message, in its order; a string as it is. */
export type Says = (request: Request, channel: ServerChannel) => void;

const hostKey = keyPair();
const userKey = keyPair();

export class TalkingNode {
    private readonly clients: NodeClient[] = [];
    /** Connections that were made to it, remote commands that were begun, and bytes that these were given. */
    connected = 0;
    commands = 0;
    bytes = 0;
    private readonly connections = new Set<Connection>();
    private readonly server: Server;

    private constructor(serve: (channel: ServerChannel, command: string) => void) {
        this.server = new Server({ hostKeys: [hostKey.private] }, (connection) => {
            this.connected++;
            this.connections.add(connection);
            connection.on("authentication", (attempt) => attempt.accept());
            connection.on("error", () => undefined);
            connection.on("session", (accept) =>
                accept().on("exec", (begin, _refuse, { command }) => {
                    this.commands++;
                    const channel = begin();
                    channel.on("data", (data: Buffer) => (this.bytes += data.length));
                    serve(channel, command);
                }),
            );
        });
    }

    /** Greets like the program, and leaves the answers to `says`. */
    static saying(says: Says): Promise<TalkingNode> {
        return TalkingNode.listen((channel) => {
            channel.on("error", () => undefined);
            channel.write(`${greeting.ready}\n`);
            let given = Buffer.alloc(0);
            channel.on("data", (data: Buffer) => {
                given = Buffer.concat([given, data]);
                for (;;) {
                    const end = given.indexOf(10);
                    const length = Number(given.subarray(0, Math.max(end, 0)).toString());
                    if (end === -1 || given.length < end + 1 + length) return;
                    const request = given.subarray(end + 1, end + 1 + length).toString();
                    given = given.subarray(end + 1 + length);
                    says(JSON.parse(request) as Request, channel);
                }
            });
        });
    }

    /** Runs the command that it is given, on this machine. */
    static running(): Promise<TalkingNode> {
        return TalkingNode.listen((channel, command) => {
            const child = spawn("sh", ["-c", command]);
            channel.pipe(child.stdin);
            child.stdout.pipe(channel, { end: false });
            child.stderr.pipe(channel.stderr, { end: false });
            child.on("close", () => channel.end());
        });
    }

    private static async listen(serve: (channel: ServerChannel, command: string) => void): Promise<TalkingNode> {
        const node = new TalkingNode(serve);
        await new Promise<void>((listening) => node.server.listen(0, "127.0.0.1", listening));
        return node;
    }

    client(name: string): NodeClient {
        const client = new NodeClient(
            {
                name,
                address: "127.0.0.1",
                port: (this.server.address() as AddressInfo).port,
                user: "root",
                hostKey: hostKey.public.split(" ").slice(0, 2).join(" "),
            },
            { credentials: { privateKey: userKey.private }, allowUnknownHostKey: false, timeout: 10 },
        );
        this.clients.push(client);
        return client;
    }

    async stop(): Promise<void> {
        for (const client of this.clients) client.end();
        const closed = new Promise((resolve) => this.server.close(resolve));
        for (const connection of this.connections) connection.end();
        await closed;
    }
}

/** `LENGTH NEWLINE JSON`; of text, the text. */
export function frame(value: unknown): string {
    const data = typeof value === "string" ? value : JSON.stringify(value);
    return `${Buffer.byteLength(data)}\n${data}`;
}

/** One in some hundred that ssh2 makes it cannot read again: a leading zero byte is lost. */
export function keyPair(): { private: string; public: string } {
    for (let tries = 0; tries < 20; tries++) {
        const made = utils.generateKeyPairSync("ed25519");
        if (!(utils.parseKey(made.private) instanceof Error)) return made;
    }
    throw new Error("ssh2 made twenty keys that it cannot read");
}
