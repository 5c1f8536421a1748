/** `logDigest`: when the mail with yesterday's errors comes. */
import type { NodeConfig } from "../fleet/schema";
import { settingsOf } from "../fleet/given";

export interface LogDigestSettings {
    /** `06:30`, the node's own time. */
    readonly time: string;
}

export function resolveLogDigest(given: NodeConfig["logDigest"]): LogDigestSettings | undefined {
    const settings = settingsOf("log-digest", given);
    return settings && { time: settings.time ?? "06:30" };
}
