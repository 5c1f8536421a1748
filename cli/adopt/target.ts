/** `[USER@]HOST[:PORT]`, as ssh users write it. */
import { hostKey, parseDestination, port, sshTarget, user, type Destination } from "../../model/values/ssh";

export interface Target extends Destination {
    /** As it was typed. */
    readonly text: string;
}

/** @param defaultPort where the text names none @throws Error that says what was expected */
export function parseTarget(text: string, defaultPort?: number): Target {
    const parts = parseDestination(text);
    const target = { text, ...parts, host: parts?.host ?? "", port: parts?.port ?? defaultPort };
    const [issue] = [
        user.optional().safeParse(target.user),
        sshTarget.safeParse(target.host),
        port.optional().safeParse(target.port),
    ].flatMap(({ error }) => error?.issues ?? []);
    if (issue) throw new Error(`'${text}': ${issue.message}; write [USER@]HOST[:PORT], as in root@192.0.2.11`);
    return target;
}

/** `TYPE BASE64`; the comment of a .pub file is dropped. @throws Error that says how to get one */
export function parseHostKey(text: string): string {
    const parsed = hostKey.safeParse(text.trim().split(/\s+/, 2).join(" "));
    if (!parsed.success)
        throw new Error(
            `--host-key: ${parsed.error.issues[0]?.message ?? "expected a host key"}; on the host's console: cat /etc/ssh/ssh_host_ed25519_key.pub`,
        );
    return parsed.data;
}
