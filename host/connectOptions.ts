/** How the nodes are reached, as the keys of `holdfast:` say. */
import type { ConnectOptions } from "./connection";

/** Seconds to wait for a host that does not answer. */
const PATIENCE = 15;

/**
 * @param given by key; from the engine and from `pulumi config` all of it is text
 * @throws Error where a value is none
 */
export function connectOptionsOf(given: Readonly<Record<string, unknown>>): ConnectOptions {
    const text = (key: string) => (typeof given[key] === "string" && given[key] !== "" ? given[key] : undefined);
    const timeout = Number(given["connectTimeout"] ?? PATIENCE);
    if (!(timeout > 0 && timeout <= 600))
        throw new Error(
            `holdfast:connectTimeout: expected seconds between 1 and 600, got ${String(given["connectTimeout"])}`,
        );
    return {
        credentials: { privateKey: text("privateKey"), passphrase: text("privateKeyPassphrase") },
        allowUnknownHostKey: given["allowUnknownHostKey"] === true || given["allowUnknownHostKey"] === "true",
        timeout,
    };
}
