/** One SSH connection to one node, through its jump hosts. */
import { Client, type ClientChannel, type ConnectConfig } from "ssh2";
import type { Duplex } from "node:stream";
import { LogIn, type Credentials } from "./credentials";
import { OtherKeyError, UnreachableError } from "./errors";
import { hostKeyAlgorithms, knownKeys, refuseKey, rememberKey } from "./hostKeys";
import type { SshTarget } from "./sshTarget";

export interface ConnectOptions {
    readonly credentials: Credentials;
    /** Accept a key that is listed nowhere, and remember it. A changed key is refused all the same. */
    readonly allowUnknownHostKey: boolean;
    /** Where a pinned key comes from, in words for the error message; the stack by default. */
    readonly pinnedIn?: () => string;
    /** What to do with the key `TYPE BASE64` of a host that nobody knows; by default, to pin it in the stack. */
    readonly unknownKeyRemedy?: (key: string) => string;
    /** Seconds until a host that accepts and never answers is given up. */
    readonly timeout: number;
}

export interface Connection {
    /** Starts a command through the login shell; only constants are passed here. */
    exec(command: string): Promise<ClientChannel>;
    /** Who we are there. */
    readonly user: string;
    onClose(listener: () => void): void;
    end(): void;
    /**
     * Without a word to the other side: where nothing comes back any more, an orderly end would wait for it for ever.
     */
    destroy(): void;
}

/** Throws UnreachableError. */
export async function connect(node: string, target: SshTarget, options: ConnectOptions): Promise<Connection> {
    const opened: Client[] = [];
    let socket: Duplex | undefined;
    try {
        for (const jump of target.jumps) {
            const { client } = await open(node, jump, { ...options, isJump: true }, socket);
            opened.unshift(client);
            const next = target.jumps[opened.length] ?? target;
            socket = await answered(
                node,
                `the jump host ${jump.host} cannot reach ${next.host} port ${next.port}`,
                options.timeout,
                (done) => client.forwardOut("127.0.0.1", 0, next.host, next.port, done),
                (late) => late?.destroy(),
            );
        }
        const { client } = await open(node, target, options, socket);
        opened.unshift(client);
        const listeners: (() => void)[] = [];
        const tellClosed = () => listeners.splice(0).forEach((listener) => listener());
        client.once("close", tellClosed);
        return {
            user: target.user,
            exec: (command) =>
                answered(
                    node,
                    "sshd opened no session",
                    options.timeout,
                    (done) => start(client, command, done, tellClosed),
                    (late) => late.close(),
                ),
            onClose: (listener) => void listeners.push(listener),
            end: () => opened.forEach((each) => each.end()),
            destroy: () => opened.forEach((each) => each.destroy()),
        };
    } catch (error) {
        opened.forEach((client) => client.destroy());
        throw error;
    }
}

/** On a connection that broke a moment ago ssh2 throws "Not connected", and its close event comes only afterwards. */
function start(
    client: Client,
    command: string,
    done: (error: Error | undefined, channel: ClientChannel) => void,
    tellClosed: () => void,
): void {
    try {
        client.exec(command, done);
    } catch (error) {
        tellClosed();
        throw error;
    }
}

async function open(
    node: string,
    target: SshTarget,
    options: ConnectOptions & { readonly isJump?: boolean },
    sock?: Duplex,
): Promise<{ client: Client; logIn: LogIn }> {
    const { isJump = false } = options;
    const where = `${isJump ? "the jump host " : ""}${target.user}@${target.host} port ${target.port}`;
    const known = await knownKeys(target, options.pinnedIn?.());
    const logIn = new LogIn(target, options.credentials);
    if (logIn.isHopeless) {
        throw new UnreachableError(
            node,
            `no key to log in to ${where} with (${logIn.tried.join(", ") || "no agent, no key file"}); start an agent, set holdfast:privateKey, or name an IdentityFile in ~/.ssh/config`,
        );
    }
    const client = new Client();
    let refusal: string | undefined;
    let unheardOf: Buffer | undefined;
    const config: ConnectConfig = {
        sock,
        host: target.host,
        port: target.port,
        username: target.user,
        readyTimeout: options.timeout * 1000,
        // A node that loses its power while it works is given up after 40 s; sshd answers these however long a command
        // is silent.
        keepaliveInterval: 10_000,
        keepaliveCountMax: 3,
        algorithms: { serverHostKey: hostKeyAlgorithms(known) as never },
        authHandler: logIn.next,
        hostVerifier: (key: Buffer) => {
            refusal = refuseKey(
                key,
                known,
                target,
                options.allowUnknownHostKey,
                isJump ? pinJump : options.unknownKeyRemedy,
            );
            if (!refusal && known.accepted.length === 0) unheardOf = key;
            return !refusal;
        },
    };
    return new Promise((resolve, reject) => {
        const fail = (error: ConnectError) => {
            // The agent is one way of several: whether all have failed, the next error says.
            if (error.level === "agent") return void logIn.tried.push(`which does not answer: ${error.message}`);
            client.destroy();
            reject(
                refusal === undefined
                    ? new UnreachableError(node, explain(error, where, logIn.tried, options), { cause: error })
                    : new OtherKeyError(node, refusal, { cause: error }),
            );
        };
        client.on("error", fail); // stays: errors after "ready" end the channels, whose readers report them
        client.once("close", () => fail(new Error("the connection was closed before anybody could log in")));
        client.once("ready", () => {
            // Not before: a key is offered first, and only then does its owner prove that it is his.
            if (unheardOf) rememberKey(unheardOf, target);
            resolve({ client, logIn });
        });
        client.connect(config);
    });
}

type ConnectError = Error & { level?: string; code?: string };

function pinJump(key: string): string {
    return `set ssh.proxy.hostKey: "${key}" for the node, or add the jump host to known_hosts`;
}

function explain(
    error: ConnectError,
    where: string,
    tried: readonly string[],
    { timeout, isJump = false }: Pick<ConnectOptions, "timeout"> & { readonly isJump?: boolean },
): string {
    if (error.level === "client-authentication")
        return `${where} accepts none of the keys: ${tried.join(", ")}; put the public key into its authorized_keys, or set ssh.user`;
    if (error.level === "client-timeout")
        return `${where} did not answer within ${timeout} s; is the node up? Look at sshd's load, at firewalls and at what listens there`;
    if (error.code === "ECONNREFUSED") return `${where} refuses connections; is the node up and sshd running there?`;
    if (error.code === "ENOTFOUND" || error.code === "EAI_AGAIN")
        return `${where}: the name does not resolve here; ${isJump ? "mend ssh.proxy.host in the stack, or ProxyJump in ~/.ssh/config" : "give ssh.host an address"}`;
    if (error.code === "EHOSTUNREACH" || error.code === "ENETUNREACH" || error.code === "ETIMEDOUT")
        return `${where} cannot be reached (${error.code}); is the node up? Set maintenance: true to leave it out meanwhile`;
    if (/no matching host key format/i.test(error.message))
        return `${where} has no host key of the pinned or known type: compare its keys on the console (ssh-keygen -lf /etc/ssh/ssh_host_*_key.pub), then put the right one into the stack`;
    // OpenSSH 9.8 and later turns a source away for a while after failed log-ins: PerSourcePenalties, 5 s for each and
    // more.
    if (error.message.includes("lost before handshake"))
        return `${where} closes connections at once: it is no SSH server, too busy (MaxStartups), or it has turned this address away after failed log-ins (PerSourcePenalties); wait a minute, then look at its journal`;
    return `${where}: ${error.message}; is that an SSH server, and is it up?`;
}

/**
 * ssh2 waits for the other side without a limit of its own. `giveUp`: for what comes after the limit, when nobody waits
 * for it.
 */
function answered<T>(
    node: string,
    complaint: string,
    seconds: number,
    start: (done: (error: Error | undefined, value: T) => void) => void,
    giveUp: (late: T) => void,
): Promise<T> {
    return new Promise((resolve, reject) => {
        let isOver = false;
        const fail = (error: Error) => {
            isOver = true;
            reject(new UnreachableError(node, `${complaint}: ${error.message}`, { cause: error }));
        };
        const timer = setTimeout(() => fail(new Error(`no answer within ${seconds} s`)), seconds * 1000);
        try {
            start((error, value) => {
                clearTimeout(timer);
                if (error) fail(error);
                else if (isOver) giveUp(value);
                else resolve(value);
            });
        } catch (error) {
            clearTimeout(timer);
            fail(error as Error); // "Not connected": it was closed a moment ago
        }
    });
}
