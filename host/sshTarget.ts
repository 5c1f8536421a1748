/** Where to connect and as whom: the stack's values over those of ~/.ssh/config, as OpenSSH itself resolves them. */
import { execFile } from "node:child_process";
import { homedir, userInfo } from "node:os";
import { promisify } from "node:util";
import type { HostArgs } from "../model/contract/fileSet";
import { parseDestination, type Destination } from "../model/values/ssh";
import { UnreachableError } from "./errors";

const run = promisify(execFile);

export interface SshTarget {
    readonly host: string;
    readonly port: number;
    readonly user: string;
    /**
     * How known_hosts lists the key: `HostKeyAlias` as it is, else `HostName`, as `[name]:port` where the port is not
     * 22.
     */
    readonly hostKeyName: string;
    /** A pinned key, `TYPE BASE64`; known_hosts is then not asked. */
    readonly hostKey?: string;
    /** Candidates in ssh's order; files that do not exist included. */
    readonly identityFiles: readonly string[];
    /** Of the agent's keys only those are offered that an identity file names. */
    readonly identitiesOnly: boolean;
    readonly agentSocket?: string;
    readonly knownHostsFiles: readonly string[];
    /** Jump hosts, the nearest first. */
    readonly jumps: readonly SshTarget[];
}

/**
 * `ssh -G` knows Include, Match and every default; a parser of our own would not.
 * `HOLDFAST_SSH_CONFIG` names another configuration file, for runners that have none in their home.
 */
export async function resolveTarget(host: HostArgs): Promise<SshTarget> {
    const named = await lookUp(host.name, host.address, host.user, host.port);
    const jumps: readonly (Destination & { readonly hostKey?: string })[] = host.proxy
        ? [host.proxy]
        : parseJumps(named.values.get("proxyjump")?.[0]);
    const resolved: SshTarget[] = [];
    for (const jump of jumps) {
        const { target } = await lookUp(host.name, jump.host, jump.user, jump.port);
        resolved.push({ ...target, hostKey: jump.hostKey, jumps: [] });
    }
    return { ...named.target, hostKey: host.hostKey, jumps: resolved };
}

/** `[user@]host[:port][,…]`, as `ssh -G` prints it, which has refused what is none and taken `ssh://` off. */
function parseJumps(value: string | undefined): Destination[] {
    if (!value || value === "none") return [];
    return value.split(",").map((part) => {
        const jump = parseDestination(part);
        if (!jump) throw new Error(`ProxyJump ${part}: expected [user@]host[:port]`);
        return jump;
    });
}

async function lookUp(node: string, address: string, user?: string, port?: number) {
    const values = new Map<string, string[]>();
    const file = process.env["HOLDFAST_SSH_CONFIG"];
    const options = [
        ...(file ? ["-F", file] : []),
        ...(user ? ["-l", user] : []),
        ...(port ? ["-p", String(port)] : []),
    ];
    try {
        const { stdout } = await run("ssh", ["-G", ...options, "--", address], { timeout: 10_000 });
        for (const line of stdout.split("\n")) {
            const space = line.indexOf(" ");
            if (space < 0) continue;
            const key = line.slice(0, space);
            values.set(key, [...(values.get(key) ?? []), line.slice(space + 1)]);
        }
    } catch (error) {
        throw new UnreachableError(
            node,
            `ssh -G ${address} failed; is an OpenSSH client installed, and is ~/.ssh/config sound? ${(error as Error).message}`,
            { cause: error },
        );
    }
    const first = (key: string) => values.get(key)?.[0];
    const agent = first("identityagent");
    const resolved = { host: first("hostname") ?? address, port: Number(first("port") ?? 22) };
    const target: SshTarget = {
        ...resolved,
        user: user ?? (isGivenByConfig(first("user")) ? first("user")! : "root"),
        hostKeyName:
            first("hostkeyalias") ?? (resolved.port === 22 ? resolved.host : `[${resolved.host}]:${resolved.port}`),
        identityFiles: (values.get("identityfile") ?? []).map(expandHome),
        identitiesOnly: first("identitiesonly") === "yes",
        agentSocket:
            agent && agent !== "none" && agent !== "SSH_AUTH_SOCK"
                ? expandHome(agent)
                : agent === "none"
                  ? undefined
                  : process.env["SSH_AUTH_SOCK"],
        knownHostsFiles: [first("userknownhostsfile"), first("globalknownhostsfile")]
            .flatMap((files) => files?.split(" ") ?? [])
            .map(expandHome),
        jumps: [],
    };
    return { target, values };
}

/**
 * ssh's own default is the local user's name; Holdfast's is root. Who means the local name says so in the stack
 * (ssh.user).
 */
function isGivenByConfig(user: string | undefined): boolean {
    return user !== undefined && user !== userInfo().username;
}

function expandHome(path: string): string {
    return path.replace(/^~(?=\/|$)/, homedir());
}
