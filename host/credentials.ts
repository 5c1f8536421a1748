/** Keys to log in with, in the order they are tried. They never enter a resource's inputs, a log or an error. */
import { existsSync, readFileSync } from "node:fs";
import {
    OpenSSHAgent,
    utils,
    type AnyAuthMethod,
    type AuthHandlerMiddleware,
    type BaseAgent,
    type ParsedKey,
} from "ssh2";
import type { SshTarget } from "./sshTarget";

export interface Credentials {
    /** OpenSSH or PEM text, from the stack's secret `holdfast:privateKey`. */
    readonly privateKey?: string;
    readonly passphrase?: string;
}

/** One attempt to log in: what ssh2 asks for the next key, and what became of it. */
export class LogIn {
    /** What was tried, for the error message: names of files and the agent, never keys. */
    readonly tried: string[] = [];
    private readonly methods: AnyAuthMethod[] = [];

    constructor(
        private readonly target: SshTarget,
        credentials: Credentials,
    ) {
        if (credentials.privateKey) this.offer("holdfast:privateKey", credentials.privateKey, credentials.passphrase);
        const given = process.env["HOLDFAST_IDENTITY_FILE"];
        for (const file of [...(given ? [given] : []), ...target.identityFiles]) {
            if (existsSync(file)) this.offerFile(file, credentials.passphrase);
            else if (file === given) this.tried.push(`${file} (no such file)`);
        }
        if (target.agentSocket && existsSync(target.agentSocket)) this.offerAgent(target.agentSocket);
    }

    get isHopeless(): boolean {
        return this.methods.length === 0;
    }

    /** ssh2's `authHandler`. */
    readonly next: AuthHandlerMiddleware = (_left, _partial, proceed) => {
        proceed(this.methods.shift() ?? (false as never));
    };

    private offerFile(file: string, passphrase?: string): void {
        try {
            this.offer(file, readFileSync(file, "utf8"), passphrase);
        } catch (error) {
            this.tried.push(`${file} (not readable: ${(error as Error).message})`);
        }
    }

    private offer(name: string, text: string, passphrase?: string): void {
        const key = parse(text, passphrase);
        if (typeof key === "string") {
            this.tried.push(`${name} (not usable: ${key})`);
            return;
        }
        this.methods.push({ type: "publickey", username: this.target.user, key });
        this.tried.push(name);
    }

    private offerAgent(socket: string): void {
        const only = this.target.identitiesOnly ? publicKeysOf(this.target.identityFiles) : undefined;
        const agent = new Agent(socket, only);
        this.methods.push({ type: "agent", username: this.target.user, agent: agent as unknown as BaseAgent }); // the types know no agent of ParsedKeys
        this.tried.push("the SSH agent");
    }
}

/** An agent that offers no more than `IdentitiesOnly` allows. */
class Agent extends OpenSSHAgent {
    constructor(
        socket: string,
        private readonly only: ReadonlySet<string> | undefined,
    ) {
        super(socket);
    }

    override getIdentities(answer: Parameters<OpenSSHAgent["getIdentities"]>[0]): void {
        super.getIdentities((error, keys) =>
            answer(
                error,
                keys?.filter((key) => this.only?.has(blobOf(key as ParsedKey)) ?? true),
            ),
        );
    }
}

/** Base64 of the public halves that lie beside identity files: an encrypted key in the agent is known by its `.pub`. */
function publicKeysOf(identityFiles: readonly string[]): ReadonlySet<string> {
    const files = identityFiles
        .map((file) => (file.endsWith(".pub") ? file : `${file}.pub`))
        .filter((file) => existsSync(file));
    return new Set(files.flatMap((file) => readFileSync(file, "utf8").split(/\s+/)[1] ?? []));
}

function parse(text: string, passphrase?: string): ParsedKey | string {
    const parsed: ParsedKey | ParsedKey[] | Error = utils.parseKey(text, passphrase);
    if (parsed instanceof Error)
        return /passphrase/i.test(parsed.message)
            ? `${parsed.message}; set holdfast:privateKeyPassphrase, or add the key to an agent`
            : parsed.message;
    const [key] = [parsed].flat();
    return key?.isPrivateKey() ? key : "not a private key";
}

function blobOf(key: ParsedKey): string {
    return key.getPublicSSH().toString("base64");
}
