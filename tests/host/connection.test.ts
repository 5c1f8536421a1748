/** One connection, against a real SSH server in this process. */
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect as connectSocket, createServer, type AddressInfo, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client, Server, type AcceptConnection, type ServerChannel } from "ssh2";
import { connect, type Connection } from "../../host/connection";
import type { SshTarget } from "../../host/sshTarget";
import { keyPair } from "../helpers/talkingNode";

const hostKey = keyPair();
const userKey = keyPair();
/** Answers every command at once, but this one when it is told to. */
const LATE = "late";
/** Never ends by itself. */
const ENDLESS = "endless";
let begun: AcceptConnection<ServerChannel> | undefined;
/** Offers this key, which is not its own: what it signs with is. */
let stolen: Buffer | undefined;
let isUserKnown = true;
const server = new Server({ hostKeys: [hostKey.private] }, (client) => {
    if (stolen) offer(client, stolen);
    client.on("authentication", (attempt) => (isUserKnown ? attempt.accept() : attempt.reject()));
    client.on("error", () => undefined);
    client.on("session", (accept) =>
        accept().on("exec", (begin, _refuse, { command }) => {
            if (command === LATE) return void (begun = begin);
            const channel = begin();
            if (command === ENDLESS) return;
            channel.write("there\n");
            channel.exit(0);
            channel.end();
        }),
    );
});
let connection: Connection;
let folder: string;

function offer(client: object, publicKey: Buffer): void {
    const { _protocol: protocol } = client as { _protocol: { _hostKeys: Record<string, object> } };
    const own = protocol._hostKeys["ssh-ed25519"]!;
    const posing = Object.assign(Object.create(own) as object, { getPublicSSH: () => publicKey });
    protocol._hostKeys = { ...protocol._hostKeys, "ssh-ed25519": posing };
}

function targetOf(more: Partial<SshTarget> = {}): SshTarget {
    return {
        host: "127.0.0.1",
        port: (server.address() as AddressInfo).port,
        user: "root",
        hostKeyName: "node",
        hostKey: keyOf(hostKey),
        identityFiles: [],
        identitiesOnly: true,
        knownHostsFiles: [],
        jumps: [],
        ...more,
    };
}

function keyOf(pair: { readonly public: string }): string {
    return pair.public.split(" ").slice(0, 2).join(" ");
}

function connectTo(target: SshTarget, { allowUnknownHostKey = false, timeout = 10 } = {}): Promise<Connection> {
    return connect("pve01", target, { credentials: { privateKey: userKey.private }, allowUnknownHostKey, timeout });
}

beforeAll(() => new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening)));
afterAll(() => new Promise((closed) => server.close(closed)));
beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "holdfast-connection-"));
    connection = await connectTo(targetOf());
});
afterEach(() => {
    jest.restoreAllMocks();
    stolen = undefined;
    isUserKnown = true;
    rmSync(folder, { recursive: true });
    connection.end();
});

test("starts a command", async () => {
    const channel = await connection.exec("anything");
    expect(String((await channel.toArray())[0])).toBe("there\n");
});

test("counts as closed as soon as ssh2 says that it is not connected, before the close event comes", async () => {
    let closed = 0;
    connection.onClose(() => closed++);
    jest.spyOn(Client.prototype, "exec").mockImplementationOnce(() => {
        throw new Error("Not connected");
    });
    await expect(connection.exec("anything")).rejects.toThrow("pve01: sshd opened no session: Not connected");
    expect(closed).toBe(1);
});

test("closes a session that opens after its time limit", async () => {
    const slow = await connectTo(targetOf(), { timeout: 0.5 });
    try {
        await expect(slow.exec(LATE)).rejects.toThrow("pve01: sshd opened no session: no answer within 0.5 s");
        const served = begun!();
        served.resume();
        await once(served, "close");
    } finally {
        slow.end();
    }
});

test("ends without the other side where the way there has become a black hole", async () => {
    const sockets: Socket[] = [];
    const relay = createServer((near) => {
        const far = connectSocket((server.address() as AddressInfo).port, "127.0.0.1");
        sockets.push(near, far);
        for (const each of [near, far]) each.on("error", () => undefined);
        near.pipe(far).pipe(near);
    });
    await new Promise<void>((listening) => relay.listen(0, "127.0.0.1", listening));
    try {
        const lost = await connectTo(targetOf({ port: (relay.address() as AddressInfo).port }));
        const channel = await lost.exec(ENDLESS);
        channel.resume();
        const told = new Promise<void>((resolve) => lost.onClose(resolve));
        for (const socket of sockets) socket.unpipe().pause();
        lost.destroy();
        await Promise.all([once(channel, "close"), told]);
    } finally {
        sockets.forEach((socket) => socket.destroy());
        await new Promise((closed) => relay.close(closed));
    }
});

describe("an unknown host key, with the opt-in", () => {
    const knownHosts = () => join(folder, "known_hosts");
    const connectUnknown = async () =>
        (
            await connectTo(targetOf({ hostKey: undefined, knownHostsFiles: [knownHosts()] }), {
                allowUnknownHostKey: true,
            })
        ).end();

    beforeEach(() => writeFileSync(knownHosts(), ""));

    test("is remembered, once", async () => {
        await connectUnknown();
        await connectUnknown();
        expect(readFileSync(knownHosts(), "utf8")).toBe(`node ${keyOf(hostKey)}\n`);
    });

    test("is not remembered where its owner has not proven that it is his", async () => {
        stolen = Buffer.from(keyOf(keyPair()).split(" ")[1]!, "base64");
        await expect(connectUnknown()).rejects.toThrow(/pve01: .*signature verification failed/);
        expect(readFileSync(knownHosts(), "utf8")).toBe("");
    });

    test("is not remembered of a host that does not let us in", async () => {
        isUserKnown = false;
        await expect(connectUnknown()).rejects.toThrow("accepts none of the keys");
        expect(readFileSync(knownHosts(), "utf8")).toBe("");
    });
});

test("tells of its end once", async () => {
    let closed = 0;
    const told = new Promise<void>((resolve) =>
        connection.onClose(() => {
            closed++;
            resolve();
        }),
    );
    connection.end();
    await told;
    await expect(connection.exec("anything")).rejects.toThrow("Not connected");
    expect(closed).toBe(1);
});

test("a jump host that cannot be resolved is called one", async () => {
    const jump = targetOf({ host: "jump.invalid", port: 22, user: "ops" });
    await expect(connectTo(targetOf({ jumps: [jump] }))).rejects.toThrow(
        "the jump host ops@jump.invalid port 22: the name does not resolve here; mend ssh.proxy.host in the stack, or ProxyJump",
    );
});

test("a jump host whose key is not known is to be pinned as one", async () => {
    await expect(connectTo(targetOf({ jumps: [targetOf({ hostKey: undefined })] }))).rejects.toThrow(
        `then set ssh.proxy.hostKey: "${keyOf(hostKey)}" for the node`,
    );
});
