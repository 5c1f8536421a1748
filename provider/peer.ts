/**
 * Who is at the other end of a connection to the plugin's port: loopback alone asks nobody, and here a stranger would
 * be root everywhere.
 */
import { readFileSync } from "node:fs";
import type { Socket } from "node:net";

/** `st` of an open connection in /proc/net/tcp (include/net/tcp_states.h). */
const ESTABLISHED = "01";

/**
 * Whether the other end is this very user's, or root's (who may do all this anyway). Linux tells in /proc/net/tcp;
 * elsewhere nobody does, and every peer counts as one's own: docs/security.md says so.
 */
export function isOwnPeer(
    socket: Pick<Socket, "remoteAddress" | "remotePort" | "localPort">,
    platform = process.platform,
): boolean {
    if (platform !== "linux") return true;
    const { remotePort, localPort } = socket;
    if (remotePort === undefined || localPort === undefined) return false;
    const uid = ownerOf(remotePort, localPort);
    return uid !== undefined && (uid === 0 || uid === process.getuid?.());
}

/** The user of the open loopback connection from one port to another. */
function ownerOf(from: number, to: number): number | undefined {
    for (const table of ["/proc/net/tcp", "/proc/net/tcp6"]) {
        const uid = ownerIn(readFileSync(table, "utf8"), from, to);
        if (uid !== undefined) return uid;
    }
    return undefined;
}

/**
 * Columns: number, local and remote address:port in hexadecimal, state, queues, timer, retransmissions, user, timeout,
 * inode. A socket that its owner has closed already is nobody's (inode 0, user 0): it must not pass for root's.
 */
export function ownerIn(table: string, from: number, to: number): number | undefined {
    for (const line of table.split("\n").slice(1)) {
        const [, local = "", remote = "", state, , , , user, , inode] = line.trim().split(/\s+/);
        const isIt = isLoopback(local) && isLoopback(remote) && portOf(local) === from && portOf(remote) === to;
        if (isIt && state === ESTABLISHED && inode !== "0") return Number(user);
    }
    return undefined;
}

/**
 * 127.0.0.1, in IPv6 as ::ffff:127.0.0.1; the kernel writes words in the machine's own order, little-endian on all that
 * Node runs on.
 */
function isLoopback(address: string): boolean {
    return /^(0000000000000000FFFF0000)?0100007F:/.test(address);
}

function portOf(address: string): number {
    return parseInt(address.split(":")[1] ?? "", 16);
}
