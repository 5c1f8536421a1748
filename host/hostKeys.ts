/** Host keys are always checked: the pinned one, or what known_hosts lists. */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { appendFileSync, existsSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { promisify } from "node:util";
import type { HostKeyType } from "../model/values/hostKey";
import type { SshTarget } from "./sshTarget";

const run = promisify(execFile);

export interface KnownKeys {
    /** `TYPE BASE64` of every key that is accepted. */
    readonly accepted: readonly string[];
    readonly revoked: readonly string[];
    /** Where they come from, for the error message. */
    readonly source: string;
}

/** Pinned keys win; otherwise `ssh-keygen -F`, which knows hashed names, patterns and ports. */
export async function knownKeys(
    target: SshTarget,
    pinnedIn = "the key pinned in the stack (ssh.hostKey)",
): Promise<KnownKeys> {
    if (target.hostKey) return { accepted: [keyOf(target.hostKey)], revoked: [], source: pinnedIn };
    const name = target.hostKeyName;
    const accepted: string[] = [];
    const revoked: string[] = [];
    for (const file of target.knownHostsFiles.filter((path) => existsSync(path))) {
        for (const line of await find(name, file)) {
            const fields = line.split(/\s+/);
            if (fields[0] === "@revoked") revoked.push(`${fields[2]} ${fields[3]}`);
            else if (!line.startsWith("@")) accepted.push(`${fields[1]} ${fields[2]}`);
        }
    }
    return { accepted, revoked, source: `${target.knownHostsFiles[0] ?? "known_hosts"} for ${name}` };
}

async function find(name: string, file: string): Promise<string[]> {
    const found = await run("ssh-keygen", ["-F", name, "-f", file], { timeout: 10_000 }).catch((error: unknown) => {
        if ((error as { code?: unknown }).code === 1) return { stdout: "" }; // not listed there
        throw error;
    });
    return found.stdout.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
}

/** Why the offered key is not accepted, or undefined. */
export function refuseKey(
    offered: Buffer,
    known: KnownKeys,
    target: SshTarget,
    allowUnknown: boolean,
    remedy: (key: string) => string = (key) => `set ssh.hostKey: "${key}" for the node`,
): string | undefined {
    const line = `${typeOf(offered)} ${offered.toString("base64")}`;
    const print = fingerprint(offered);
    if (known.revoked.includes(line))
        return `offers host key ${print}, which ${known.source} marks as revoked; do not connect, find out why`;
    if (known.accepted.includes(line)) return undefined;
    if (known.accepted.length > 0) {
        const expected = known.accepted
            .map((key) => fingerprint(Buffer.from(key.split(" ")[1] ?? "", "base64")))
            .join(", ");
        return `host key changed: ${target.host} port ${target.port} offers ${print}, expected ${expected} from ${known.source}. A reinstalled node has a new key, and so has someone in between: compare on the console (ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub), then put the new key into the stack`;
    }
    if (allowUnknown) return undefined;
    return `host key of ${target.host} port ${target.port} is not known: it offers ${print}. Compare on the console (ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub), then ${remedy(line)}`;
}

/** Trust on first use, only where `allowUnknownHostKey` was spelled out: later runs then check against this key. */
export function rememberKey(offered: Buffer, target: SshTarget): void {
    const file = target.knownHostsFiles[0];
    if (!file) return;
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    appendFileSync(file, `${target.hostKeyName} ${typeOf(offered)} ${offered.toString("base64")}\n`, { mode: 0o600 });
}

/** Algorithms to ask for, so that the server offers the kind of key that is known. */
export function hostKeyAlgorithms(known: KnownKeys): string[] | undefined {
    const types = [...new Set(known.accepted.map((key) => key.split(" ")[0] ?? ""))];
    const algorithms = types.flatMap((type) => (signatures as Partial<Record<string, readonly string[]>>)[type] ?? []);
    return algorithms.length > 0 ? algorithms : undefined;
}

/** Signature algorithms by type of key. */
const signatures: Readonly<Record<HostKeyType, readonly string[]>> = {
    "ssh-ed25519": ["ssh-ed25519"],
    "ecdsa-sha2-nistp256": ["ecdsa-sha2-nistp256"],
    "ecdsa-sha2-nistp384": ["ecdsa-sha2-nistp384"],
    "ecdsa-sha2-nistp521": ["ecdsa-sha2-nistp521"],
    "ssh-rsa": ["rsa-sha2-512", "rsa-sha2-256"],
};

function keyOf(line: string): string {
    return line.trim().split(/\s+/).slice(0, 2).join(" ");
}

function typeOf(key: Buffer): string {
    const length = key.length >= 4 ? key.readUInt32BE(0) : 0;
    return key.subarray(4, 4 + length).toString("latin1");
}

function fingerprint(key: Buffer): string {
    return `SHA256:${createHash("sha256").update(key).digest("base64").replace(/=+$/, "")}`;
}
