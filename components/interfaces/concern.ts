/** /etc/network/interfaces. What everything else knows of it. */
import type { ConcernDefinition } from "../concern";
import { planNetworkInterfaces } from "./plan";
import { checkInterfaces, mergeInterfaces, resolveInterfaces, schema } from "./settings";

export const interfaces = {
    component: "NetworkInterfaces",
    setting: "interfaces",
    roles: ["node"],
    managed: "where declared",
    sendsMail: false,
    address: "gives",
    risk: "boot or network",
    files: { "/etc/network/interfaces": {} },
    schema,
    merge: mergeInterfaces,
    check: checkInterfaces,
    resolve: resolveInterfaces,
    plan: planNetworkInterfaces,
} as const satisfies ConcernDefinition;
