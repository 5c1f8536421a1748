/** Keys to log in with, in the order they are tried. They never enter a resource's inputs, a log or an error. */
import { existsSync, readFileSync } from "node:fs";
import { utils, type AnyAuthMethod, type ParsedKey } from "ssh2";
import type { SshTarget } from "./sshTarget";

export interface Credentials {
    /** OpenSSH or PEM text, from the stack's secret `holdfast:privateKey`. */
    readonly privateKey?: string;
    readonly passphrase?: string;
}

export interface LogIn {
    readonly methods: readonly AnyAuthMethod[];
    /** What was tried, for the error message: names of files and the agent, never keys. */
    readonly tried: readonly string[];
    /** `ssh-ed25519 AAAA…` of the first usable key: what has to stand in authorized_keys2. */
    readonly publicKey?: string;
}

export function logIn(target: SshTarget, credentials: Credentials): LogIn {
    const methods: AnyAuthMethod[] = [];
    const tried: string[] = [];
    let publicKey: string | undefined;
    const offer = (name: string, text: string) => {
        const key = parse(text, credentials.passphrase);
        if (typeof key === "string") {
            tried.push(`${name} (not usable: ${key})`);
            return;
        }
        publicKey ??= `${key.type} ${key.getPublicSSH().toString("base64")} holdfast`;
        methods.push({ type: "publickey", username: target.user, key });
        tried.push(name);
    };
    if (credentials.privateKey) offer("holdfast:privateKey", credentials.privateKey);
    const given = process.env["HOLDFAST_IDENTITY_FILE"];
    for (const file of [...(given ? [given] : []), ...target.identityFiles]) {
        if (existsSync(file)) offer(file, readFileSync(file, "utf8"));
        else if (file === given) tried.push(`${file} (no such file)`);
    }
    if (target.agentSocket && existsSync(target.agentSocket)) {
        methods.push({ type: "agent", username: target.user, agent: target.agentSocket });
        tried.push("the SSH agent");
    }
    return { methods, tried, publicKey };
}

function parse(text: string, passphrase?: string): ParsedKey | string {
    const parsed: ParsedKey | ParsedKey[] | Error = utils.parseKey(text, passphrase);
    if (parsed instanceof Error) return parsed.message;
    const key = Array.isArray(parsed) ? parsed[0] : parsed;
    return key?.isPrivateKey() ? key : "not a private key";
}
