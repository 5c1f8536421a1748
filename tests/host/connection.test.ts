/** One connection, against a real SSH server in this process. */
import type { AddressInfo } from "node:net";
import { Client, Server, utils } from "ssh2";
import { connect, type Connection } from "../../host/connection";
import type { SshTarget } from "../../host/sshTarget";

const hostKey = utils.generateKeyPairSync("ed25519");
const userKey = utils.generateKeyPairSync("ed25519");
const server = new Server({ hostKeys: [hostKey.private] }, (client) => {
    client.on("authentication", (attempt) => attempt.accept());
    client.on("error", () => undefined);
    client.on("session", (accept) =>
        accept().on("exec", (begin) => {
            const channel = begin();
            channel.write("there\n");
            channel.exit(0);
            channel.end();
        }),
    );
});
let connection: Connection;

beforeAll(() => new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening)));
afterAll(() => new Promise((closed) => server.close(closed)));
beforeEach(async () => {
    const target: SshTarget = {
        host: "127.0.0.1",
        port: (server.address() as AddressInfo).port,
        user: "root",
        hostKeyName: "node",
        hostKey: hostKey.public.split(" ").slice(0, 2).join(" "),
        identityFiles: [],
        identitiesOnly: true,
        knownHostsFiles: [],
        jumps: [],
    };
    connection = await connect("pve01", target, {
        credentials: { privateKey: userKey.private },
        allowUnknownHostKey: false,
        timeout: 10,
    });
});
afterEach(() => {
    jest.restoreAllMocks();
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
