/** Root's keys that work without pmxcfs. What everything else knows of it. */
import type { ConcernDefinition, ResolveContext } from "../concern";
import { planRescueAccess } from "./plan";
import { nodesWithoutKeys, resolveRescueAccess } from "./settings";

export const rescueAccess = {
    component: "RescueAccess",
    setting: "rescueKeys",
    roles: ["node"],
    managed: "where declared",
    sendsMail: false,
    risk: "none",
    files: { "/root/.ssh/authorized_keys2": {} },
    declared: ({ ssh }: ResolveContext) => ssh.rescueKeys,
    resolve: resolveRescueAccess,
    lacking: nodesWithoutKeys,
    plan: planRescueAccess,
} as const satisfies ConcernDefinition;
