/** One SSH connection to one node, through its jump hosts. */
import { Client, type ClientChannel, type ConnectConfig } from "ssh2";
import type { Duplex } from "node:stream";
import { logIn, type Credentials } from "./credentials";
import { UnreachableError } from "./errors";
import { hostKeyAlgorithms, knownKeys, refuseKey, rememberKey } from "./hostKeys";
import type { SshTarget } from "./sshTarget";

export interface ConnectOptions {
    readonly credentials: Credentials;
    /** Accept a key that is listed nowhere, and remember it. A changed key is refused all the same. */
    readonly allowUnknownHostKey: boolean;
    /** Seconds until a host that accepts and never answers is given up. */
    readonly timeout: number;
}

export interface Connection {
    /** Starts a command through the login shell; only constants are passed here. */
    exec(command: string): Promise<ClientChannel>;
    /** Who we are there. */
    readonly user: string;
    /** The public half of the key that may have let us in. */
    readonly publicKey?: string;
    onClose(listener: () => void): void;
    end(): void;
}

export async function connect(node: string, target: SshTarget, options: ConnectOptions): Promise<Connection> {
    const opened: Client[] = [];
    let socket: Duplex | undefined;
    try {
        for (const jump of target.jumps) {
            const client = await open(node, jump, options, socket);
            opened.unshift(client);
            socket = await forward(node, client, target.jumps[opened.length] ?? target);
        }
        const client = await open(node, target, options, socket);
        opened.unshift(client);
        return {
            user: target.user,
            publicKey: logIn(target, options.credentials).publicKey,
            exec: (command) => execute(node, client, command),
            onClose: (listener) => client.once("close", listener),
            end: () => opened.forEach((each) => each.end()),
        };
    } catch (error) {
        opened.forEach((client) => client.destroy());
        throw error;
    }
}

async function open(node: string, target: SshTarget, options: ConnectOptions, sock?: Duplex): Promise<Client> {
    const where = `${target.user}@${target.host} port ${target.port}`;
    const known = await knownKeys(target);
    const { methods, tried } = logIn(target, options.credentials);
    if (methods.length === 0) {
        throw new UnreachableError(node, `no key to log in to ${where} with (${tried.join(", ") || "no agent, no key file"}); start an agent, set holdfast:privateKey, or name an IdentityFile in ~/.ssh/config`);
    }
    const config: ConnectConfig = {
        sock,
        host: target.host,
        port: target.port,
        username: target.user,
        readyTimeout: options.timeout * 1000,
        keepaliveInterval: 10_000,
        keepaliveCountMax: 3,
        algorithms: { serverHostKey: hostKeyAlgorithms(known) as never },
        authHandler: [...methods] as never,
    };
    const client = new Client();
    let refusal: string | undefined;
    return new Promise((resolve, reject) => {
        const fail = (error: Error & { level?: string; code?: string }) => {
            client.destroy();
            reject(new UnreachableError(node, refusal ?? explain(error, where, tried, options.timeout), { cause: error }));
        };
        client.once("error", fail);
        client.once("ready", () => {
            client.off("error", fail);
            client.on("error", () => client.destroy()); // later errors end the channels, whose readers report them
            resolve(client);
        });
        client.connect({
            ...config,
            hostVerifier: (key: Buffer) => {
                refusal = refuseKey(key, known, target, options.allowUnknownHostKey);
                if (!refusal && known.accepted.length === 0) rememberKey(key, target);
                return !refusal;
            },
        });
    });
}

function explain(error: Error & { level?: string; code?: string }, where: string, tried: readonly string[], timeout: number): string {
    if (error.level === "client-authentication") return `${where} accepts none of the keys: ${tried.join(", ")}; put the public key into its authorized_keys, or set ssh.user`;
    if (error.level === "client-timeout") return `${where} did not answer within ${timeout} s; is the node up? Look at sshd's load, at firewalls and at what listens there`;
    if (error.code === "ECONNREFUSED") return `${where} refuses connections; is the node up and sshd running there?`;
    if (error.code === "ENOTFOUND") return `${where}: the name does not resolve here; give ssh.host an address`;
    if (error.code === "EHOSTUNREACH" || error.code === "ENETUNREACH" || error.code === "ETIMEDOUT") return `${where} cannot be reached (${error.code}); is the node up? Set maintenance: true to leave it out meanwhile`;
    if (/no matching host key format|host key/i.test(error.message)) return `${where} has no host key of the pinned or known type: ${error.message}; compare the key on the console, then put it into the stack`;
    return `${where}: ${error.message || "the connection was closed before it was ready"}`;
}

function forward(node: string, client: Client, target: SshTarget): Promise<Duplex> {
    return new Promise((resolve, reject) => {
        client.forwardOut("127.0.0.1", 0, target.host, target.port, (error, channel) => {
            if (error) reject(new UnreachableError(node, `the jump host cannot reach ${target.host} port ${target.port}: ${error.message}`, { cause: error }));
            else resolve(channel);
        });
    });
}

function execute(node: string, client: Client, command: string): Promise<ClientChannel> {
    return new Promise((resolve, reject) => {
        client.exec(command, (error, channel) => {
            if (error) reject(new UnreachableError(node, `sshd opened no session: ${error.message}`, { cause: error }));
            else resolve(channel);
        });
    });
}
