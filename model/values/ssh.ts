/**
 * What it takes to reach a machine by SSH, wherever it is written: in the stack, in a FileSet's arguments, on `holdfast
 * adopt`'s command line.
 */
import { familyOf } from "./address";
import { hostKeyTypes, isWholeHostKey } from "./hostKey";
import { text, wholeNumber } from "./value";

/** What ssh connects to. A leading hyphen would be an option to ssh. */
export const sshTarget = text(
    /^[A-Za-z0-9:][A-Za-z0-9._:-]{0,252}$/,
    "a name, an alias of ~/.ssh/config, or an address",
    { likely: likelyTarget, abort: true },
).superRefine((target, context) => {
    const message = targetProblem(target);
    if (message !== undefined) context.addIssue({ code: "custom", input: target, message: `expected ${message}` });
});

function likelyTarget(given: string): string | undefined {
    const [, inner = "", port] = /^\[([0-9A-Fa-f:.]+)\](?::(\d+))?$/.exec(given) ?? [];
    if (familyOf(inner) !== 6) return undefined;
    return `an address without brackets: write ${inner}${port === undefined ? "" : `, and port: ${port} beside it`}`;
}

function targetProblem(target: string): string | undefined {
    const [, host, port] = /^([^:]+):(\d+)$/.exec(target) ?? [];
    if (host !== undefined) return `a host alone: write ${host}, and port: ${port} beside it`;
    if (target.includes(":")) return familyOf(target) === 6 ? undefined : "a valid IPv6 address";
    if (/^\d+(?:\.\d+){3}$/.test(target))
        return familyOf(target) === 4
            ? undefined
            : "a valid IPv4 address, each number from 0 to 255 without leading zeros";
    return target.includes("..") ? "a name without an empty label: remove the extra dot" : undefined;
}

export const port = wholeNumber(1, 65_535, "a port");
export const user = text(/^[a-z_][a-z0-9_-]{0,31}$/, "a user name");

/** Known key types, then base64 that begins with that same type (RFC 4253, 6.6). */
export const hostKey = text(
    new RegExp(`^(?:${hostKeyTypes.join("|")}) [A-Za-z0-9+/]{40,}={0,2}$`),
    "key type and base64, as ssh-keyscan prints them after the host name (no comment at the end)",
    { likely: likelyHostKey, abort: true },
)
    .refine(holdsType, {
        error: "expected a whole host key: the base64 part does not hold the type before it",
        abort: true,
    })
    .refine(isWholeHostKey, {
        error: "expected a whole host key: the base64 part is cut short or damaged; copy what ssh-keyscan prints after the host name",
    });

function likelyHostKey(given: string): string | undefined {
    if (/^(?:SHA256|MD5):/.test(given))
        return "the key itself, as ssh-keyscan prints it after the host name, not its fingerprint";
    return /^(?:sk-|ssh-dss )/.test(given)
        ? `a host key of one of the types ${hostKeyTypes.join(", ")}: Holdfast's SSH client checks no other`
        : undefined;
}

function holdsType(key: string): boolean {
    const [type = "", encoded = ""] = key.split(" ");
    const blob = Buffer.from(encoded, "base64");
    return (
        blob.length > 4 + type.length &&
        blob.readUInt32BE(0) === type.length &&
        blob.toString("latin1", 4, 4 + type.length) === type
    );
}

/** A line of authorized_keys(5): options, then a key of a type that OpenSSH takes, then a comment. */
export const authorizedKey = text(
    /^(?:[a-z][a-z-]*(?:="[^"\p{Cc}]*")?(?:,[a-z][a-z-]*(?:="[^"\p{Cc}]*")?)* )?(?:ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(?:256|384|521)|sk-ssh-ed25519@openssh\.com|sk-ecdsa-sha2-nistp256@openssh\.com) AAAA[A-Za-z0-9+/]{36,}={0,2}(?: [^\p{Cc}]{1,200})?$/u,
    "a public key on one line, as in authorized_keys: ssh-ed25519 AAAA… ops@example.test",
    {
        likely: (given) => (given.includes("PRIVATE KEY") ? "the public half: this is a private key" : undefined),
        abort: true,
    },
).refine(holdsItsType, {
    error: "expected a whole public key: the base64 part is cut short, or of another type than stands before it",
});

function holdsItsType(line: string): boolean {
    const [, type = "", encoded = ""] = /(?:^| )((?:sk-)?(?:ssh|ecdsa)[^ "]*) (AAAA\S+)/.exec(line) ?? [];
    return type.startsWith("sk-") ? holdsType(`${type} ${encoded}`) : isWholeHostKey(`${type} ${encoded}`);
}

export interface Destination {
    readonly user?: string;
    readonly host: string;
    readonly port?: number;
}

/**
 * `[USER@]HOST[:PORT]` to its parts, none of them judged. An IPv6 address needs brackets only where a port follows.
 * `undefined` where it is none.
 */
export function parseDestination(text: string): Destination | undefined {
    const [, user, rest = ""] = /^(?:([^@]+)@)?(.*)$/.exec(text) ?? [];
    if (familyOf(rest) === 6) return { user, host: rest };
    const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d+))?$/.exec(rest) ?? [];
    const host = bracketed ?? plain;
    return host === undefined ? undefined : { user, host, port: port === undefined ? undefined : Number(port) };
}
