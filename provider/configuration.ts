/** The provider's configuration: the `holdfast:` keys of the stack, as the engine passes them on. */
import { userInfo, hostname } from "node:os";
import type { HostArgs } from "../model/contract/fileSet";
import type { Credentials } from "../host/credentials";

export interface Configuration {
    readonly credentials: Credentials;
    /** Accept a host key that is listed nowhere, once; a changed key is refused all the same. */
    readonly allowUnknownHostKey: boolean;
    /** Seconds to wait for a host that does not answer. */
    readonly connectTimeout: number;
    /** Who is at work, for the node's lock: `user@workstation`. */
    readonly client: string;
    /** `holdfast:fleet`, JSON text or an object: only an import needs it, so it is parsed on demand. */
    readonly fleet: unknown;
}

/** Nested values arrive as JSON text (tried); environment variables serve runs without a stack secret. */
export function parseConfiguration(given: Record<string, unknown>): Configuration {
    const text = (key: string) => (typeof given[key] === "string" && given[key] !== "" ? given[key] : undefined);
    const timeout = Number(given["connectTimeout"] ?? 15);
    if (!(timeout > 0 && timeout <= 600))
        throw new Error(
            `holdfast:connectTimeout: expected seconds between 1 and 600, got ${String(given["connectTimeout"])}`,
        );
    return {
        credentials: { privateKey: text("privateKey"), passphrase: text("privateKeyPassphrase") },
        allowUnknownHostKey: given["allowUnknownHostKey"] === true || given["allowUnknownHostKey"] === "true",
        connectTimeout: timeout,
        client: `${userInfo().username}@${hostname()}`,
        fleet: given["fleet"],
    };
}

/** The declared node, for an import, which starts from nothing but `NODE/CONCERN`. */
export async function declaredHost(
    configuration: Configuration,
    name: string,
): Promise<{ host: HostArgs; maintenance: boolean }> {
    const { formatFault, parseFleet } = await import("../components/fleet"); // an import is rare, and a no-op `up` should start fast
    const given: unknown =
        typeof configuration.fleet === "string" ? JSON.parse(configuration.fleet) : configuration.fleet;
    // The engine imports with the provider that stands in state, and with that one's config (import.go, registerProviders).
    const unknown = `${name}: the last \`up\` knew no such node, and an import goes by its config. Declare the node under holdfast:fleet.nodes, run \`pulumi up --target '**pulumi:providers:holdfast**'\` (it takes the config over and contacts nobody), then import`;
    if (given === undefined) throw new Error(unknown);
    const { fleet, faults } = parseFleet(given, () => "");
    if (!fleet) throw new Error(`${name}: the stack config has faults: ${faults.map(formatFault).join("; ")}`);
    const node = fleet.nodes.find(({ identity }) => identity.name === name);
    if (!node) throw new Error(unknown);
    return { host: node.host, maintenance: node.maintenance };
}
