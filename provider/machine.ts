/**
 * Whether it is still the machine of the last look that answers under a node's name: never taken for granted, never
 * guessed.
 */
import type { HostArgs } from "../model/contract/fileSet";
import { RefusedError } from "./refused";
import type { FileSetState } from "./fileState";

/** `unknown`: a state of an earlier version does not say which one it was. */
export type Machine = "same" | "another" | "unknown";

/**
 * `host`: how it was reached now, as the stack says.
 * @throws RefusedError where another machine answers and nobody has said that there is one
 */
export function machineOf(
    last: Pick<FileSetState, "host" | "machine">,
    seen: { readonly machine?: string },
    host: HostArgs,
): Machine {
    if (last.machine === undefined || seen.machine === undefined) return "unknown";
    if (last.machine === seen.machine) return "same";
    if (host.hostKey !== undefined && host.hostKey !== last.host.hostKey) return "another";
    throw new RefusedError(
        `${host.name}: another machine answers than at the last look (its /etc/machine-id differs), though the stack's host key for it (ssh.hostKey) has not changed. Nothing was changed. Where it was reinstalled or replaced, pin its own key: compare on the console (ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub); a copy of another machine needs keys of its own first (rm /etc/ssh/ssh_host_*; ssh-keygen -A). Else find out who answers at ${host.address}`,
    );
}

/** Where the stack pins another key than the last `up` did: said before anybody has looked. */
export function mayBeAnother(last: Pick<FileSetState, "host" | "machine">, host: HostArgs): boolean {
    return last.machine !== undefined && host.hostKey !== undefined && host.hostKey !== last.host.hostKey;
}

export function firstPushOf(name: string): string {
    return `${name}: another machine than at the last look, under the host key that the stack pins now: reinstalled or replaced. It gets a first push; what stands there of its own is kept in /var/lib/holdfast/backups on it`;
}

/** In a preview, which has not looked. */
export function firstPushSoonOf(name: string): string {
    return `${name}: the stack pins another host key than at the last \`up\`. If another machine answers, it gets a first push: what stands there is replaced, and kept in /var/lib/holdfast/backups on it; \`pulumi preview --refresh --diff\` looks and shows it`;
}
