/** The provider's configuration: the `holdfast:` keys of the stack, as the engine passes them on. */
import { userInfo, hostname } from "node:os";
import type { ConnectOptions } from "../host/connection";
import { connectOptionsOf } from "../host/connectOptions";
import { isRecord, type Decoded } from "./secrets";

export interface Configuration {
    readonly connect: ConnectOptions;
    /** Who is at work, for the node's lock: `user@workstation`. */
    readonly client: string;
    /** `USER@REALM!NAME=UUID`, of the Proxmox API. */
    readonly proxmoxToken?: string;
    /** `holdfast:fleet`, JSON text or an object: only a look needs it, so it is parsed on demand. */
    readonly fleet: unknown;
}

/** Nested values arrive as JSON text (tried); environment variables serve runs without a stack secret. */
export function parseConfiguration(given: Record<string, unknown>): Configuration {
    const { proxmoxToken: token } = given;
    return {
        connect: connectOptionsOf(given),
        client: `${userInfo().username}@${hostname()}`,
        proxmoxToken: typeof token === "string" && token !== "" ? token : undefined,
        fleet: given["fleet"],
    };
}

/**
 * The stack's config as it is now. The engine starts a plugin with it in PULUMI_CONFIG, as JSON with one text for each
 * key (pkg/host/host.go, Provider); in a refresh and an import, what Configure brings is that of the last `up`. It
 * holds decrypted secrets, so the programs that the plugin starts must not inherit it: it is taken out of
 * `environment`.
 */
export function takeStackConfig(environment: NodeJS.ProcessEnv): Record<string, unknown> {
    const { PULUMI_CONFIG: text } = environment;
    delete environment["PULUMI_CONFIG"];
    try {
        const given: unknown = JSON.parse(text ?? "{}");
        return isRecord(given) ? given : {};
    } catch {
        return {}; // of another program than the engine
    }
}

/**
 * `provider`: its name. A default provider is configured by the stack, one that a program makes by the program.
 * Without a fleet the stack's config says nothing (a command run outside the project), and the last `up`'s counts.
 */
export function currentConfig(
    given: Record<string, unknown>,
    stack: Record<string, unknown>,
    provider = "default",
): Record<string, unknown> {
    const isDefault = /^default(_|$)/.test(provider);
    return isDefault && stack["fleet"] !== undefined ? stack : given;
}

/**
 * Keys of `holdfast:` that hold no secret; of all others the stack's values, which come without their wrapping, count
 * as such.
 */
const OPEN_KEYS = new Set([
    "fleet",
    "policies",
    "connectTimeout",
    "allowUnknownHostKey",
    "version",
    "pluginDownloadURL",
]);

export function secretConfig(stack: Record<string, unknown>): Decoded<unknown> {
    return { value: stack, secrets: Object.keys(stack).flatMap((key) => (OPEN_KEYS.has(key) ? [] : [[key]])) };
}
