/** Yesterday's errors. What everything else knows of it. */
import type { ConcernDefinition } from "../concern";
import { planLogDigest } from "./plan";
import { resolveLogDigest, schema } from "./settings";

export const logDigest = {
    component: "LogDigest",
    setting: "logDigest",
    roles: ["node"],
    // A node may well have a digest of its own.
    managed: "where declared",
    sendsMail: true,
    risk: "none",
    files: {
        "/etc/systemd/system/holdfast-log-digest.service": {},
        "/etc/systemd/system/holdfast-log-digest.timer": {},
        "/usr/local/lib/holdfast/log-digest": {},
    },
    schema,
    resolve: resolveLogDigest,
    plan: planLogDigest,
} as const satisfies ConcernDefinition;
